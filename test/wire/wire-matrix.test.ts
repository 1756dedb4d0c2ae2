import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { sendHeader, setHeader, setTrailer } from "../../server/transport/rpc/response-metadata.ts";
import { startWireServer, type WireServer } from "./start-wire-server.ts";
import { call, type Kind, type Wire, wires } from "./wire-clients.ts";
import type { Scenario } from "./wire-service.ts";

const scenarios: Record<string, Scenario> = {};
let server: WireServer;
let cells = 0;

beforeAll(async () => {
  server = await startWireServer(scenarios);
});

afterAll(async () => {
  expect(await server.close(1_000)).toBe(true);
  console.log(`wire matrix: ${cells} cells`);
});

/** One cell of the matrix: a test with its own scenario. */
function cell(wire: Wire, kind: Kind, behaviour: string, run: (cell: Cell) => Promise<void>): void {
  test(behaviour, async () => {
    const name = `${wire.name} ${kind} ${behaviour}`;
    await run({
      kind,
      start(scenario, options) {
        scenarios[name] = scenario;
        return call(wire.transport(server.url), kind, name, options);
      },
    });
    cells++;
  });
}

interface Cell {
  readonly kind: Kind;
  start(scenario: Scenario, options?: Parameters<typeof call>[3]): ReturnType<typeof call>;
}

for (const wire of wires) {
  describe(wire.name, () => {
    for (const kind of wire.kinds) {
      describe(kind, () => {
        if (kind !== "unary") cell(wire, kind, "headers arrive while the handler waits", headersArriveEarly);
        else cell(wire, kind, "sendHeader freezes the headers", sendHeaderFreezes);
        cell(wire, kind, "a header after sendHeader is refused, and so is a second sendHeader", lateHeaderIsRefused);
        if (kind === "serverStream" || kind === "bidiStream") {
          cell(wire, kind, "a header after the first message is refused", headerAfterMessageIsRefused);
        }
        cell(wire, kind, "headers of several calls are merged", headersAreMerged);
        cell(wire, kind, "trailers of several calls are merged", trailersAreMerged);
        cell(wire, kind, "trailers arrive with an error", trailersArriveWithError);
        cell(wire, kind, "binary values arrive unchanged", binaryValuesArrive);
        cell(wire, kind, "an error keeps its code, message and details", errorIsKept);
        cell(
          wire,
          kind,
          "an error that is not a ConnectError is an internal error without details",
          internalErrorHasNoDetails,
        );
        cell(wire, kind, "a cancel reaches a waiting handler", cancelReachesHandler);
        cell(wire, kind, "a deadline ends a handler that listens", deadlineEndsHandler);
      });
    }
  });
}

async function headersArriveEarly({ start }: Cell): Promise<void> {
  const gate = Promise.withResolvers<void>();
  const seen = start(async function* (context) {
    sendHeader(context, { "x-early": "yes" });
    await gate.promise;
    yield "late";
  });
  expect((await seen.header).get("x-early")).toBe("yes");
  gate.resolve();
  expect(await seen.texts).toEqual(["late"]);
}

async function sendHeaderFreezes({ start }: Cell): Promise<void> {
  const seen = start(async function* (context) {
    sendHeader(context, { "x-frozen": "yes" });
    yield "done";
  });
  expect((await seen.header).get("x-frozen")).toBe("yes");
  expect(await seen.texts).toEqual(["done"]);
}

async function lateHeaderIsRefused({ start }: Cell): Promise<void> {
  const seen = start(async function* (context) {
    sendHeader(context);
    yield refusals(context);
  });
  expect(await seen.texts).toEqual(["MetadataError MetadataError"]);
}

async function headerAfterMessageIsRefused({ start }: Cell): Promise<void> {
  const seen = start(async function* (context) {
    yield "first";
    yield refusals(context);
  });
  expect(await seen.texts).toEqual(["first", "MetadataError MetadataError"]);
  expect((await seen.header).has("x-late")).toBe(false);
}

function refusals(context: HandlerContext): string {
  const attempts = [() => setHeader(context, { "x-late": "1" }), () => sendHeader(context)];
  return attempts.map(errorNameOf).join(" ");
}

function errorNameOf(attempt: () => void): string {
  try {
    attempt();
    return "no error";
  } catch (error) {
    return (error as Error).name;
  }
}

