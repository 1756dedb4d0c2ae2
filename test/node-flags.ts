import { readFileSync } from "node:fs";

const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  scripts: { start: string };
};

/** The Node flags (V8 options) of `npm start`, for programs that start the server without npm. */
export const npmStartNodeFlags: readonly string[] =
  /node ((?:--\S+ )*)tools\/launch\.cjs/.exec(scripts.start)?.[1]?.trim().split(" ") ?? [];
