import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempProject } from "../testing/temp-project.js";
import { bringUpToDate, stepNames } from "./bring-up-to-date.js";

/** Steps that record their runs. @param {string[]} stale the names of the steps that are stale at first */
function countingSteps(stale) {
  /** @type {string[]} */
  const ran = [];
  const left = new Set(stale);
  /** @param {string} name */
  const step = (name) => () => ({
    progress: `making ${name}`,
    isStale: () => left.has(name),
    run: async () => {
      ran.push(name);
      left.delete(name);
    },
  });
  return { ran, steps: { first: step("first"), second: step("second"), third: step("third") } };
}

test("fresh steps cause no run, no output and no lock", async () => {
  using project = tempProject();
  const { ran, steps } = countingSteps([]);
  /** @type {string[]} */
  const printed = [];
  await bringUpToDate(project.root, ["first", "second"], (text) => printed.push(text), steps);
  expect([ran, printed]).toEqual([[], []]);
  expect(existsSync(join(project.root, "dist"))).toBe(false);
});

test("stale steps run in the order of all steps, and print their durations", async () => {
  using project = tempProject();
  const { ran, steps } = countingSteps(["first", "third"]);
  let printed = "";
  await bringUpToDate(project.root, ["third", "second", "first"], (text) => (printed += text), steps);
  expect(ran).toEqual(["first", "third"]);
  expect(printed).toMatch(/^bourse: making first … \d+\.\d s\nbourse: making third … \d+\.\d s\n$/);
});

test("a stale step that is not named does not run", async () => {
  using project = tempProject();
  const { ran, steps } = countingSteps(["third"]);
  await bringUpToDate(project.root, ["first", "second"], () => {}, steps);
  expect(ran).toEqual([]);
});

test("a failure reaches the caller and releases the lock", async () => {
  using project = tempProject();
  const broken = () => ({ progress: "breaking", isStale: () => true, run: () => Promise.reject(new Error("broken")) });
  await expect(bringUpToDate(project.root, ["broken"], () => {}, { broken })).rejects.toThrow("broken");
  expect(existsSync(join(project.root, "dist/launcher.lock"))).toBe(false);
});

test("an unknown step is refused with the names of the known steps", () => {
  expect(() => stepNames("modules,dashbord@serve", "serve")).toThrow('unknown step "dashbord"');
  expect(() => stepNames("modules,dashbord")).toThrow('unknown step "dashbord"; use modules, generated, dashboard');
});

test("a step can be limited to a command", () => {
  expect(stepNames("modules,dashboard@serve", "serve")).toEqual(["modules", "dashboard"]);
  expect(stepNames("modules,dashboard@serve", "watch")).toEqual(["modules"]);
  expect(stepNames("modules,dashboard@serve")).toEqual(["modules"]);
});
