import { afterAll, beforeAll, expect, test } from "vitest";
import { ShellCommand } from "../readme/shell-command.ts";
import { Consumer } from "./consumer.ts";
import { freePort } from "./free-port.ts";

const hourMs = 3_600_000;
let port: number;
let consumer: Consumer;

beforeAll(async () => {
  port = await freePort();
  consumer = await Consumer.install({
    build: "build:transport",
    folder: "./dist/packages/transport",
    readme: { path: "server/transport/README.md", port: String(port) },
    peers: ["@connectrpc/connect", "@connectrpc/connect-node", "@bufbuild/protobuf", "@types/node"],
  });
});

afterAll(async () => {
  await consumer?.[Symbol.asyncDispose]();
});

test("the package contains the built files, without sources and tests", () => {
  const others = consumer.packed.filter((path) => !/^(server\/transport|gen)\/.*(\.js|\.d\.ts)$/.test(path));
  expect(others.toSorted()).toEqual(["LICENSE", "README.md", "package.json"]);
  expect(consumer.packed.filter((path) => path.includes(".test."))).toEqual([]);
});

test("publint and arethetypeswrong find no problem", async () => {
  expect(await consumer.lintPackage()).toBe("");
});

test("the files of the package's README pass the type check", async () => {
  expect(await consumer.checkTypes()).toBe("");
});

test("the service runs on Connect's adapter", async () => {
  await using server = consumer.node("before.ts");
  await server.prints(/listening/);
  expect(await watch()).toBe("header utc, tai\ntick\ntick\ntrailer 2\n");
});

test.each(["after.ts", "server.ts"])("%s sends headers before the first message, and trailers", async (file) => {
  await using server = consumer.node(file);
  await server.prints(/listening/);
  expect(await watch()).toBe("header utc, tai\ntick\ntick\ntrailer 2\n");
  await using quiet = consumer.node("watch.ts", hourMs, 1);
  await quiet.prints(/^header utc, tai\n$/);
});

test("server.ts serves health and reflection, and shuts down gracefully", async () => {
  await using server = consumer.node("server.ts");
  await server.prints(/listening/);
  await using check = grpc(`-d '{}' http://127.0.0.1:${port}/grpc.health.v1.Health/Check`);
  await check.prints(/"status":\s*"SERVING"/);
  await using list = grpc(`--list-services http://127.0.0.1:${port}`);
  await list.prints(/^clock\.v1\.ClockService$/m);
  await using quiet = consumer.node("watch.ts", hourMs, 1);
  await quiet.prints(/header/);
  expect(await server.end()).toBe(0);
  await quiet.prints(/\[unavailable\]/);
});

/** The output of the client in the README, without times. */
async function watch(): Promise<string> {
  await using client = consumer.node("watch.ts", 1, 2);
  const [printed] = await client.prints(/^.*trailer \d+\n/s);
  return printed.replace(/^tick \d+n$/gm, "tick");
}

function grpc(rest: string): ShellCommand {
  return new ShellCommand(`exec node_modules/.bin/buf curl --protocol grpc --http2-prior-knowledge ${rest}`);
}
