import type { HandlerContext } from "@connectrpc/connect";
import { callOf } from "./call.ts";
import { checkMetadata, type Metadata, sizeOfEntry } from "./metadata-rules.ts";

/**
 * Adds response headers; calls accumulate, and a key given twice keeps both values.
 *
 * The headers go out with the first message, with `sendHeader`, or with the end of the call, whichever comes first.
 * Throws a {@link MetadataError} where a key or value is not allowed or the headers are already on their way.
 */
export function setHeader(context: HandlerContext, metadata: Metadata): void {
  callOf(context).setHeader(context, checkMetadata(metadata));
}

/**
 * Adds response headers and puts all of them on the wire at once, before the first message.
 *
 * May be called once. On a unary call nothing is flushed, as the status of a Connect response depends on the result:
 * the headers are frozen and go out with it. Throws a {@link MetadataError} after the first message, on a second
 * call, and where a key or value is not allowed.
 */
export function sendHeader(context: HandlerContext, metadata: Metadata = {}): void {
  callOf(context).sendHeader(context, checkMetadata(metadata));
}

/**
 * Adds response trailers; calls accumulate until the call ends, and arrive on success and on failure alike.
 *
 * Throws a {@link MetadataError} where a key or value is not allowed.
 */
export function setTrailer(context: HandlerContext, metadata: Metadata): void {
  callOf(context).setTrailer(context, checkMetadata(metadata));
}

/**
 * How many bytes of trailers may still be set, as {@link metadataBytes} counts them: as many as the server's limit
 * leaves, or fewer where the client says that it takes fewer, as gRPC clients may over HTTP/2. A client that is sent
 * more than it takes fails the call. Many clients have limits that they do not tell.
 */
export function trailerRoom(context: HandlerContext): number {
  return callOf(context).trailerRoom;
}

/** How many bytes metadata counts: keys, values, and 32 bytes for each value. Throws a {@link MetadataError}. */
export function metadataBytes(metadata: Metadata): number {
  let bytes = 0;
  for (const [key, values] of checkMetadata(metadata)) {
    for (const value of values) bytes += sizeOfEntry(key, value);
  }
  return bytes;
}
