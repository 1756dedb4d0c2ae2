import { create, toBinary } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { truncateText } from "./truncate-text.ts";

/**
 * The most bytes of an error's message. It goes out twice over gRPC, once with up to three bytes for each, and with the
 * details: together they stay below the 8 KiB of headers that many clients take.
 */
export const maxErrorMessageBytes = 1024;

/** The most bytes that the details of an error have together, encoded. Details that do not fit are left out. */
export const maxErrorDetailBytes = 2 * 1024;

/**
 * An error whose message and details are within the limits: the error itself if they are, else one with a message that
 * ends with an ellipsis, and with as many of the details as fit. What is no Unicode in the message is replaced.
 */
export function truncateError(error: ConnectError): ConnectError {
  // A lone surrogate, which JSON can have in an escape, has no UTF-8: the trailers of gRPC could not be written.
  const message = truncateText(error.rawMessage.toWellFormed(), maxErrorMessageBytes);
  const details = fittingDetails(error);
  if (message === error.rawMessage && details.length === error.details.length) return error;
  const limited = new ConnectError(message, error.code, error.metadata, undefined, error.cause);
  limited.details = details;
  return limited;
}

function fittingDetails({ details }: ConnectError): ConnectError["details"] {
  let left = maxErrorDetailBytes;
  return details.filter((detail) => {
    const value = "desc" in detail ? toBinary(detail.desc, create(detail.desc, detail.value)) : detail.value;
    left -= value.byteLength;
    return left >= 0;
  });
}
