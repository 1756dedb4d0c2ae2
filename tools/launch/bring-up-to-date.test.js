import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempProject } from "../testing/temp-project.js";
import { bringUpToDate, stepNames } from "./bring-up-to-date.js";

/** Steps that count how often they ran. @param {string[]} stale the names of those that are stale at first */
function countingSteps(stale) {
  /** @type {string[]} */
  const ran = [];
  const left = new Set(stale);
  /** @param {string} name */
  const step = (name) => () => ({
    doing: `making ${name}`,
    isStale: () => left.has(name),
    run: async () => {
      ran.push(name);
      left.delete(name);
    },
  });
  return { ran, steps: { first: step("first"), second: step("second"), third: step("third") } };
}

test("nothing is run, said or locked where nothing is stale", async () => {
  using project = tempProject();
  const { ran, steps } = countingSteps([]);
  /** @type {string[]} */
  const said = [];
  await bringUpToDate(project.root, ["first", "second"], (text) => said.push(text), steps);
  expect([ran, said]).toEqual([[], []]);
  expect(existsSync(join(project.root, "dist"))).toBe(false);
});

test("stale steps run in their own order, each with a line that says how long it took", async () => {
  using project = tempProject();
  const { ran, steps } = countingSteps(["first", "third"]);
  let said = "";
  await bringUpToDate(project.root, ["third", "second", "first"], (text) => (said += text), steps);
  expect(ran).toEqual(["first", "third"]);
  expect(said).toMatch(/^bourse: making first … \d+\.\d s\nbourse: making third … \d+\.\d s\n$/);
});

test("a stale step that was not asked for is left alone", async () => {
  using project = tempProject();
  const { ran, steps } = countingSteps(["third"]);
  await bringUpToDate(project.root, ["first", "second"], () => {}, steps);
  expect(ran).toEqual([]);
});

test("a failure reaches the caller and releases the lock", async () => {
  using project = tempProject();
  const broken = () => ({ doing: "breaking", isStale: () => true, run: () => Promise.reject(new Error("broken")) });
  await expect(bringUpToDate(project.root, ["broken"], () => {}, { broken })).rejects.toThrow("broken");
  expect(existsSync(join(project.root, "dist/launcher.lock"))).toBe(false);
});

test("an unknown step is refused with the names of those that exist", () => {
  expect(() => stepNames("modules,dashbord")).toThrow(
    'there is no step "dashbord": choose among modules, generated, dashboard',
  );
});
