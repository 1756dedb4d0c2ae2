import { expect, test } from "vitest";
import { importViolations } from "./import-violations.js";
import { readSourceFiles } from "./source-files.js";

/** A project without violations. */
const project = new Map([
  [
    "package.json",
    JSON.stringify({
      scripts: { start: "node server/main.ts", print: "node scripts/print.ts", bourse: "node cli/main.ts" },
      exports: { "./client/node": { default: "./dist/client/node/read-file.js" } },
    }),
  ],
  ["server/main.ts", 'import "./serve.ts";'],
  ["server/serve.ts", 'import "./app.ts";\nimport "./version.ts";'],
  ["server/version.ts", ""],
  [
    "server/app.ts",
    'import "./routes.ts";\nimport "./order/store/sqlite-order-store.ts";\nimport "./storage/sqlite/database.ts";',
  ],
  ["server/routes.ts", 'import "./order/order-service.ts";\nimport "./transport/port.ts";'],
  ["server/order/order-service.ts", 'import "./order.ts";'],
  ["server/order/order.ts", 'import "../shared/mutex.ts";'],
  ["server/order/order.test.ts", 'import "./testing/any-order.ts";'],
  ["server/order/testing/any-order.ts", ""],
  ["server/order/store/sqlite-order-store.ts", ""],
  ["server/shared/mutex.ts", ""],
  ["server/storage/sqlite/database.ts", ""],
  ["server/transport/port.ts", 'import "node:net";'],
  ["scripts/print.ts", 'import "../client/call.ts";'],
  ["cli/main.ts", 'import "../server/version.ts";\nimport "./server/serve-command.ts";\nimport "./watch.ts";'],
  ["cli/server/serve-command.ts", 'import "../../server/serve.ts";'],
  ["cli/watch.ts", 'import "../client/call.ts";'],
  ["client/call.ts", ""],
  ["client/node/read-file.ts", 'import "node:fs";\nimport "../call.ts";'],
  ["web/index.html", '<script type="module" src="/src/main.tsx"></script>'],
  ["web/src/main.tsx", 'import "../../client/call.ts";'],
]);

/** The violations of the project with more files, or with other contents of files. @param {Record<string, string>} files */
function added(files) {
  return importViolations(new Map([...project, ...Object.entries(files)]));
}

/** A new family, which no rule names. @param {string} service the text of its service */
function newFamily(service) {
  return {
    "server/auction/auction-service.ts": service,
    "server/routes.ts": `import "./auction/auction-service.ts";\n${project.get("server/routes.ts")}`,
  };
}

test("a new family of this project that imports another family is refused", () => {
  const files = readSourceFiles(".");
  const before = importViolations(files);
  const routes = "server/routes.ts";
  files.set(routes, `${files.get(routes)}\nimport "./auction/auction-service.ts";`);
  files.set("server/auction/auction-service.ts", 'import type {} from "../order/order-criteria.ts";');
  expect(importViolations(files).filter((violation) => !before.includes(violation))).toEqual([
    'server/auction/auction-service.ts:1 imports "../order/order-criteria.ts": a family imports no other family; ' +
      "declare an interface in the importing family and fill it in server/app.ts",
  ]);
}, 60_000);

test("a new family is accepted", () => {
  expect(added(newFamily('import { Code } from "@connectrpc/connect";'))).toEqual([]);
});

test("a new family that imports another family is refused, with file, import, rule and advice", () => {
  const body = 'import { Code } from "@connectrpc/connect";\nimport type { Page } from "../order/order.ts";';
  expect(added(newFamily(body))).toEqual([
    'server/auction/auction-service.ts:2 imports "../order/order.ts": a family imports no other family; ' +
      "declare an interface in the importing family and fill it in server/app.ts",
  ]);
});

test("a family that imports a new family is refused", () => {
  const files = newFamily("export const open = 1;");
  const importer = "server/order/order.ts";
  const text = `import { open } from "../auction/auction.ts";\n${project.get(importer)}`;
  expect(added({ ...files, "server/auction/auction.ts": "", [importer]: text })).toEqual([
    `${importer}:1 imports "../auction/auction.ts": a family imports no other family; ` +
      "declare an interface in the importing family and fill it in server/app.ts",
  ]);
});

test("a family made of others imports them", () => {
  const files = {
    "server/ops/ops-service.ts": 'import "../order/order.ts";',
    "server/routes.ts": `import "./ops/ops-service.ts";\n${project.get("server/routes.ts")}`,
  };
  expect(added(files)).toEqual([]);
});

