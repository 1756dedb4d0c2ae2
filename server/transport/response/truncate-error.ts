import { create, toBinary } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";

/**
 * The maximum size of an error's message, in bytes. gRPC sends it twice, once escaped with up to three bytes for each,
 * and sends the details with it: together they stay below the 8 KiB of headers that many clients accept.
 */
export const maxErrorMessageBytes = 1024;

/** The maximum size of all details of an error, in bytes, encoded. Details that do not fit are left out. */
export const maxErrorDetailBytes = 2 * 1024;

/** The maximum size of a path, a name or an address of a request that a response quotes, in bytes. */
export const maxEchoBytes = 256;

/**
 * Limits the message and the details of an error. Returns the error itself if it is within the limits. Otherwise the
 * message is truncated, with an ellipsis at its end, and details that do not fit are left out. Replaces lone surrogates
 * in the message.
 */
export function truncateError(error: ConnectError): ConnectError {
  // A lone surrogate, as an escape in JSON may produce, has no UTF-8, so gRPC could not write the trailers.
  const message = truncateText(error.rawMessage.toWellFormed(), maxErrorMessageBytes);
  const details = fittingDetails(error);
  if (message === error.rawMessage && details.length === error.details.length) return error;
  const limited = new ConnectError(message, error.code, error.metadata, undefined, error.cause);
  limited.details = details;
  return limited;
}

function fittingDetails({ details }: ConnectError): ConnectError["details"] {
  let freeBytes = maxErrorDetailBytes;
  return details.filter((detail) => {
    const value = "desc" in detail ? toBinary(detail.desc, create(detail.desc, detail.value)) : detail.value;
    freeBytes -= value.byteLength;
    return freeBytes >= 0;
  });
}

/** The end of a truncated text. */
const ellipsis = "…";

/** Truncates a text to a number of bytes in UTF-8, the ellipsis at its end included. Returns a text that fits unchanged. */
export function truncateText(text: string, maxBytes: number): string {
  // A UTF-16 unit has three bytes of UTF-8 at most.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = new Uint8Array(Math.max(maxBytes - Buffer.byteLength(ellipsis), 0));
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read) + ellipsis;
}

/** The headers whose values Connect quotes in its errors. */
const quotedHeaders = [
  "grpc-encoding",
  "content-encoding",
  "connect-content-encoding",
  "grpc-timeout",
  "connect-timeout-ms",
];

/** The maximum length of a valid value of the quoted headers, in characters. */
const maxQuotedLength = 64;

/**
 * Truncates the values of {@link quotedHeaders} that are too long to be valid, so that an error which quotes them is
 * short. They stay too long, and so invalid. Returns the same headers if none is too long.
 */
export function limitQuotedHeaders(header: Headers): Headers {
  const tooLong = quotedHeaders.filter((name) => (header.get(name)?.length ?? 0) > maxQuotedLength);
  if (tooLong.length === 0) return header;
  const limited = new Headers(header);
  for (const name of tooLong) limited.set(name, (header.get(name) ?? "").slice(0, maxQuotedLength + 1));
  return limited;
}
