import type { IncomingMessage, ServerResponse } from "node:http";
import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import type { Exchange, OutgoingHeaders } from "../exchange/exchange.ts";
import { clientGone, drained } from "../exchange/exchange-parts.ts";
import type { Session } from "../port/session.ts";
import type { CallMemory, EndableCall } from "../protection/call-memory.ts";
import type { Limits } from "../protection/limits.ts";
import { watchForStall } from "../protection/stall-watchdog.ts";
import { copySmallChunks } from "../request/copy-small-chunks.ts";
import { RequestBody } from "../request/request-body.ts";
import { responseDefaults } from "../response/response-defaults.ts";
import { LazyHeaders } from "../rpc/lazy-headers.ts";
import { resetStream } from "./reset-stream.ts";

/** An exchange on a stream of an HTTP/2 session. */
export class Http2Exchange implements Exchange, EndableCall {
  readonly httpVersion = "2.0";
  readonly method: string;
  readonly target: string;
  readonly peer: string;
  readonly origin: string;
  readonly body: RequestBody;
  readonly session: Session;
  readonly memory: CallMemory;
  bytesOut = 0;
  extraHeaders: OutgoingHeaders = {};
  readonly #stream: ServerHttp2Stream;
  readonly #incoming: IncomingHttpHeaders;
  readonly #rawHeaders: string[];
  readonly #limits: Limits;
  readonly #abort = new AbortController();
  gone = false;
  #header: Headers | undefined;
  #ended = false;

