import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { npmStartNodeFlags } from "../../test/node-flags.ts";
import { tempProject } from "../testing/temp-project.js";

const launcher = fileURLToPath(new URL("../launch.cjs", import.meta.url));

test("the launcher passes its Node flags on to the file that it runs", () => {
  using project = tempProject({ "flags.js": "console.log(process.execArgv.join())" });
  const args = [...npmStartNodeFlags, launcher, "modules", `${project.root}/flags.js`];
  expect(execFileSync(process.execPath, args, { encoding: "utf8" }).trim()).toBe(npmStartNodeFlags.join());
});

test("npm start has Node flags", () => {
  expect(npmStartNodeFlags).not.toEqual([]);
  expect(manifest.scripts.start).toContain(`node ${npmStartNodeFlags.join(" ")} tools/launch.cjs`);
});
