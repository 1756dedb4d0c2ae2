import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { tempProject } from "../testing/temp-project.js";
import { npmCommand } from "./npm-command.js";

const files = {
  "app/node_modules/.bin/node": "",
  "app/node_modules/node/bin/node": "",
  "system/bin/node": "",
  "system/bin/npm": "",
  "system/lib/npm-cli.js": "",
};

test("npm runs on the Node that runs npm", () => {
  using project = tempProject(files);
  const system = join(project.root, "system");
  const inside = join(project.root, "app/node_modules/.bin");
  const env = {
    PATH: [inside, "/usr/bin"].join(delimiter),
    npm_execpath: `${system}/lib/npm-cli.js`,
    npm_node_execpath: `${system}/bin/node`,
  };
  const found = npmCommand(join(project.root, "app"), ["ci"], env, `${inside}/node`);
  expect([found.command, found.args]).toEqual([`${system}/bin/node`, [`${system}/lib/npm-cli.js`, "ci"]]);
  expect(found.env.PATH).toBe([`${system}/bin`, "/usr/bin"].join(delimiter));
});

test("without npm's own variables, Node and npm are searched on PATH", () => {
  using project = tempProject(files);
  const inside = join(project.root, "app/node_modules/node/bin");
  const outside = join(project.root, "system/bin");
  const env = { PATH: [inside, outside].join(delimiter) };
  const found = npmCommand(join(project.root, "app"), ["ci"], env, `${inside}/node`);
  expect([found.command, found.args, found.env.PATH]).toEqual(["npm", ["ci"], [outside, outside].join(delimiter)]);
});

test("an error reports that the only Node is the one that npm deletes", () => {
  using project = tempProject(files);
  const inside = join(project.root, "app/node_modules/.bin");
  const find = () => npmCommand(join(project.root, "app"), ["ci"], { PATH: inside }, join(inside, "node"));
  expect(find).toThrow("no Node outside node_modules is on PATH");
});

test("an error reports that npm is missing", () => {
  using project = tempProject({ "system/bin/node": "" });
  const outside = join(project.root, "system/bin");
  const find = () => npmCommand(join(project.root, "app"), ["ci"], { PATH: outside }, join(outside, "node"));
  expect(find).toThrow("npm is not on PATH");
});
