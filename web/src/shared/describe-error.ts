import { Code, ConnectError } from "@connectrpc/connect";

/** Describes the error of a call to the user in one sentence. */
export function describeError(reason: unknown): string {
  const error = ConnectError.from(reason);
  const { cause } = error;
  // A TypeError is thrown by fetch, and a text by a stream that ended early: both mean a lost connection.
  if (cause instanceof TypeError || typeof cause === "string") return "The server cannot be reached.";
  return `${describeCode(error.code)}${appendMessage(error.rawMessage)}`;
}

function describeCode(code: Code): string {
  switch (code) {
    case Code.Unavailable:
      return "The server is unavailable";
    case Code.ResourceExhausted:
      return "The server has reached a limit";
    case Code.InvalidArgument:
      return "The server rejected the request";
    case Code.Unimplemented:
      return "The server does not support this operation";
    case Code.PermissionDenied:
    case Code.Unauthenticated:
      return "The server denied access";
    case Code.DeadlineExceeded:
      return "The request timed out";
    case Code.NotFound:
      return "Not found";
    case Code.Canceled:
      return "The request was cancelled";
    default:
      return "The request failed";
  }
}

function appendMessage(message: string): string {
  const trimmed = message.trim().replace(/\.$/, "");
  return trimmed === "" ? "." : `: ${trimmed}.`;
}
