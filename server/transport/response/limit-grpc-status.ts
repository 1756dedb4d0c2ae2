import type { OutgoingHeaders } from "../exchange/exchange.ts";
import { sizeOfEntry } from "../rpc/metadata-rules.ts";

/** Escapes of printable ASCII, except the space, which HTTP removes at the ends of a value, and except "%". */
const needlessEscape = /%(?:2[1-46-9A-F]|[3-6][0-9A-F]|7[0-9A-E])/gi;

/**
 * Removes the escapes from a `grpc-message` that the gRPC protocol does not require. Connect escapes what a URL requires,
 * and grpc-js does not decode all of these escapes: its users see `%3A` instead of a colon.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Percent-Encoded)
 */
export function withoutNeedlessEscapes(grpcMessage: string): string {
  return grpcMessage.replaceAll(needlessEscape, decodeURIComponent);
}

/**
 * Shortens the status in the trailers of a gRPC call to the size that its client accepts, as HTTP/2 counts it: a client
 * that receives more fails the call. Removes the details of the status, then truncates its
 * message. Keeps the trailers of the handler. https://www.rfc-editor.org/rfc/rfc9113.html#section-6.5.2
 */
export function limitGrpcStatus(trailers: OutgoingHeaders, maxBytes: number): void {
  if (maxBytes === Number.POSITIVE_INFINITY || sizeOf(trailers) <= maxBytes) return;
  delete trailers["grpc-status-details-bin"];
  const excess = sizeOf(trailers) - maxBytes;
  const message = trailers["grpc-message"];
  if (excess <= 0 || typeof message !== "string") return;
  // Not within the escapes of a character: there are up to four, with three bytes each.
  const kept = message.slice(0, Math.max(message.length - excess, 0)).replace(/(?:%[0-9A-F]{0,2})+$/i, "");
  trailers["grpc-message"] = kept;
}

function sizeOf(trailers: OutgoingHeaders): number {
  let bytes = 0;
  for (const [key, values] of Object.entries(trailers)) {
    for (const value of typeof values === "string" ? [values] : values) bytes += sizeOfEntry(key, value);
  }
  return bytes;
}
