import type { HandlerContext } from "@connectrpc/connect";
import { callOf } from "./call.ts";
import { checkMetadata, type Metadata, sizeOfEntry } from "./metadata-rules.ts";

/**
 * Adds response headers. Several calls accumulate, and a key that is set twice has both values.
 *
 * The headers are sent with the first message, by `sendHeader`, or at the end of the call. Throws a {@link MetadataError}
 * if a key or a value is not allowed, or if the headers are already sent.
 */
export function setHeader(context: HandlerContext, metadata: Metadata): void {
  callOf(context).setHeader(context, checkMetadata(metadata));
}

/**
 * Adds response headers and sends all of them at once, before the first message.
 *
 * May be called once. In a unary call the headers are frozen and sent with the result, on which the status of a Connect
 * response depends. Throws a {@link MetadataError} after the first message, on a second call, and if a key or a value is
 * not allowed.
 */
export function sendHeader(context: HandlerContext, metadata: Metadata = {}): void {
  callOf(context).sendHeader(context, checkMetadata(metadata));
}

/**
 * Adds response trailers. Several calls accumulate until the end of the RPC. The trailers are sent on success and on failure.
 * Throws a {@link MetadataError} if a key or a value is not allowed.
 */
export function setTrailer(context: HandlerContext, metadata: Metadata): void {
  callOf(context).setTrailer(context, checkMetadata(metadata));
}

/**
 * Returns how many bytes of trailers may still be set, as {@link metadataBytes} counts them: the rest of the server's limit,
 * or less if the client announces a smaller one, as gRPC clients do in SETTINGS_MAX_HEADER_LIST_SIZE. A client that receives
 * more than it accepts fails the call. Many clients have limits that they do not announce.
 */
export function trailerCapacity(context: HandlerContext): number {
  return callOf(context).trailerCapacity;
}

/** Returns the size of metadata in bytes: keys, values, and 32 bytes for each value. Throws a {@link MetadataError}. */
export function metadataBytes(metadata: Metadata): number {
  let bytes = 0;
  for (const [key, values] of checkMetadata(metadata)) {
    for (const value of values) bytes += sizeOfEntry(key, value);
  }
  return bytes;
}
