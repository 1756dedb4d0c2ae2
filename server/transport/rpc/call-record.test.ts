import { Code, ConnectError } from "@connectrpc/connect";
import { pino } from "pino";
import { expect, test } from "vitest";
import type { CallRecord } from "./call-record.ts";
import { logCalls } from "./call-record.ts";

const record: CallRecord = {
  method: "a.B/C",
  protocol: "grpc",
  httpVersion: "2.0",
  peer: "127.0.0.1:1",
  code: "ok",
  durationMs: 1.23456,
  messagesIn: 1,
  messagesOut: 2,
  bytesIn: 3,
  bytesOut: 4,
};

test("a call is logged as one line with all fields of its record", () => {
  expect(linesOf(record)).toEqual([expect.objectContaining({ ...record, level: 30, durationMs: 1.2, msg: "call" })]);
});

test("an error of the client is logged as information, with the reason", () => {
  const failure = new Error("id: must be a UUID");
  expect(linesOf({ ...record, code: "invalid_argument", failure })).toEqual([
    expect.objectContaining({ level: 30, code: "invalid_argument", reason: "id: must be a UUID" }),
  ]);
});

test("an error of the server is logged as an error with its cause and stack", () => {
  const failure = new Error("internal error", { cause: new TypeError("x is not a function") });
  expect(linesOf({ ...record, code: "internal", failure })).toEqual([
    expect.objectContaining({
      level: 50,
      msg: "call failed",
      err: expect.objectContaining({ type: "TypeError", message: "x is not a function", stack: expect.any(String) }),
    }),
  ]);
});

test("a request that Connect cannot parse is logged as a warning without a stack", () => {
  const failure = new ConnectError("parse binary: premature EOF", Code.Internal);
  const [line] = linesOf({ ...record, code: "internal", failure });
  expect(line).toMatchObject({ level: 40, reason: "[internal] parse binary: premature EOF" });
  expect(line).not.toHaveProperty("err");
});

function linesOf(record: CallRecord): object[] {
  const lines: object[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  logCalls(log)(record);
  return lines;
}
