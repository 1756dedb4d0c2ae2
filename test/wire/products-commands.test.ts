import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { type App, createApp } from "../../server/app.ts";
import { readConfig } from "../../server/config/config.ts";
import { startCommand } from "../start-command.ts";

vi.setConfig({ testTimeout: 30_000 }); // each test starts a process

let app: App;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bourse-products-"));
  const settings = { port: "0", data: join(folder, "data"), demo: "false", "simulated-instruments": "1" };
  app = await createApp(readConfig(settings, {}), pino({ level: "silent" }));
  const client = createClient(ProductService, createGrpcTransport({ baseUrl: app.url }));
  await client.createProduct({ product: { name: "Lamp\x1b]0;title\x07\x9b2J" } });
});
afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["list", []],
  ["search", ["lamp"]],
])("products %s escapes control characters in names", async (command, args) => {
  const { stdout, exitCode } = await startCommand(["products", command, ...args, "--address", app.url]).done;
  expect(exitCode).toBe(0);
  expect(stdout).toContain("Lamp\\u001b]0;title\\u0007\\u009b2J\n");
});
