import { Code, ConnectError } from "@connectrpc/connect";

/** Says in plain words what went wrong with a call. */
export function errorSentence(reason: unknown): string {
  const error = ConnectError.from(reason);
  const cause = error.cause;
  if (cause instanceof TypeError || typeof cause === "string") return "The server cannot be reached.";
  return `${meaningOf(error.code)}${said(error.rawMessage)}`;
}

function meaningOf(code: Code): string {
  switch (code) {
    case Code.Unavailable:
      return "The server is not available";
    case Code.ResourceExhausted:
      return "The server has reached a limit";
    case Code.InvalidArgument:
      return "The server did not accept the request";
    case Code.Unimplemented:
      return "The server does not offer this";
    case Code.PermissionDenied:
    case Code.Unauthenticated:
      return "The server does not allow this";
    case Code.DeadlineExceeded:
      return "The server took too long";
    case Code.NotFound:
      return "The server does not know this";
    case Code.Canceled:
      return "The call was cancelled";
    default:
      return "The call failed";
  }
}

function said(message: string): string {
  const trimmed = message.trim().replace(/\.$/, "");
  return trimmed === "" ? "." : `: ${trimmed}.`;
}
