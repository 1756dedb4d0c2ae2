import { Code, ConnectError } from "@connectrpc/connect";

/** Whether the same call may succeed later without a change to it. */
export function isRetryable(reason: unknown): boolean {
  switch (ConnectError.from(reason).code) {
    case Code.InvalidArgument:
    case Code.Unauthenticated:
    case Code.PermissionDenied:
    case Code.NotFound:
    case Code.AlreadyExists:
    case Code.FailedPrecondition:
    case Code.OutOfRange:
    case Code.Unimplemented:
      return false;
    default:
      return true;
  }
}
