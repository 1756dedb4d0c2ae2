import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { UploadProblemReason, UploadProblemSchema } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadError } from "../upload/upload-errors.ts";
import { DomainError } from "./domain-error.ts";
import { toConnectError } from "./to-connect-error.ts";

test("a domain error without a code does not compile", () => {
  // @ts-expect-error -- `code` is abstract: a class that does not declare it fails the type check
  class ErrorWithoutCode extends DomainError {
    override name = "ErrorWithoutCode";
  }
  expect(new ErrorWithoutCode("no code").code).toBeUndefined();
});

test("a reason of an upload error without a code does not compile", () => {
  // @ts-expect-error -- the record of codes is total: without one of the reasons it fails the type check
  const codes: Record<UploadProblemReason, Code> = { [UploadProblemReason.GAP]: Code.OutOfRange };
  expect(codes[UploadProblemReason.GAP]).toBe(Code.OutOfRange);
});

test("a client receives the message, the code and the detail of a domain error", () => {
  const problem = create(UploadProblemSchema, { uploadId: "one", reason: UploadProblemReason.GAP });
  const error = toConnectError(new UploadError(problem, "resume at 10")) as ConnectError;
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.rawMessage).toBe("upload one: resume at 10");
  expect(error.code).toBe(Code.OutOfRange);
  expect(error.findDetails(UploadProblemSchema)).toEqual([problem]);
});