async function headersAreMerged({ start }: Cell): Promise<void> {
  const seen = start(async function* (context) {
    setHeader(context, { "x-one": "1", "x-many": ["a", "b"] });
    setHeader(context, { "x-two": 2, "x-many": "c" });
    yield "done";
  });
  await seen.texts;
  const header = await seen.header;
  expect([header.get("x-one"), header.get("x-two"), header.get("x-many")]).toEqual(["1", "2", "a, b, c"]);
}

async function trailersAreMerged({ start }: Cell): Promise<void> {
  const seen = start(async function* (context) {
    setTrailer(context, { "x-one": "1", "x-many": "a" });
    yield "done";
    setTrailer(context, { "x-two": "2", "x-many": ["b", "c"] });
  });
  await seen.texts;
  const trailer = await seen.trailer;
  expect([trailer.get("x-one"), trailer.get("x-two"), trailer.get("x-many")]).toEqual(["1", "2", "a, b, c"]);
}

async function trailersArriveWithError({ start }: Cell): Promise<void> {
  const seen = start((context) => {
    setTrailer(context, { "x-early": "1" });
    return failing(new ConnectError("no", Code.FailedPrecondition), () => setTrailer(context, { "x-late": "2" }));
  });
  const error = await failureOf(seen.texts);
  expect(error.code).toBe(Code.FailedPrecondition);
  // Clients put the headers and trailers of a failed call into the metadata of the error.
  expect([error.metadata.get("x-early"), error.metadata.get("x-late")]).toEqual(["1", "2"]);
}

const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);

async function binaryValuesArrive({ start }: Cell): Promise<void> {
  const seen = start(async function* (context) {
    setHeader(context, { "x-header-bin": bytes });
    setTrailer(context, { "x-trailer-bin": bytes });
    yield "done";
  });
  await seen.texts;
  expect(decode((await seen.header).get("x-header-bin"))).toEqual(bytes);
  expect(decode((await seen.trailer).get("x-trailer-bin"))).toEqual(bytes);
}

async function* failing(error: Error, onEnd = () => {}): AsyncIterable<string> {
  try {
    yield* await Promise.reject<string[]>(error);
  } finally {
    onEnd();
  }
}

function decode(value: string | null): Uint8Array {
  return new Uint8Array(Buffer.from(value ?? "", "base64"));
}

async function errorIsKept({ start }: Cell): Promise<void> {
  const message = 'the price is 5 € too high, and "that" is 100 % sure\n';
  const value = { fieldViolations: [{ field: "price", description: "too high" }] };
  const details = [{ desc: BadRequestSchema, value }];
  const seen = start(() => failing(new ConnectError(message, Code.OutOfRange, undefined, details)));
  const error = await failureOf(seen.texts);
  expect([error.code, error.rawMessage]).toEqual([Code.OutOfRange, message]);
  expect(error.findDetails(BadRequestSchema)).toMatchObject([value]);
}

async function internalErrorHasNoDetails({ start }: Cell): Promise<void> {
  const seen = start(() => failing(new Error("the password is 1234")));
  const error = await failureOf(seen.texts);
  expect([error.code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
}

async function cancelReachesHandler({ start }: Cell): Promise<void> {
  const running = Promise.withResolvers<void>();
  const cleanedUp = Promise.withResolvers<Code>();
  const cancel = new AbortController();
  const seen = start(
    async function* (context) {
      running.resolve();
      try {
        await aborted(context.signal);
        yield "never";
      } finally {
        cleanedUp.resolve(ConnectError.from(context.signal.reason).code);
      }
    },
    { signal: cancel.signal },
  );
  await running.promise;
  cancel.abort();
  expect((await failureOf(seen.texts)).code).toBe(Code.Canceled);
  expect(await cleanedUp.promise).toBe(Code.Canceled);
}

async function deadlineEndsHandler({ start }: Cell): Promise<void> {
  const reason = Promise.withResolvers<Code>();
  const seen = start(
    async function* (context) {
      try {
        await aborted(context.signal);
        yield "never";
      } finally {
        reason.resolve(ConnectError.from(context.signal.reason).code);
      }
    },
    { timeoutMs: 50 },
  );
  expect((await failureOf(seen.texts)).code).toBe(Code.DeadlineExceeded);
  // The client disconnects at the same time, so either event can reach the handler first.
  expect([Code.DeadlineExceeded, Code.Canceled]).toContain(await reason.promise);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

async function failureOf(texts: Promise<string[]>): Promise<ConnectError> {
  try {
    await texts;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("the call should have failed");
}