  constructor(
    stream: ServerHttp2Stream,
    incoming: IncomingHttpHeaders,
    rawHeaders: string[],
    limits: Limits,
    session: Session,
  ) {
    this.#limits = limits;
    this.#stream = stream;
    this.#incoming = incoming;
    this.#rawHeaders = rawHeaders;
    this.method = incoming[":method"] ?? "";
    this.target = incoming[":path"] ?? "/";
    const socket = stream.session?.socket;
    this.peer = `${socket?.remoteAddress}:${socket?.remotePort}`;
    this.origin = `${incoming[":scheme"] ?? "http"}://${incoming[":authority"] ?? incoming.host ?? "unknown"}`;
    this.session = session;
    this.memory = session.open(this);
    copySmallChunks(stream, () => session.reads.countChunk());
    this.body = new RequestBody(stream, session, this.memory);
    // Without a listener a stream that breaks would end the process; "close" follows and tells the rest.
    stream.on("error", ignore);
    // A reset without an error leaves a stream open in Node until all of it was read, which may never be.
    stream.once("aborted", () => {
      if (!this.#ended) setImmediate(() => stream.destroy());
    });
    stream.once("close", () => {
      this.memory.close();
      this.body.close();
      if (this.#ended) return;
      this.gone = true;
      // To end one call is quick, to end all calls of a connection is not.
      session.resume(() => this.#abort.abort(clientGone(`HTTP/2 stream closed with ${resetName(stream.rstCode)}`)));
    });
  }

  get header(): Headers {
    this.#header ??= new LazyHeaders(this.#incoming);
    return this.#header;
  }

  get bytesIn(): number {
    return this.body.bytes;
  }

  get maxHeaderListBytes(): number {
    const told = this.#stream.session?.remoteSettings.maxHeaderListSize ?? notTold;
    return told === notTold ? Number.POSITIVE_INFINITY : told;
  }

  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get responded(): boolean {
    return this.#stream.headersSent;
  }

  respond(status: number, headers: OutgoingHeaders, trailers?: "with trailers"): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    // As a list: Node copies an object twice more.
    const list = [":status", String(status)];
    // Only gRPC has trailers on the wire.
    if (trailers === undefined) addMissing(list, responseDefaults, this.extraHeaders, headers);
    addMissing(list, this.extraHeaders, headers);
    for (const [name, value] of Object.entries(headers)) addLines(list, name, value);
    stream.respond(list, trailers === undefined ? {} : withTrailers);
  }

  /** Nothing to do: Node sends them at the end of this turn, with what of the body there is by then. */
  flush(): void {}

  write(chunks: readonly Uint8Array[]): Promise<void> | undefined {
    const stream = this.#stream;
    let bytes = 0;
    let keepsUp = true;
    if (chunks.length > 1) stream.cork();
    for (const chunk of chunks) {
      bytes += chunk.byteLength;
      keepsUp = stream.write(chunk);
    }
    if (chunks.length > 1) stream.uncork();
    this.bytesOut += bytes;
    return keepsUp ? undefined : drained(stream, { bytes, memory: this.memory, limits: this.#limits });
  }

  end(trailers?: OutgoingHeaders): Promise<void> {
    const stream = this.#stream;
    this.#ended = true;
    if (stream.destroyed || stream.closed) return Promise.resolve();
    // What is not read of the request would keep the stream open in Node, and with it the session.
    void this.body.return();
    stream.resume();
    return new Promise((resolve) => {
      const stalled = setTimeout(() => this.abort(), this.#limits.stallTimeoutMs).unref();
      stream.once("close", () => {
        clearTimeout(stalled);
        resolve();
      });
      stream.once("wantTrailers", () => {
        stream.sendTrailers(trailers ?? {});
        this.#stopRequest();
      });
      if (trailers === undefined) stream.once("finish", () => this.#stopRequest());
      stream.end();
    });
  }

  refuse(reason: ConnectError): void {
    this.body.refuse(reason);
    // What is written can only be taken back with the stream.
    if (this.responded) this.abort();
    else this.cancel(reason);
  }

  cancel(reason: ConnectError): void {
    this.#abort.abort(reason);
  }

  abort(): void {
    this.#ended = true;
    resetStream(this.#stream, constants.NGHTTP2_INTERNAL_ERROR);
  }

  toNode(): { request: IncomingMessage; response: ServerResponse } {
    this.#ended = true;
    const stream = this.#stream;
    const request = new Http2ServerRequest(stream, this.#incoming, {}, this.#rawHeaders);
    const response = new Http2ServerResponse(stream);
    for (const [name, value] of Object.entries({ ...responseDefaults, ...this.extraHeaders })) {
      response.setHeader(name, value);
    }
    watchForStall(stream, this.#limits.stallTimeoutMs, () => this.abort());
    // Node documents the two pairs as compatible; its types do not say so.
    return { request: request as unknown as IncomingMessage, response: response as unknown as ServerResponse };
  }

  /** The client may still be sending what nobody will read: tells it to stop, after the last of the response. */
  #stopRequest(): void {
    const stream = this.#stream;
    if (stream.readableEnded) return;
    // Node hands the response's last frame over at the end of this turn; a reset that is first would cost it.
    setImmediate(() => {
      if (!stream.readableEnded && !stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }
}

const withTrailers = { waitForTrailers: true };

/** Adds the headers that none of `others` has. */
function addMissing(list: string[], added: OutgoingHeaders, ...others: readonly OutgoingHeaders[]): void {
  for (const [name, value] of Object.entries(added)) {
    if (!others.some((headers) => Object.hasOwn(headers, name))) addLines(list, name, value);
  }
}

function addLines(list: string[], name: string, value: string | readonly string[]): void {
  if (typeof value === "string") list.push(name, value);
  else for (const each of value) list.push(name, each);
}

/** What Node has for a setting that a client has not sent. */
const notTold = 2 ** 32 - 1;

const resetNamePattern =
  /^NGHTTP2_((NO|PROTOCOL|INTERNAL|FLOW_CONTROL|FRAME_SIZE|COMPRESSION|CONNECT)_ERROR|SETTINGS_TIMEOUT|STREAM_CLOSED|REFUSED_STREAM|CANCEL|ENHANCE_YOUR_CALM|INADEQUATE_SECURITY|HTTP_1_1_REQUIRED)$/;

const resetNames = new Map<number, string>(
  Object.entries(constants)
    .filter(([name]) => resetNamePattern.test(name))
    .map(([name, code]) => [Number(code), name.slice("NGHTTP2_".length)]),
);

function resetName(code: number | undefined): string {
  return resetNames.get(code ?? -1) ?? `code ${code}`;
}

function ignore(): void {}
