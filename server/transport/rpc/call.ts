import type { DescMessage } from "@bufbuild/protobuf";
import { type ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { defaultLimits } from "../protection/default-limits.ts";
import { localPeer } from "../protection/peer-key.ts";
import type { ClientIdleTimeout, IdlePolicy } from "../request/client-idle-timeout.ts";
import type { RequestMessages } from "../request/read-request-messages.ts";
import type { EnvelopeWriter } from "../response/response-pump.ts";
import { MetadataError, singleValuedKeys, sizeOfEntry, type WireMetadata } from "./metadata-rules.ts";

/** The request and the response of a call, as its handler and its interceptors reach them. */
export interface CallWire {
  /** Returns the ConnectError for an error that a handler threw, or the error itself. */
  mapError(error: unknown): unknown;
  /** Sends the response headers at once, before the first message. */
  sendHeader(context: HandlerContext): void;
  /**
   * Returns a writer of binary messages that bypasses Connect's pipeline; undefined if the messages are JSON. The headers
   * are sent before the first message, unless they were sent already.
   */
  openEnvelopes(header: Headers, schema: DescMessage): EnvelopeWriter | undefined;
  /** The largest block of trailers that the client accepts, as HTTP/2 counts it; Infinity if it announces none. */
  readonly maxTrailerBytes: number;
  /** The key of the client: see `peerKeyOf`. */
  readonly peer: string;
  /** The error of a call that the server refuses; undefined if it serves the call. */
  readonly refusal: ConnectError | undefined;
  /** The messages of the request, which bypass Connect's pipeline. Undefined if Connect refuses the content type. */
  readonly requests: RequestMessages | undefined;
  /** Runs a further step of the call after the steps of other calls that are queued. */
  enqueue(step: () => void): void;
  /** The timeout for a client that sends nothing; undefined if the client sends only one message. */
  readonly idleTimeout: ClientIdleTimeout | undefined;
  /** Ends the requests with an error, which a pending read gets too. */
  failRequests(error: Error): void;
}

/**
 * One call: the metadata of its response, its message counts, and the reason if it fails.
 *
 * Metadata is kept twice: joined in the context's `Headers`, which Connect's protocols read, and as separate values
 * here. `Headers` joins two values of a key, and gRPC sends them as two header fields.
 */
export class Call {
  readonly header: MetadataStore = { values: new Map(), bytes: 0 };
  readonly trailer: MetadataStore = { values: new Map(), bytes: 0 };
  messagesIn = 0;
  messagesOut = 0;
  /** The error that the handler threw, for the log. */
  failure: unknown;
  #headers: "open" | "frozen" | "sent" = "open";
  readonly #maxBytes: number;
  /** Undefined if another transport serves the call, as in memory. */
  readonly wire: CallWire | undefined;

  /** @param maxBytes the limit of the headers, and likewise of the trailers */
  constructor(maxBytes: number, wire?: CallWire) {
    this.#maxBytes = maxBytes;
    this.wire = wire;
  }

  /** Records that the transport has sent the headers: none can be added. */
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

  /** The bytes of trailers that may still be set: within the limit of the server, and of the client if it has one. */
  get trailerCapacity(): number {
    const accepted = (this.wire?.maxTrailerBytes ?? Number.POSITIVE_INFINITY) - statusBytes;
    return Math.max(Math.min(this.#maxBytes, accepted) - this.trailer.bytes, 0);
  }

  #append(metadata: WireMetadata, separate: MetadataStore, joined: Headers): void {
    for (const [key, values] of metadata) {
      const known = separate.values.get(key) ?? [];
      if (singleValuedKeys.has(key) && known.length + values.length > 1) {
        throw new MetadataError(`metadata key "${key}" takes one value only, as in HTTP: set it once`);
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

/** Bytes of a client's trailer block that are reserved for the status of the call, its message and its details. */
const statusBytes = 512;

/** Metadata with separate values for each key. */
interface MetadataStore {
  readonly values: Map<string, string[]>;
  /** Its size as HTTP/2 counts it. */
  bytes: number;
}

/** The context value in which the transport passes a call to its handler. */
export const callKey = createContextKey<Call | undefined>(undefined, { description: "the call's response metadata" });

/** Returns the call of a handler context. On another transport, makes one that only fills the context. */
export function callOf(context: HandlerContext): Call {
  const known = context.values.get(callKey);
  if (known !== undefined) return known;
  const call = new Call(defaultLimits.maxMetadataBytes);
  context.values.set(callKey, call);
  return call;
}

/**
 * Returns the key of the client that calls, by which its use of limits is counted: its IP address, or for IPv6
 * its /64 prefix.
 * On another transport, as in memory, all calls have one client, `local`.
 */
export function peerOf(context: HandlerContext): string {
  return callOf(context).wire?.peer ?? localPeer;
}

/** Replaces the idle limits of a call whose client streams. Does nothing on other transports. */
export function setIdlePolicy(context: HandlerContext, policy: IdlePolicy): void {
  callOf(context).wire?.idleTimeout?.setPolicy(policy);
}

/**
 * Ends the requests of a call with an error, which a pending read gets too. For a handler that stops while its client is
 * idle.
 * Does nothing on other transports.
 */
export function failRequests(context: HandlerContext, error: Error): void {
  callOf(context).wire?.failRequests(error);
}
