import { expect, test } from "vitest";
import { packageManifest } from "./package-manifest.js";

const project = {
  name: "bourse",
  version: "1.2.3",
  license: "Apache-2.0",
  exports: {
    "./transport": { default: "./dist/server/transport/entry.js" },
    "./client/quote": { types: "./dist/client/quote/entry.d.ts", default: "./dist/client/quote/entry.js" },
    "./client/order": { types: "./dist/client/order/entry.d.ts", default: "./dist/client/order/entry.js" },
  },
  dependencies: { "@connectrpc/connect": "2.0.0", kysely: "0.1.0", send: "1.0.0" },
};
const transport = { subpath: "./transport", description: "the transport" };
const client = { subpath: "./client/", description: "the client" };

test("the package has the dependencies that its files import; those that users call too are peers", () => {
  const sources = [
    'import { Code,\n  ConnectError } from "@connectrpc/connect/protocol";\nimport { readFileSync } from "node:fs";',
    'import send from "send";\nexport { other } from "./other.js";',
  ];
  expect(packageManifest(project, transport, sources)).toMatchObject({
    name: "bourse",
    version: "1.2.3",
    description: "the transport",
    exports: { "./transport": { default: "./server/transport/entry.js" } },
    dependencies: { send: "1.0.0" },
    peerDependencies: { "@connectrpc/connect": "^2.0.0" },
  });
});

test("the package has the exports of its part only", () => {
  expect(packageManifest(project, client, []).exports).toEqual({
    "./client/quote": { types: "./client/quote/entry.d.ts", default: "./client/quote/entry.js" },
    "./client/order": { types: "./client/order/entry.d.ts", default: "./client/order/entry.js" },
  });
});

test("an import of a package that the project does not depend on is an error that names the package", () => {
  expect(() => packageManifest(project, transport, ['export { x } from "left-pad";'])).toThrow("left-pad");
});
