import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { engineFlags } from "./engine-flags.js";
import { tempProject } from "./temp-project.js";

const launcher = fileURLToPath(new URL("launch.cjs", import.meta.url));

test("flags of the engine that the launcher is started with are those of the file that it runs", () => {
  using project = tempProject({ "flags.js": "console.log(process.execArgv.join())" });
  const args = [...engineFlags, launcher, "modules", `${project.root}/flags.js`];
  expect(execFileSync(process.execPath, args, { encoding: "utf8" }).trim()).toBe(engineFlags.join());
});

test("npm start has flags of the engine", () => {
  expect(engineFlags).not.toEqual([]);
  expect(manifest.scripts.start).toContain(`node ${engineFlags.join(" ")} tools/launch.cjs`);
});
