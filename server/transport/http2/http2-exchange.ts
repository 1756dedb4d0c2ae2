import type { IncomingMessage, ServerResponse } from "node:http";
import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import {
  defaultResponseHeaders,
  type Exchange,
  type OutgoingHeaders,
  type ResponseRest,
} from "../exchange/exchange.ts";
import { LazyHeaders } from "../exchange/lazy-headers.ts";
import type { Connection } from "../port/client-connection.ts";
import type { CallMemory, EndableCall } from "../protection/call-memory-budget.ts";
import type { Limits } from "../protection/default-limits.ts";
import { awaitDrain, clientDisconnected, watchForStall } from "../protection/stalled-client-timeout.ts";
import { RequestBody } from "../request/request-body.ts";

/** An exchange on a stream of an HTTP/2 session. https://www.rfc-editor.org/rfc/rfc9113#section-8.1 */
export class Http2Exchange implements Exchange, EndableCall {
  readonly httpVersion = "2.0";
  readonly method: string;
  readonly target: string;
  readonly peer: string;
  readonly origin: string;
  readonly namesHost: boolean;
  readonly body: RequestBody;
  readonly connection: Connection;
  readonly memory: CallMemory;
  bytesOut = 0;
  extraHeaders: OutgoingHeaders = {};
  readonly #stream: ServerHttp2Stream;
  readonly #incoming: IncomingHttpHeaders;
  readonly #rawHeaders: string[];
  readonly #limits: Limits;
  readonly #abort = new AbortController();
  disconnected = false;
  #header: Headers | undefined;
  #hasEnded = false;

