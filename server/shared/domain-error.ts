import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { truncateText } from "../transport/response/truncate-error.ts";

/** The maximum size of a domain error's message, in bytes. It may quote the request. */
const maxMessageBytes = 1024;

/** A message that an error carries to the client, as in `google.rpc.BadRequest`. */
export interface ErrorDetail {
  readonly desc: DescMessage;
  readonly value: MessageInitShape<DescMessage>;
}

/**
 * An error that the client receives: with its message, its code and its typed detail. The message states what is wrong, with
 * the numbers, and what to do. It is truncated after 1,024 bytes.
 */
export abstract class DomainError extends Error {
  /** The Connect code that the client receives. */
  abstract readonly code: Code;

  constructor(message: string, options?: ErrorOptions) {
    super(truncateText(message, maxMessageBytes), options);
  }

  /** Returns the typed detail that the client receives, or undefined if there is none. */
  toDetail(): ErrorDetail | undefined {
    return undefined;
  }
}
