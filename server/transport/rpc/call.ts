import type { DescMessage } from "@bufbuild/protobuf";
import { type ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { ClientIdleTimeout } from "../port/client-idle-timeout.ts";
import { defaultLimits } from "../protection/limits.ts";
import type { RequestMessages } from "../request/request-messages.ts";
import type { EnvelopeWriter } from "../response/envelope-writer.ts";
import { MetadataError, singleValuedKeys, sizeOfEntry, type WireMetadata } from "./metadata-rules.ts";

/** The response of a call as its handler's side may reach it. */
export interface CallWire {
  /** Makes a ConnectError of an error that a handler threw, or gives it back as it is. */
  mapError(error: unknown): unknown;
  /** Puts the response headers on the wire, before the first message. */
  sendHeader(context: HandlerContext): void;
  /**
   * Opens the way for messages that goes around Connect's pipeline; `undefined` where they are not to be binary. The
   * headers go out before the first message, if they have not.
   */
  openEnvelopes(header: Headers, schema: DescMessage): EnvelopeWriter | undefined;
  /** The largest block of trailers that the client says it takes, as HTTP/2 counts it; Infinity where it does not say. */
  readonly maxTrailerBytes: number;
  /** What its client counts as: see {@link SharedLimit}. */
  readonly peer: string;
  /** Why the call is not taken; undefined if it is. */
  readonly refusal: ConnectError | undefined;
  /** The messages of the request, which go around Connect's pipeline. Undefined if Connect refuses the content type. */
  readonly requests: RequestMessages | undefined;
  /** Runs a further step of the call when others have had their turn. */
  giveWay(step: () => void): void;
  /** Ends a call whose client sends nothing; `undefined` if the client sends only one message. */
  readonly idleTimeout: ClientIdleTimeout | undefined;
  /** Ends the requests with an error, also a read that waits. */
  failRequests(error: Error): void;
}

/**
 * One call as the transport sees it: the metadata of its response, and what the log will tell.
 *
 * Metadata is kept twice: joined in the context's `Headers`, which Connect's protocols read, and as separate values
 * here, because `Headers` cannot hold two values of a key apart and gRPC sends them as two header lines.
 */
export class Call {
  readonly header: MetadataStore = { values: new Map(), bytes: 0 };
  readonly trailer: MetadataStore = { values: new Map(), bytes: 0 };
  messagesIn = 0;
  messagesOut = 0;
  /** What the handler threw, before it was turned into an answer. */
  failure: unknown;
  #headers: "open" | "frozen" | "sent" = "open";
  readonly #maxBytes: number;
  /** Absent where the call is not on a wire of ours, as in the in-memory transport. */
  readonly wire: CallWire | undefined;

  /** @param maxBytes how much the headers may be, and likewise the trailers */
  constructor(maxBytes: number, wire?: CallWire) {
    this.#maxBytes = maxBytes;
    this.wire = wire;
  }

  /** The transport has put the headers on the wire. */
  markHeadersSent(): void {
    this.#headers = "sent";
  }

  setHeader(context: HandlerContext, metadata: WireMetadata): void {
    switch (this.#headers) {
      case "open":
        this.#append(metadata, this.header, context.responseHeader);
        return;
      case "frozen":
        throw new MetadataError("a header was set after sendHeader: set it before, or send it as a trailer");
      case "sent":
        throw new MetadataError("a header was set after the headers were sent: set it before, or send it as a trailer");
    }
  }

  sendHeader(context: HandlerContext, metadata: WireMetadata): void {
    switch (this.#headers) {
      case "open":
        this.#append(metadata, this.header, context.responseHeader);
        this.#headers = "frozen";
        if (context.method.methodKind !== "unary") this.wire?.sendHeader(context);
        return;
      case "frozen":
        throw new MetadataError("sendHeader was called twice: it may be called once");
      case "sent":
        throw new MetadataError(
          "sendHeader was called after the headers were sent: call it once, before the first message",
        );
    }
  }

  setTrailer(context: HandlerContext, metadata: WireMetadata): void {
    this.#append(metadata, this.trailer, context.responseTrailer);
  }

  /** How many bytes of trailers may still be set: as many as the call may have, or less where the client takes less. */
  get trailerRoom(): number {
    const taken = (this.wire?.maxTrailerBytes ?? Number.POSITIVE_INFINITY) - statusBytes;
    return Math.max(Math.min(this.#maxBytes, taken) - this.trailer.bytes, 0);
  }

  #append(metadata: WireMetadata, separate: MetadataStore, joined: Headers): void {
    for (const [key, values] of metadata) {
      const known = separate.values.get(key) ?? [];
      if (singleValuedKeys.has(key) && known.length + values.length > 1) {
        throw new MetadataError(`metadata key "${key}" takes one value only: HTTP gives it a meaning of its own`);
      }
      for (const value of values) separate.bytes += sizeOfEntry(key, value);
      if (separate.bytes > this.#maxBytes) {
        throw new MetadataError(`the metadata is larger than ${this.#maxBytes} bytes: send it in messages`);
      }
      for (const value of values) joined.append(key, value);
      separate.values.set(key, [...known, ...values]);
    }
  }
}

/** What is kept free in a client's block of trailers for the status of the call, its message and its details. */
const statusBytes = 512;

/** Metadata with each value of a key for itself, and its size as HTTP/2 counts it. */
interface MetadataStore {
  readonly values: Map<string, string[]>;
  bytes: number;
}

/** The context value under which the transport hands a handler its call. */
export const callKey = createContextKey<Call | undefined>(undefined, { description: "the call's response metadata" });

/** The call that a handler context belongs to; one that only fills the context where the transport is not ours. */
export function callOf(context: HandlerContext): Call {
  const known = context.values.get(callKey);
  if (known !== undefined) return known;
  const call = new Call(defaultLimits.maxMetadataBytes);
  context.values.set(callKey, call);
  return call;
}
