import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { describe, expect, test, vi } from "vitest";
import { QuoteService } from "../gen/bourse/quote/v1/quote_service_pb.ts";
import { type NotStartedError, startBourse } from "../test/start-bourse.ts";

describe("a signal", () => {
  test("ends the server with exit code 0, and its streams with UNAVAILABLE", async () => {
    await using bourse = await startBourse();
    const stream = watch(bourse.url);
    await stream.next();
    bourse.process.kill("SIGTERM");
    await expect(drain(stream)).rejects.toThrow(/\[unavailable\] the server is shutting down/);
    expect(await bourse.ended).toBe(0);
    expect(logLines(bourse.log())).toContainEqual(
      expect.objectContaining({
        msg: "call",
        method: "bourse.quote.v1.QuoteService/WatchQuotes",
        protocol: "connect",
        code: "unavailable",
      }),
    );
  });

  test("that arrives twice in a short time counts once", async () => {
    await using bourse = await startBourse();
    bourse.process.kill("SIGTERM");
    bourse.process.kill("SIGINT");
    expect(await bourse.ended).toBe(0);
  });

  test("that is repeated later ends a waiting shutdown", async () => {
    await using bourse = await startBourse(["--grace", "60"]);
    const request = await startEndlessRequest(bourse.url);
    bourse.process.kill("SIGTERM");
    await vi.waitFor(
      () => {
        bourse.process.kill("SIGTERM");
        expect(bourse.process.exitCode).toBe(128 + 15);
      },
      { timeout: 5_000, interval: 100 },
    );
    await request.failed;
  });

  test("closes calls that outlast the grace period, with exit code 1", async () => {
    await using bourse = await startBourse(["--grace", "0.1"]);
    const request = await startEndlessRequest(bourse.url);
    bourse.process.kill("SIGTERM");
    expect(await bourse.ended).toBe(1);
    await request.failed;
  });
});

describe("a start that fails", () => {
  test("names every invalid setting, with exit code 2", async () => {
    const failure = await failureOf(startBourse(["--port", "x", "--grace", "y"]));
    expect(failure.exitCode).toBe(2);
    expect(failure.stderr).toMatch(
      /--port: expected a whole number.*\n--grace: expected a number of seconds.*\n.*--help/s,
    );
  });

  test("reports that the port is in use", async () => {
    await using bourse = await startBourse();
    const { port } = new URL(bourse.url);
    const failure = await failureOf(startBourse(["--port", port]));
    expect(failure).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`port ${port} of 127.0.0.1 is in use`),
    });
  });

  test("reports that the data directory is in use", async () => {
    await using bourse = await startBourse();
    const failure = await failureOf(startBourse([], bourse.dataDirectory));
    expect(failure).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(bourse.dataDirectory) });
  });

  test("reports the problem of the file to replay", async () => {
    const failure = await failureOf(startBourse(["--feed", "replay:package.json"]));
    expect(failure).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("package.json") });
  });
});

test("warns if other machines can reach the server", async () => {
  await using bourse = await startBourse(["--host", "0.0.0.0"]);
  expect(logLines(bourse.log())).toContainEqual(
    expect.objectContaining({ level: 40, msg: expect.stringContaining("OTHER MACHINES CAN REACH THIS SERVER") }),
  );
});

/** Starts a request that does not end, so that a shutdown waits for it. Resolves when the server has received it. */
async function startEndlessRequest(url: string): Promise<{ readonly failed: Promise<unknown> }> {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
  const headers = { "content-type": "application/json" };
  const options = { method: "POST", headers, body, duplex: "half" } as RequestInit;
  const failed = fetch(`${url}/bourse.quote.v1.QuoteService/ListInstruments`, options).catch((error: unknown) => error);
  // The response proves that the first request has arrived, because this one is sent after it.
  await createClient(QuoteService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" })).listInstruments({});
  return { failed };
}

function watch(url: string) {
  const client = createClient(QuoteService, createConnectTransport({ baseUrl: url, httpVersion: "2" }));
  return client.watchQuotes({ symbols: ["ACME"] })[Symbol.asyncIterator]();
}

async function drain(stream: AsyncIterator<unknown>): Promise<void> {
  while ((await stream.next()).done !== true);
}

function logLines(log: string): object[] {
  return log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

async function failureOf(start: ReturnType<typeof startBourse>): Promise<NotStartedError> {
  return start.then(
    async (bourse) => {
      await bourse[Symbol.asyncDispose]();
      throw new Error("the server should not have started");
    },
    (error: NotStartedError) => error,
  );
}
