import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { generate } from "selfsigned";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type App, createApp } from "../../server/app.ts";
import { readConfig } from "../../server/config/config.ts";
import { type CommandResult, startCommand } from "../start-command.ts";

vi.setConfig({ testTimeout: 30_000 }); // each test starts a process

const silent = pino({ level: "silent" });
let app: App;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bourse-call-"));
  const settings = { port: "0", data: join(folder, "data"), "demo-orders": "10", "simulated-instruments": "3" };
  app = await createApp(readConfig(settings, {}), silent);
});
afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

const quotes = "bourse.quote.v1.QuoteService";
const orders = "bourse.order.v1.OrderService";

/** Runs `bourse call` with an empty standard input. */
async function call(...args: readonly string[]): Promise<CommandResult> {
  const target = args.includes("--address") ? [] : ["--address", app.url];
  const command = startCommand(["call", ...args, ...target]);
  command.process.stdin?.end();
  return command.done;
}

test("--list prints the services, one per line, and objects with --json", async () => {
  const { stdout, exitCode } = await call("--list");
  expect(stdout.split("\n")).toEqual(expect.arrayContaining([orders, quotes, "grpc.health.v1.Health"]));
  expect(exitCode).toBe(0);
  const json = await call("--list", quotes, "--json");
  expect(
    json.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toContainEqual({
    method: `${quotes}/StreamQuotes`,
    kind: "bidirectional streaming",
    request: "bourse.quote.v1.StreamQuotesRequest",
    response: "bourse.quote.v1.StreamQuotesResponse",
  });
});

test("--describe prints the proto with its comments, and --template a request", async () => {
  const { stdout } = await call("--describe", `${quotes}/GetQuote`);
  expect(stdout).toContain("rpc GetQuote(bourse.quote.v1.GetQuoteRequest) returns (bourse.quote.v1.GetQuoteResponse);");
  expect(stdout).toMatch(/ {2}\/\/ .+\n {2}string symbol = 1;/);
  const template = await call(`${quotes}/GetQuote`, "--template");
  expect(JSON.parse(template.stdout)).toEqual({ symbol: "" });
  expect((await call("--describe", `${quotes}.GetQuote`, "--template")).stdout).toBe(template.stdout);
});

test.each([
  ["connect", "2"],
  ["connect", "1.1"],
  ["grpc", "2"],
  ["grpc-web", "2"],
  ["grpc-web", "1.1"],
])(
  "a stream over %s and HTTP/%s has its messages on standard output, headers and trailers on standard error",
  async (protocol, version) => {
    const options = ["--protocol", protocol, "--http-version", version, "-v"];
    const { stdout, stderr, exitCode } = await call(`${orders}/ExportOrders`, "-d", '{"batch_size": 4}', ...options);
    const batches = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).orders.length);
    expect(batches).toEqual([4, 4, 2]);
    expect(stderr).toMatch(/^header bourse-total-count: 10$/m);
    expect(stderr).toMatch(/^trailer bourse-sent-count: 10$/m);
    expect(exitCode).toBe(0);
  },
);

test("an error has its code, its message and its decoded details, and the exit code is 64 and the code", async () => {
  const { stdout, stderr, exitCode } = await call("bourse.product.v1.ProductService/GetProduct", "-d", '{"id": "x"}');
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 67 });
  expect(stderr).toMatch(
    /^bourse\.product\.v1\.ProductService\/GetProduct returned invalid_argument: .*\ndetail \{"@type":"type\.googleapis\.com\/[\w.]+",/,
  );
  const missing = await call(`${quotes}/GetQuote`, "-d", '{"symbol": "NONE"}', "--json");
  expect(JSON.parse(missing.stderr)).toMatchObject({ code: "not_found", message: expect.stringContaining("NONE") });
  expect(missing.exitCode).toBe(69);
});

test("an unknown service, method or symbol is refused with a suggestion", async () => {
  expect((await call("QuoteService/GetQuote")).stderr).toBe(
    `${app.url} has no service QuoteService: did you mean ${quotes}?\n`,
  );
  expect((await call(`${quotes}/GetQuot`)).stderr).toBe(`${quotes} has no method GetQuot: did you mean GetQuote?\n`);
  expect((await call("getQuote")).stderr).toBe(
    `getQuote is not the name of a method with its service, as in grpc.health.v1.Health/Check: did you mean ${quotes}/GetQuote?\n`,
  );
  expect((await call("acme.Weather/Forecast")).stderr).toBe(
    `${app.url} has no service acme.Weather; bourse call --list prints its services\n`,
  );
  expect((await call("--describe", "bourse.quote.v1.QuotesService")).exitCode).toBe(1);
});

