import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
  UploadProblemReason,
  UploadProblemReasonSchema,
  UploadProblemSchema,
  UploadState,
} from "../../gen/bourse/upload/v1/upload_pb.ts";
import { problem } from "./testing/model-upload.ts";
import { remedyOf, UploadFailedError } from "./upload-problem.ts";
import { FileChangedError } from "./upload-source.ts";

const { OPEN } = UploadState;

test.each([
  ["STALE_WRITER", Code.Aborted, OPEN, "yield"],
  ["GAP", Code.OutOfRange, OPEN, "again"],
  ["OVERLAP", Code.InvalidArgument, OPEN, "file-changed"],
  ["CHECKSUM", Code.DataLoss, OPEN, "again"],
  ["TOO_LONG", Code.OutOfRange, OPEN, "file-changed"],
  ["SIZE", Code.FailedPrecondition, OPEN, "again"],
  ["HASH", Code.FailedPrecondition, OPEN, "file-changed"],
  ["CONFLICT", Code.AlreadyExists, OPEN, "refused"],
  ["STATE", Code.FailedPrecondition, OPEN, "again"],
  ["STATE", Code.FailedPrecondition, UploadState.VERIFYING, "finish"],
  ["STATE", Code.FailedPrecondition, UploadState.COMPLETE, "finish"],
  ["STATE", Code.FailedPrecondition, UploadState.ABORTED, "gone"],
  ["STATE", Code.FailedPrecondition, UploadState.EXPIRED, "gone"],
  ["STATE", Code.FailedPrecondition, UploadState.DAMAGED, "gone"],
  ["FILE_LIMIT", Code.ResourceExhausted, OPEN, "refused"],
  ["QUOTA", Code.ResourceExhausted, OPEN, "refused"],
  ["TOO_MANY", Code.ResourceExhausted, OPEN, "again"],
  ["READ_ONLY", Code.Unavailable, OPEN, "again"],
  ["STALLED", Code.DeadlineExceeded, OPEN, "again"],
  ["UNSPECIFIED", Code.Unavailable, OPEN, "again"],
  ["UNSPECIFIED", Code.InvalidArgument, OPEN, "refused"],
] as const)("%s with code %i in state %i: %s", (reason, code, state, remedy) => {
  expect(remedyOf(problem(code, UploadProblemReason[reason], { bytes: new Uint8Array(), state }))).toBe(remedy);
});

test("no reason of the protos is left out above or in the table", () => {
  for (const { number } of UploadProblemReasonSchema.values) {
    const error = problem(Code.Unimplemented, number as UploadProblemReason);
    expect(remedyOf(error)).toMatch(/^(again|yield|finish|file-changed|gone|refused)$/);
  }
});

test("a reason that a newer server may have is judged by its code", () => {
  const unknown = (code: Code) =>
    new ConnectError("", code, undefined, [{ desc: UploadProblemSchema, value: { reason: 99 as never } }]);
  expect(remedyOf(unknown(Code.Unavailable))).toBe("again");
  expect(remedyOf(unknown(Code.FailedPrecondition))).toBe("refused");
});

test("an error without a detail is judged by its code", () => {
  expect(remedyOf(new TypeError("Failed to fetch"))).toBe("again");
  expect(remedyOf(new ConnectError("", Code.PermissionDenied))).toBe("refused");
});

test("a failed upload tells the server's words, or what is different in the file", () => {
  const error = problem(Code.ResourceExhausted, UploadProblemReason.QUOTA);
  expect(new UploadFailedError("refused", error)).toMatchObject({
    code: Code.ResourceExhausted,
    problem: { reason: UploadProblemReason.QUOTA },
  });
  expect(new UploadFailedError("file-changed", new FileChangedError("it ends early"))).toMatchObject({
    message: "the file has changed: it ends early",
    problem: undefined,
  });
});
