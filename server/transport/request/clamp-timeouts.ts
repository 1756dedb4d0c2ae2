import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";

/**
 * Returns the timeout of a gRPC call in milliseconds, at most `maxMs`, or the error of a value that is no timeout.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function grpcTimeoutOf(value: string | null, maxMs: number): ReturnType<typeof parseGrpcTimeout> {
  const { timeoutMs, error } = parseGrpcTimeout(value, Number.POSITIVE_INFINITY);
  if (error !== undefined) return { error };
  return timeoutMs === undefined ? {} : { timeoutMs: Math.min(timeoutMs, maxMs) };
}

/**
 * Returns headers whose timeout, of any protocol, is at most `maxMs`: Connect refuses a longer one. A client sets a timeout
 * of a month if it does not want one.
 */
export function clampTimeouts(header: Headers, maxMs: number): Headers {
  const grpc = parseGrpcTimeout(header.get("grpc-timeout"), Number.POSITIVE_INFINITY).timeoutMs ?? 0;
  const connect = parseConnectTimeout(header.get("connect-timeout-ms"), Number.POSITIVE_INFINITY).timeoutMs ?? 0;
  if (grpc <= maxMs && connect <= maxMs) return header;
  const clamped = new Headers(header);
  // A timeout of gRPC has at most eight digits, so that the number of milliseconds may be too long.
  if (grpc > maxMs) clamped.set("grpc-timeout", `${Math.floor(maxMs / 1_000)}S`);
  if (connect > maxMs) clamped.set("connect-timeout-ms", `${maxMs}`);
  return clamped;
}