test.each([
  ["server/transport/port.ts", "../order/order.ts", "server/transport imports only itself"],
  ["server/transport/port.ts", "../shared/mutex.ts", "server/transport imports only itself"],
  ["server/transport/port.ts", "../../gen/bourse/order/v1/order_pb.ts", "server/transport imports only itself"],
  ["server/storage/sqlite/database.ts", "../../order/order.ts", "server/storage, server/shared and server/logging"],
  ["server/order/order.ts", "./store/sqlite-order-store.ts", "only server/app.ts and a family's open-*.ts"],
  ["server/order/order.ts", "../app.ts", "dependencies run main, serve, app, routes"],
  ["server/app.ts", "./serve.ts", "dependencies run main, serve, app, routes"],
  ["server/order/order.ts", "./order-service.ts", "dependencies run main, serve, app, routes"],
  ["server/order/order.ts", "./testing/any-order.ts", "production code imports no test code"],
  ["client/call.ts", "node:timers", "client/ imports neither"],
  ["client/call.ts", "./node/read-file.ts", "client/ imports neither"],
  ["client/node/read-file.ts", "../../server/shared/mutex.ts", "client/ imports neither"],
  ["web/src/main.tsx", "../../client/node/read-file.ts", "web/ imports client/ and gen/"],
  ["web/src/main.tsx", "../../server/shared/mutex.ts", "web/ imports client/ and gen/"],
  ["cli/watch.ts", "../server/shared/mutex.ts", "cli/ imports client/, gen/ and the version"],
  ["cli/server/serve-command.ts", "../../web/src/main.tsx", "cli/ imports client/, gen/ and the version"],
  ["server/order/order.ts", "../../cli/watch.ts", "server/ and scripts/ do not import cli/"],
  ["scripts/print.ts", "../server/shared/mutex.ts", "scripts/ imports client/ and gen/ only"],
])("%s may not import %s", (path, specifier, rule) => {
  const text = `import type {} from "${specifier}";\n${project.get(path)}`;
  const violations = added({ [path]: text }).filter((violation) => violation.startsWith(`${path}:1 `));
  expect(violations).toEqual([expect.stringContaining(`imports "${specifier}": ${rule}`)]);
});

test("a re-export, a dynamic import and a thread count as imports", () => {
  const importer = "server/order/order.ts";
  const text = [
    'export { a } from "../quote/a.ts";',
    'await import("../quote/b.ts");',
    'new Worker(new URL("../quote/c.ts", import.meta.url));',
    "",
  ].join("\n");
  const violations = added({ [importer]: text + project.get(importer) });
  for (const line of [1, 2, 3])
    expect(violations).toContainEqual(expect.stringContaining(`${importer}:${line} imports`));
});

test("the open-*.ts of a family imports implementations of the same family only", () => {
  const open = 'import "./sqlite-auction-store.ts";\nimport "../order/store/sqlite-order-store.ts";';
  const files = {
    ...newFamily(""),
    "server/auction/sqlite-auction-store.ts": "",
    "server/auction/open-auction-family.ts": open,
    "server/auction/auction-service.ts": 'import "./open-auction-family.ts";',
  };
  expect(added(files)).toEqual([
    expect.stringContaining("server/auction/open-auction-family.ts:2 imports"),
    expect.stringContaining("server/auction/open-auction-family.ts:2 imports"),
  ]);
});

test("only node-handler.ts imports Connect's universal functions", () => {
  const files = newFamily('import { universalServerRequestToFetch } from "@connectrpc/connect/protocol";');
  expect(added(files)).toEqual([expect.stringContaining("universal functions")]);
});

test("a cycle of type-only imports is refused", () => {
  const files = {
    ...newFamily('import "./bid.ts";'),
    "server/auction/bid.ts": 'import type { Lot } from "./lot.ts";\nexport type Bid = Lot;',
    "server/auction/lot.ts": 'import type { Bid } from "./bid.ts";\nexport type Lot = Bid;',
  };
  expect(added(files)).toEqual([
    "server/auction/bid.ts -> server/auction/lot.ts -> server/auction/bid.ts: files import one another in a circle, " +
      "types included; move what they share into a separate file",
  ]);
});

test("a file that only tests reach is refused, until it is in testing/", () => {
  const test = 'import "./fake-bidder.ts";';
  const files = { ...newFamily(""), "server/auction/auction.test.ts": test, "server/auction/fake-bidder.ts": "" };
  expect(added(files)).toEqual([
    "server/auction/fake-bidder.ts: no program reaches this file; delete it, or move it into testing/ if tests need it",
  ]);
});

test("the error for a file that cannot be parsed names it", () => {
  expect(() => importViolations(new Map([["server/a.ts", "import {"]]))).toThrow("server/a.ts cannot be parsed");
});
