import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ShellCommand } from "../readme/shell-command.ts";
import { Consumer } from "./consumer.ts";

const hourMs = 3_600_000;

describe.each([
  { name: "the whole project's package", folder: "." },
  { name: "the transport's own package", folder: "./dist/transport" },
])("$name, installed elsewhere", ({ folder }) => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = await Consumer.install(folder);
  });

  afterAll(async () => {
    await consumer?.[Symbol.asyncDispose]();
  });

  test("the package contains the built files, without sources and tests", () => {
    const others = consumer.packed.filter((path) => !/^(dist\/transport\/)?(server|gen)\/.*(\.js|\.d\.ts)$/.test(path));
    const inFolder = ["LICENSE", "README.md"].map((path) => `dist/transport/${path}`);
    const expected = ["LICENSE", "README.md", "package.json", ...(folder === "." ? inFolder : [])];
    expect(others.toSorted()).toEqual(expected.toSorted());
    expect(consumer.packed.filter((path) => path.includes(".test."))).toEqual([]);
  });

  test("the files of the package's README pass the type check", async () => {
    expect(await consumer.checkTypes()).toBe("");
  });

  test("the service runs on Connect's adapter", async () => {
    await using server = consumer.node("before.ts");
    await server.prints(/listening/);
    expect(await watch(consumer)).toBe("header utc, tai\ntick\ntick\ntrailer 2\n");
  });

  test.each(["after.ts", "server.ts"])("%s sends headers before the first message, and trailers", async (file) => {
    await using server = consumer.node(file);
    await server.prints(/listening/);
    expect(await watch(consumer)).toBe("header utc, tai\ntick\ntick\ntrailer 2\n");
    await using quiet = consumer.node("watch.ts", hourMs, 1);
    await quiet.prints(/^header utc, tai\n$/);
  });

  test("server.ts serves health and reflection, and shuts down gracefully", async () => {
    await using server = consumer.node("server.ts");
    await server.prints(/listening/);
    await using check = grpc(`-d '{}' http://${consumer.address}/grpc.health.v1.Health/Check`);
    await check.prints(/"status":\s*"SERVING"/);
    await using list = grpc(`--list-services http://${consumer.address}`);
    await list.prints(/^clock\.v1\.ClockService$/m);
    await using quiet = consumer.node("watch.ts", hourMs, 1);
    await quiet.prints(/header/);
    expect(await server.end()).toBe(0);
    await quiet.prints(/\[unavailable\]/);
  });
});

/** The output of the client in the README, without times. */
async function watch(consumer: Consumer): Promise<string> {
  await using client = consumer.node("watch.ts", 1, 2);
  const [printed] = await client.prints(/^.*trailer \d+\n/s);
  return printed.replace(/^tick \d+n$/gm, "tick");
}

function grpc(rest: string): ShellCommand {
  return new ShellCommand(`exec node_modules/.bin/buf curl --protocol grpc --http2-prior-knowledge ${rest}`);
}
