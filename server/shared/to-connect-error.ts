import { ValidationError } from "@bufbuild/protovalidate";
import { Code, ConnectError } from "@connectrpc/connect";
import { LimitError } from "../transport/protection/limit-error.ts";
import { DomainError, type ErrorDetail } from "./domain-error.ts";
import { badRequest, violationsOf } from "./request-errors.ts";

/**
 * Converts a domain error, a reached limit or a broken rule of the protos to the error that the client receives. Returns
 * other errors unchanged.
 */
export function toConnectError(error: unknown): unknown {
  if (error instanceof ConnectError && error.cause instanceof ValidationError) {
    return connectError(error.cause, Code.InvalidArgument, badRequest(violationsOf(error.cause.violations)));
  }
  if (error instanceof LimitError) return connectError(error, error.code, undefined);
  if (error instanceof DomainError) return connectError(error, error.code, error.toDetail());
  return error;
}

function connectError(cause: Error, code: Code, detail: ErrorDetail | undefined): ConnectError {
  return new ConnectError(cause.message, code, undefined, detail && [detail], cause);
}
