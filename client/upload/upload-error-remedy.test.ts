import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
  UploadProblemReason,
  UploadProblemReasonSchema,
  UploadProblemSchema,
  UploadState,
} from "../../gen/bourse/upload/v1/upload_pb.ts";
import { problem } from "./testing/model-upload.ts";
import { remedyOf, UploadFailedError } from "./upload-error-remedy.ts";
import { FileChangedError } from "./upload-source.ts";

const { OPEN } = UploadState;

test.each([
  ["STALE_WRITER", Code.Aborted, OPEN, "yield"],
  ["GAP", Code.OutOfRange, OPEN, "retry"],
  ["OVERLAP", Code.InvalidArgument, OPEN, "file-changed"],
  ["CHECKSUM", Code.DataLoss, OPEN, "retry"],
  ["TOO_LONG", Code.OutOfRange, OPEN, "file-changed"],
  ["SIZE", Code.FailedPrecondition, OPEN, "retry"],
  ["HASH", Code.FailedPrecondition, OPEN, "file-changed"],
  ["CONFLICT", Code.AlreadyExists, OPEN, "refused"],
  ["STATE", Code.FailedPrecondition, OPEN, "retry"],
  ["STATE", Code.FailedPrecondition, UploadState.VERIFYING, "finish"],
  ["STATE", Code.FailedPrecondition, UploadState.COMPLETE, "finish"],
  ["STATE", Code.FailedPrecondition, UploadState.ABORTED, "gone"],
  ["STATE", Code.FailedPrecondition, UploadState.EXPIRED, "gone"],
  ["STATE", Code.FailedPrecondition, UploadState.DAMAGED, "gone"],
  ["FILE_LIMIT", Code.ResourceExhausted, OPEN, "refused"],
  ["QUOTA", Code.ResourceExhausted, OPEN, "refused"],
  ["TOO_MANY", Code.ResourceExhausted, OPEN, "retry"],
  ["READ_ONLY", Code.Unavailable, OPEN, "retry"],
  ["STALLED", Code.DeadlineExceeded, OPEN, "retry"],
  ["UNSPECIFIED", Code.Unavailable, OPEN, "retry"],
  ["UNSPECIFIED", Code.InvalidArgument, OPEN, "refused"],
] as const)("%s with code %i in state %i: %s", (reason, code, state, remedy) => {
  expect(remedyOf(problem(code, UploadProblemReason[reason], { bytes: new Uint8Array(), state }))).toBe(remedy);
});

test("every reason of the protos has a remedy", () => {
  for (const { number } of UploadProblemReasonSchema.values) {
    const error = problem(Code.Unimplemented, number as UploadProblemReason);
    expect(remedyOf(error)).toMatch(/^(retry|yield|finish|file-changed|gone|refused)$/);
  }
});

test("an unknown reason of a newer server has the remedy of its code", () => {
  const unknown = (code: Code) =>
    new ConnectError("", code, undefined, [{ desc: UploadProblemSchema, value: { reason: 99 as never } }]);
  expect(remedyOf(unknown(Code.Unavailable))).toBe("retry");
  expect(remedyOf(unknown(Code.FailedPrecondition))).toBe("refused");
});

test("an error without a detail has the remedy of its code", () => {
  expect(remedyOf(new TypeError("Failed to fetch"))).toBe("retry");
  expect(remedyOf(new ConnectError("", Code.PermissionDenied))).toBe("refused");
});

test("the error of a failed upload has the detail of the server, or the difference of the file", () => {
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