test("JSON that does not fit names the file, the position and the field, after the messages before it are sent", async () => {
  const file = join(folder, "quotes.ndjson");
  await writeFile(file, '{"quotes": []}\n{"quotes": [{"symbol": "ACME", "bid": "high"}]}\n');
  const { stderr, exitCode } = await call(`${quotes}/PublishQuotes`, "-d", `@${file}`);
  expect(stderr).toMatch(
    /quotes\.ndjson, line 2, column \d+: message 2 does not fit bourse\.quote\.v1\.PublishQuotesRequest: field quotes\[0\]\.bid: expected number \(float64\), got "high"\n$/,
  );
  expect(exitCode).toBe(1);
  expect((await call(`${quotes}/GetQuote`, "-d", '{"symbol": "ACME"} {}')).stderr).toBe(
    "GetQuote takes one message, and --data has more\n",
  );
  expect((await call(`${quotes}/GetQuote`, "-d", '{"symbol":')).stderr).toBe(
    "--data, line 1, column 1: the JSON value that starts here is incomplete\n",
  );
  expect((await call(`${quotes}/GetQuote`, "-d", "-")).stderr).toBe(
    "standard input: no JSON value; the empty message is {}\n",
  );
  expect((await call(`${quotes}/GetQuote`, "-d", "@none.json")).stderr).toMatch(/^none\.json cannot be read: ENOENT/);
});

test("contradictions of arguments are reported together", async () => {
  const { stderr, exitCode } = await call(
    "--list",
    "--template",
    "-d",
    "{}",
    "--http-version",
    "1.1",
    "--protocol",
    "grpc",
  );
  expect(stderr.split("\n").slice(0, -2)).toEqual([
    "error: --template needs a method or --describe",
    "error: --data is the request of a call: omit it",
    "error: gRPC needs HTTP/2: omit --http-version 1.1, or use --protocol connect or grpc-web",
  ]);
  expect(exitCode).toBe(1);
  expect((await call()).stderr).toContain("expected one of a method (as SERVICE/METHOD), --list and --describe");
  expect((await call(`${quotes}/StreamQuotes`, "--http-version", "1.1")).stderr).toBe(
    "StreamQuotes streams in both directions, which needs HTTP/2: omit --http-version 1.1\n",
  );
  expect((await call(`${quotes}/GetQuote`, "-H", "grpc-timeout: 1S")).stderr).toContain(
    "grpc-timeout is set by --timeout",
  );
});

test("an address that nobody listens on is an error with what to do", async () => {
  const { stderr, exitCode } = await call("--list", "--address", "http://127.0.0.1:1");
  expect(stderr).toBe("cannot connect to http://127.0.0.1:1: is the server running? bourse serve starts it\n");
  expect(exitCode).toBe(78);
});

test("a server without HTTP/2 or without gRPC is an error with what to do", async () => {
  const other = createServer((_request, response) => response.end("hello")).listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const address = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const list = await call("--list", "--address", address);
  expect(list.stderr).toBe(
    `${address} does not support HTTP/2 (Protocol error), which gRPC, reflection and bidirectional streams need: ` +
      "other calls work with --http-version 1.1 and --descriptor-set FILE\n",
  );
  expect(list.exitCode).toBe(78);
  const options = ["--descriptor-set", "gen/descriptors.binpb", "--http-version", "1.1", "--address", address];
  const check = await call("grpc.health.v1.Health/Check", ...options);
  expect(check.stderr).toBe(
    "grpc.health.v1.Health/Check returned unknown: unsupported content type null; " +
      "the server may not support connect: try --protocol grpc\n",
  );
  expect(check.exitCode).toBe(66);
});

