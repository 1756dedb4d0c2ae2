import { expect, test } from "vitest";
import { transportManifest } from "./transport-manifest.js";

const project = {
  name: "bourse",
  version: "1.2.3",
  license: "Apache-2.0",
  exports: { "./transport": { default: "./dist/transport/entry.js" } },
  dependencies: { "@connectrpc/connect": "2.0.0", kysely: "0.1.0", send: "1.0.0" },
};

test("the package has the dependencies that its files import; those that users call too are peers", () => {
  const sources = [
    'import { Code,\n  ConnectError } from "@connectrpc/connect/protocol";\nimport { readFileSync } from "node:fs";',
    'import send from "send";\nexport { other } from "./other.js";',
  ];
  expect(transportManifest(project, sources)).toMatchObject({
    name: "bourse",
    version: "1.2.3",
    exports: { "./transport": { default: "./entry.js" } },
    dependencies: { send: "1.0.0" },
    peerDependencies: { "@connectrpc/connect": "^2.0.0" },
  });
});

test("an import of a package that the project does not depend on is an error that names the package", () => {
  expect(() => transportManifest(project, ['export { x } from "left-pad";'])).toThrow("left-pad");
});
