import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempProject } from "../testing/temp-project.js";
import { stampedStep } from "./stamped-step.js";

/** A step that builds out/copy from in/. @param {string} root @param {string} [script] */
function copying(root, script = 'fs.mkdirSync("out", { recursive: true }); fs.writeFileSync("out/copy", "made")') {
  return stampedStep({
    root,
    name: "copying",
    progress: "copying",
    inputs: ["in", "settings.yaml"],
    outputs: ["out"],
    commands: () => [{ command: process.execPath, args: ["-e", script] }],
  });
}

async function madeProject() {
  const project = tempProject({ "in/a": "one", "in/deep/b": "two", "settings.yaml": "x: 1" });
  await copying(project.root).run();
  return project;
}

test("a step is stale until it has run", async () => {
  using project = tempProject({ "in/a": "one" });
  const step = copying(project.root);
  expect(step.isStale()).toBe(true);
  await step.run();
  expect(step.isStale()).toBe(false);
});

test("a step is fresh after an edit is undone", async () => {
  using project = await madeProject();
  project.write("in/deep/b", "three");
  expect(copying(project.root).isStale()).toBe(true);
  project.write("in/deep/b", "two");
  expect(copying(project.root).isStale()).toBe(false);
});

test.each(["in/new", "settings.yaml"])("a step is stale after %s is written", async (path) => {
  using project = await madeProject();
  project.write(path, "changed");
  expect(copying(project.root).isStale()).toBe(true);
});

test("a step is stale after an input is moved", async () => {
  using project = await madeProject();
  rmSync(join(project.root, "in/deep"), { recursive: true });
  project.write("in/b", "two");
  expect(copying(project.root).isStale()).toBe(true);
});

test.each(["out", "out/copy", "node_modules"])("a step is stale after %s is deleted", async (path) => {
  using project = await madeProject();
  rmSync(join(project.root, path), { recursive: true });
  expect(copying(project.root).isStale()).toBe(true);
});

test("a test among the inputs does not make a step stale", async () => {
  using project = await madeProject();
  project.write("in/a.test.ts", "test");
  expect(copying(project.root).isStale()).toBe(false);
});

test("the error of a failed step has the command and its output, and the step stays stale", async () => {
  using project = await madeProject();
  project.write("in/a", "changed");
  const step = copying(project.root, 'console.error("no disk"); process.exit(3)');
  await expect(step.run()).rejects.toThrow(/failed with exit code 3:\nno disk$/);
  expect(step.isStale()).toBe(true);
});

test("an edit of an input during the run leaves the step stale", async () => {
  using project = await madeProject();
  const step = copying(project.root, 'fs.writeFileSync("in/a", "edited meanwhile")');
  await step.run();
  expect(step.isStale()).toBe(true);
});