test("calls over TLS are refused if the certificate does not verify, and succeed with its authority", async () => {
  const { private: key, cert } = await generate([{ name: "commonName", value: "127.0.0.1" }], {
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  const settings = {
    port: "0",
    data: join(folder, "tls"),
    demo: "false",
    grace: "0.1",
    "tls-cert": certFile,
    "tls-key": keyFile,
  };
  const secure = await createApp(readConfig(settings, {}), silent);
  try {
    const refused = await call("--list", "--address", secure.url);
    expect(refused.stderr).toMatch(/^the certificate of https:.+ cannot be verified .*NODE_EXTRA_CA_CERTS\n$/);
    expect(refused.exitCode).toBe(78);
    for (const version of ["1.1", "2"]) {
      const args = ["call", "grpc.health.v1.Health/Check", "--address", secure.url, "--http-version", version];
      const { stdout, stderr } = await startCommand(args, { NODE_EXTRA_CA_CERTS: certFile }).done;
      expect({ stdout, stderr }).toEqual({ stdout: '{"status":"SERVING"}\n', stderr: "" });
    }
  } finally {
    await secure.close();
  }
});

test("--timeout ends an endless stream with exit code 124", async () => {
  const { stdout, stderr, exitCode } = await call(
    `${quotes}/WatchQuotes`,
    "-d",
    '{"symbols": ["*"]}',
    "--timeout",
    "1.5",
  );
  expect(stdout).toContain('"started"');
  expect(stderr).toMatch(/within 1\.5 s \(--timeout\)/);
  expect(exitCode).toBe(124);
});

test("SIGINT ends a bidirectional stream that waits for input", async () => {
  const { process: child, done } = startCommand(["call", `${quotes}/StreamQuotes`, "-d", "-", "--address", app.url]);
  child.stdin?.write('{"start": {"symbols": ["ACME"]}}');
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  child.kill("SIGINT");
  expect(await done).toMatchObject({ exitCode: 130, stderr: "" });
});

test("a stream that the server ends with an error does not wait for more input", async () => {
  const { process: child, done } = startCommand(["call", `${quotes}/StreamQuotes`, "-d", "-", "--address", app.url]);
  child.stdin?.write('{"command": {"id": "1", "ping": {}}}\n');
  const { stderr, exitCode } = await done;
  expect(stderr).toMatch(/StreamQuotes returned \w+: /);
  expect(exitCode).toBeGreaterThan(64);
});

test("output that is closed early ends the call without a message", async () => {
  const command = `exec ${process.execPath} cli/main.ts call ${quotes}/WatchQuotes -d '{"symbols": ["*"]}' --address ${app.url}`;
  const shell = spawn("bash", ["-c", `${command} | head -n 1; echo "exit \${PIPESTATUS[0]}"`]);
  const [stdout, stderr] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  expect(stdout).toMatch(/^\{.*\}\nexit 0\n$/);
  expect(stderr).toBe("");
});

test("output that cannot be written is an error", async () => {
  const command = `exec ${process.execPath} cli/main.ts call ${quotes}/ListInstruments --address ${app.url} > /dev/full`;
  const shell = spawn("bash", ["-c", command]);
  const stderr = text(shell.stderr);
  const exitCode = await new Promise((resolve) => shell.once("close", resolve));
  expect(await stderr).toMatch(/^standard output cannot be written: .*ENOSPC/);
  expect(exitCode).toBe(1);
});

test("a long input is sent as it is read, in bounded memory", { tags: ["slow"] }, async () => {
  const args = ["call", "bourse.upload.v1.UploadService/Upload", "--data", "-", "--address", app.url];
  const child = spawn(process.execPath, ["--max-old-space-size=40", "cli/main.ts", ...args]);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const chunk = JSON.stringify({ chunk: { data: Buffer.alloc(400_000, 1).toString("base64") } });
  const chunks = 200; // 107 MB of JSON
  const send = async (json: string) => {
    if (!child.stdin.write(json)) await once(child.stdin, "drain");
  };
  await send(JSON.stringify({ info: { info: { upload_id: randomUUID(), file_name: "long" } } }));
  for (let sent = 0; sent < chunks; sent++) await send(chunk);
  child.stdin.end(JSON.stringify({ finish: {} }));
  const [stdout, stderr] = await output;
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({
    upload: { state: "UPLOAD_STATE_COMPLETE", size: String(chunks * 400_000) },
  });
});
