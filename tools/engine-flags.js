import { readFileSync } from "node:fs";

const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/**
 * What `npm start` tells Node's engine, for whoever starts the server in another way.
 *
 * @type {readonly string[]}
 */
export const engineFlags = /node ((?:--\S+ )*)tools\/launch\.cjs/.exec(scripts.start)?.[1]?.trim().split(" ") ?? [];