  constructor(
    stream: ServerHttp2Stream,
    incoming: IncomingHttpHeaders,
    rawHeaders: string[],
    limits: Limits,
    connection: Connection,
  ) {
    this.#limits = limits;
    this.#stream = stream;
    this.#incoming = incoming;
    this.#rawHeaders = rawHeaders;
    this.method = incoming[":method"] ?? "";
    this.target = incoming[":path"] ?? "/";
    this.peer = connection.address;
    const authority = incoming[":authority"] ?? incoming.host;
    this.namesHost = authority !== undefined;
    this.origin = `${incoming[":scheme"] ?? "http"}://${authority ?? "unknown"}`;
    this.connection = connection;
    this.memory = connection.open(this);
    this.body = new RequestBody(stream, connection, this.memory);
    // Without a listener an error of the stream would end the process. "close" follows.
    stream.on("error", ignore);
    // After a reset without an error Node keeps a stream open until all of it is read, which may never happen.
    stream.on("aborted", () => {
      if (!this.#hasEnded) setImmediate(() => stream.destroy());
    });
    stream.on("close", () => {
      this.memory.close();
      this.body.close();
      if (this.#hasEnded) return;
      this.disconnected = true;
      // The abort is a scheduled step: ending one call is fast, but a closed connection ends all of its calls at once,
      // which would block the event loop.
      connection.resume(() =>
        this.#abort.abort(clientDisconnected(`HTTP/2 stream closed with ${resetName(stream.rstCode)}`)),
      );
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
    const announced = this.#stream.session?.remoteSettings.maxHeaderListSize ?? notAnnounced;
    return announced === notAnnounced ? Number.POSITIVE_INFINITY : announced;
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

  respond(status: number, headers: OutgoingHeaders, rest?: ResponseRest): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    // Passes the headers to Node as a flat list of names and values: Node would copy an object twice more.
    const list = [":status", String(status)];
    // Only gRPC sends trailers, and needs no default headers.
    if (rest !== "with trailers") addMissing(list, defaultResponseHeaders, this.extraHeaders, headers);
    addMissing(list, this.extraHeaders, headers);
    for (const [name, value] of Object.entries(headers)) addFields(list, name, value);
    stream.respond(list, rest === "with trailers" ? withTrailers : { endStream: rest === "without body" });
  }

  /** Does nothing: Node sends the headers at the end of this turn, with the bytes of the body that are written by then. */
  flush(): void {}

  write(chunks: readonly Uint8Array[]): Promise<void> | undefined {
    const stream = this.#stream;
    if (this.method === "HEAD") return undefined; // Node has ended the response with its headers
    let bytes = 0;
    let keepsUp = true;
    if (chunks.length > 1) stream.cork();
    for (const chunk of chunks) {
      bytes += chunk.byteLength;
      keepsUp = stream.write(chunk);
    }
    if (chunks.length > 1) stream.uncork();
    this.bytesOut += bytes;
    return keepsUp ? undefined : awaitDrain(stream, { bytes, memory: this.memory, limits: this.#limits });
  }

  end(trailers?: OutgoingHeaders): Promise<void> {
    const stream = this.#stream;
    this.#hasEnded = true;
    if (stream.destroyed || stream.closed) return Promise.resolve();
    // Unread bytes of the request would keep the stream open in Node, and with it the session.
    void this.body.return();
    stream.resume();
    return new Promise((resolve) => {
      const stallTimer = setTimeout(() => this.abort(), this.#limits.stallTimeoutMs).unref();
      stream.on("close", () => {
        clearTimeout(stallTimer);
        resolve();
      });
      stream.on("wantTrailers", () => {
        stream.sendTrailers(trailers ?? {});
        this.#stopRequest();
      });
      if (trailers === undefined) stream.on("finish", () => this.#stopRequest());
      stream.end();
    });
  }

  refuse(reason: ConnectError): void {
    this.body.refuse(reason);
    // A response that has begun can only be revoked by a reset of the stream.
    if (this.responded) this.abort();
    else this.cancel(reason);
  }

  cancel(reason: ConnectError): void {
    this.#abort.abort(reason);
  }

  abort(): void {
    this.#hasEnded = true;
    resetStream(this.#stream, constants.NGHTTP2_INTERNAL_ERROR);
  }

  toNode(): { request: IncomingMessage; response: ServerResponse } {
    this.#hasEnded = true;
    const stream = this.#stream;
    const request = new Http2ServerRequest(stream, this.#incoming, {}, this.#rawHeaders);
    const response = new Http2ServerResponse(stream);
    for (const [name, value] of Object.entries({ ...defaultResponseHeaders, ...this.extraHeaders })) {
      response.setHeader(name, value);
    }
    watchForStall(stream, this.#limits.stallTimeoutMs, () => this.abort());
    // Node documents the classes as compatible. Its types are not.
    return { request: request as unknown as IncomingMessage, response: response as unknown as ServerResponse };
  }

  /**
   * Resets the stream with NO_ERROR after the response if the client still sends its request. The reset asks the client to
   * stop.
   * https://www.rfc-editor.org/rfc/rfc9113#section-8.1
   */
  #stopRequest(): void {
    const stream = this.#stream;
    if (stream.readableEnded) return;
    // A reset before the last frame of the response would discard it.
    const reset = (nextMs: number) => {
      if (stream.readableEnded || stream.closed || stream.destroyed) return;
      if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
      else setTimeout(reset, nextMs, Math.min(2 * nextMs, maxResetDelayMs)).unref();
    };
    setImmediate(reset, 1);
  }
}

const withTrailers = { waitForTrailers: true };

/** The maximum time between two checks whether the last frame of a response is sent, in milliseconds. */
const maxResetDelayMs = 1_000;

/** Adds the headers that are not in `others`. */
function addMissing(list: string[], added: OutgoingHeaders, ...others: readonly OutgoingHeaders[]): void {
  for (const [name, value] of Object.entries(added)) {
    if (!others.some((headers) => Object.hasOwn(headers, name))) addFields(list, name, value);
  }
}

function addFields(list: string[], name: string, value: string | readonly string[]): void {
  if (typeof value === "string") list.push(name, value);
  else for (const each of value) list.push(name, each);
}

/** The value that Node has for a setting which the client has not sent. */
const notAnnounced = 2 ** 32 - 1;

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

/**
 * An exchange on a stream that Node has already wrapped as a request and a response, for `createRequestListener`. Both can
 * be used until `respond` is called.
 */
export class Http2CompatExchange extends Http2Exchange {
  readonly #stream: Http2ServerRequest["stream"];
  readonly #response: Http2ServerResponse;

  constructor(request: Http2ServerRequest, response: Http2ServerResponse, limits: Limits, connection: Connection) {
    super(request.stream, request.headers, request.rawHeaders, limits, connection);
    this.#stream = request.stream;
    this.#response = response;
  }

  override respond(status: number, headers: OutgoingHeaders, rest?: ResponseRest): void {
    // Node's response would send its own trailers on this event, and a stream can send them only once.
    this.#stream.removeAllListeners("wantTrailers");
    this.extraHeaders = { ...outgoingHeadersOf(this.#response.getHeaders()), ...this.extraHeaders };
    super.respond(status, headers, rest);
  }
}

/** Returns the headers that middleware has set on Node's response. */
function outgoingHeadersOf(headers: OutgoingHttpHeaders): OutgoingHeaders {
  const outgoing: OutgoingHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) outgoing[name] = Array.isArray(value) ? value : String(value);
  }
  return outgoing;
}

/**
 * Ends a stream with RST_STREAM, even if its client reads nothing: `close` alone would keep such a stream open.
 *
 * Node discards an RST_STREAM that waits for an earlier write if the stream is destroyed meanwhile. So the stream is
 * destroyed in the next turn of the event loop, after Node has written the frame.
 */
export function resetStream(stream: ServerHttp2Stream, code: number): void {
  if (stream.destroyed) return;
  stream.close(code);
  setImmediate(() => stream.destroy());
}
