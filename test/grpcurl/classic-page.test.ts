import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { generateGoMessages, goBuild } from "../interop/toolchains.ts";
import { fencedBlocks } from "../readme/document-blocks.ts";
import { ShellCommand } from "../readme/shell-command.ts";
import { type StartedServer, startServer } from "../readme/started-server.ts";

// Executes docs/guides/classic.md: every command, with reflection and with the proto files, and all Go code.

const page = readFileSync("docs/guides/classic.md", "utf8");

const commands = fencedBlocks(page, "sh").flatMap((block) => block.split("\n"));

/** The output of each command, in order, with its method. */
const outputs: readonly (readonly [method: string, output: RegExp])[] = [
  [
    "services.ProductInfo/getProducts",
    /token: hello\n.*"id": 1,\s+"name": "Kestrel.*"id": 2,.*Response trailers received:\nend1: end1\nend2: end2\n/s,
  ],
  ["proto.StreamServer/Route", /"code": 200,\s+"value": "ping"/],
  ["proto.StreamServer/ListValue", /"value 0".*"value 1".*"value 2".*"value 3".*"value 4"/s],
  ["proto.StreamServer/ListValue", /"streamValue": "ACME bid [\d.]+ ask [\d.]+ last [\d.]+ at 20\S+Z"/],
  ["proto.StreamService/OrderList", /"id": 1,\s+"orderSn": "\d+",\s+"date": "\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"/],
  ["proto.StreamService/UploadFile", /^\{\s*\}$/m],
  ["proto.StreamService/SumData", /\{\s*\}\s+\{\s+"number": 1\s+\}\s+\{\s+"number": 2\s+\}/],
  ["helloworld.ServerStreamServer/ServerStream", /(\{\s+"data": "hi"\s+\}\s+){5}/],
  ["helloworld.ClientStreamServer/ClientStream", /"data": "a,b"/],
  ["helloworld.AllStreamServer/AllStream", /"0".*"1".*"2".*"3".*"4"/s],
  ["techschool.pcbook.LaptopService/CreateLaptop", /"id": "0b6a1a3e-5a0c-4f0a-9d5e-3c1b2a4d5e6f"/],
  ["techschool.pcbook.LaptopService/SearchLaptop", /"name": "Air",.*"unit": "GIGABYTE".*"priceUsd": 1999.99/s],
  [
    "techschool.pcbook.LaptopService/RateLaptop",
    /"ratedCount": 1,\s+"averageScore": 8\s.*"ratedCount": 2,\s+"averageScore": 7.75/s,
  ],
  ["techschool.pcbook.LaptopService/UploadImage", /"id": "[0-9a-f-]{36}",\s+"size": \d+/],
];

/** The output of the Go code. */
const printedByGo = [
  /^token \[hello\] <nil>$/m,
  /^product 1 Kestrel.*\nproduct 2 Kestrel.*\nend2 \[end2\]$/m,
  /^200 ping <nil>$/m,
  /^ACME bid [\d.]+ ask [\d.]+ .*Z <nil>$/m,
  /^order 1 \d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d <nil>$/m,
  /^stored <nil>$/m,
  /^so far 0 <nil>\nso far 1 <nil>$/m,
  /^echo hi <nil>\njoined a,b <nil>\ndigit 0 <nil>$/m,
  /^created [0-9a-f-]{36} <nil>$/m,
  /^found \S.* [\d.]+ <nil>$/m,
  /^rated 1 9 <nil>$/m,
  /^uploaded \d+ <nil>$/m,
];

const image = { width: 16, height: 12, channels: 3, background: "#246" } as const;

const protos: Readonly<Record<string, string>> = {
  "services.ProductInfo": "services/product_info",
  "proto.StreamServer": "proto/stream_server",
  "proto.StreamService": "proto/stream_service",
  "helloworld.ServerStreamServer": "helloworld/server_stream",
  "helloworld.ClientStreamServer": "helloworld/client_stream",
  "helloworld.AllStreamServer": "helloworld/all_stream",
  "techschool.pcbook.LaptopService": "pcbook/laptop_service",
};

test("every command has an output, and every method of the table has a command", () => {
  expect(commands.map((command) => command.split(" ").at(-1))).toEqual(outputs.map(([method]) => method));
  const rows = Array.from(page.matchAll(/^\| `([\w.]+\/\w+)` \|/gm), ([, method]) => method);
  expect(new Set(rows)).toEqual(new Set(outputs.map(([method]) => method)));
});

// Each schema source has a separate server, because a laptop can be created only once.
describe.each(["reflection", "the proto files"])("with %s", (schemas) => {
  let server: StartedServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  test.each(commands.map((command, at) => [command, outputs[at]] as const))("%s", async (command, expected) => {
    const [method = "", output = /$^/] = expected ?? [];
    const proto = `-import-path proto -proto classic/${protos[method.split("/")[0] ?? ""]}.proto`;
    const asked = schemas === "reflection" ? command : command.replace("-plaintext", `-plaintext ${proto}`);
    await using running = new ShellCommand(server.here(asked));
    await running.prints(output);
  });
});

test("the Go code of the page prints the expected output", async () => {
  await using server = await startServer();
  const folder = await buildGoProgram(server);
  writeFileSync(join(folder, "laptop.png"), await sharp({ create: image }).png().toBuffer());
  await using running = new ShellCommand(`cd ${folder} && ./page`);
  for (const pattern of printedByGo) await running.prints(pattern);
}, 300_000);

/** Creates a program from the Go code of the page, with each block in a separate scope. Returns its folder. */
async function buildGoProgram(server: StartedServer): Promise<string> {
  const [connection = "", ...blocks] = fencedBlocks(page, "go").map((block) => server.here(block));
  await generateGoMessages();
  const folder = "test/interop/go/gen/page";
  mkdirSync(folder, { recursive: true });
  const source = `package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"bourse/interop/gen/helloworld"
	"bourse/interop/gen/pcbook"
	"bourse/interop/gen/services"
	"bourse/interop/gen/streams"
)

func main() {
ctx := context.Background()
${connection}
${blocks.map((block) => `func() {\n${block}\n}()`).join("\n")}
}
`;
  writeFileSync(join(folder, "main.go"), source);
  const built = mkdtempSync(join(tmpdir(), "bourse-classic-page-"));
  onTestFinished(() => rmSync(built, { recursive: true }));
  await goBuild(join(built, "page"), "./gen/page");
  return built;
}
