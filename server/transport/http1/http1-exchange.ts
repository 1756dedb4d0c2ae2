import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ConnectError } from "@connectrpc/connect";
import { defaultResponseHeaders, type Exchange, type OutgoingHeaders } from "../exchange/exchange.ts";
import { LazyHeaders } from "../exchange/lazy-headers.ts";
import type { Connection } from "../port/client-connection.ts";
import type { CallMemory, EndableCall } from "../protection/call-memory-budget.ts";
import type { Limits } from "../protection/default-limits.ts";
import { awaitDrain, clientDisconnected, watchForStall } from "../protection/stalled-client-timeout.ts";
import { RequestBody } from "../request/request-body.ts";

/** An exchange on an HTTP/1.1 or HTTP/1.0 connection. Sends no trailers: only gRPC needs them, which requires HTTP/2. */
export class Http1Exchange implements Exchange, EndableCall {
  readonly httpVersion: "1.0" | "1.1";
  readonly method: string;
  readonly target: string;
  readonly peer: string;
  readonly origin: string;
  readonly namesHost: boolean;
  readonly body: RequestBody;
  readonly connection: Connection;
  readonly memory: CallMemory;
  readonly maxHeaderListBytes = Number.POSITIVE_INFINITY;
  bytesOut = 0;
  extraHeaders: OutgoingHeaders = {};
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limits: Limits;
  readonly #abort = new AbortController();
  disconnected = false;
  #header: Headers | undefined;
  #hasEnded = false;

  constructor(request: IncomingMessage, response: ServerResponse, limits: Limits, connection: Connection) {
    this.#limits = limits;
    this.#request = request;
    this.#response = response;
    this.httpVersion = request.httpVersion === "1.0" ? "1.0" : "1.1";
    this.method = request.method ?? "";
    const { target, authority = request.headers.host ?? "" } = parseTarget(request.url ?? "/");
    this.target = target;
    request.url = target; // for code that needs Node's request
    this.peer = connection.address;
    const scheme = (request.socket as Partial<TLSSocket>).encrypted === true ? "https" : "http";
    this.namesHost = authority !== "";
    this.origin = `${scheme}://${this.namesHost ? authority : "unknown"}`;
    this.connection = connection;
    this.memory = connection.open(this);
    this.body = new RequestBody(request, connection, this.memory);
    // Without listeners an error of the connection would end the process. "close" follows.
    request.on("error", ignore);
    response.on("error", ignore);
    response.once("close", () => {
      this.memory.close();
      this.body.close();
      if (this.#hasEnded) return;
      this.disconnected = true;
      // The abort is a scheduled step: ending one call is fast, but a closed connection ends all of its calls at once,
      // which would block the event loop.
      connection.resume(() => this.#abort.abort(clientDisconnected("connection closed")));
    });
  }

  get header(): Headers {
    this.#header ??= new LazyHeaders(this.#request.headers);
    return this.#header;
  }

  get bytesIn(): number {
    return this.body.bytes;
  }

  get unsentBytes(): number {
    return this.#response.writableLength;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get responded(): boolean {
    return this.#response.headersSent;
  }

  respond(status: number, headers: OutgoingHeaders): void {
    if (this.#response.destroyed) return;
    this.#response.writeHead(status, { ...defaultResponseHeaders, ...this.extraHeaders, ...headers });
  }

  flush(): void {
    this.#response.flushHeaders();
  }

  write(chunks: readonly Uint8Array[]): Promise<void> | undefined {
    // All bytes are passed in one write, because each write is a chunk on the wire, and a corked response emits no
    // "drain".
    const [first] = chunks;
    const bytes = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    this.bytesOut += bytes.byteLength;
    if (this.#response.write(bytes)) return undefined;
    return awaitDrain(this.#response, { bytes: bytes.byteLength, memory: this.memory, limits: this.#limits });
  }

  end(): Promise<void> {
    const response = this.#response;
    this.#hasEnded = true;
    if (response.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const stallTimer = setTimeout(() => this.abort(), this.#limits.stallTimeoutMs).unref();
      response.once("close", () => {
        clearTimeout(stallTimer);
        resolve();
      });
      response.once("finish", () => this.#discardRequest());
      if (!this.#request.complete) closeInStages(this.#request.socket, this.#limits.lingerMs);
      response.end();
    });
  }

  refuse(reason: ConnectError): void {
    this.body.refuse(reason);
    // A response that has begun can only be revoked by closing the connection.
    if (this.responded) this.abort();
    else this.cancel(reason);
  }

  cancel(reason: ConnectError): void {
    this.#abort.abort(reason);
  }

  abort(): void {
    this.#hasEnded = true;
    this.#response.destroy();
  }

  toNode(): { request: IncomingMessage; response: ServerResponse } {
    this.#hasEnded = true;
    const response = this.#response;
    for (const [name, value] of Object.entries({ ...defaultResponseHeaders, ...this.extraHeaders })) {
      response.setHeader(name, value);
    }
    watchForStall(response, this.#limits.stallTimeoutMs, () => this.abort());
    response.once("finish", () => this.#discardRequest());
    if (!this.#request.complete) closeInStages(this.#request.socket, this.#limits.lingerMs);
    return { request: this.#request, response };
  }

  /** Discards the rest of the request for up to `lingerMs`: to close at once could cost the client the response. */
  #discardRequest(): void {
    const request = this.#request;
    if (request.complete) return;
    const timer = setTimeout(() => {
      // If the request is complete, the connection may be at its next one.
      if (!request.complete) request.destroy();
    }, this.#limits.lingerMs);
    request.once("close", () => clearTimeout(timer));
    this.body.discard();
  }
}

/**
 * Divides the target of a request. A client of a proxy sends the whole URL, the absolute form, whose host takes precedence
 * over the Host header. https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
 */
function parseTarget(target: string): { readonly target: string; readonly authority?: string } {
  const [, authority, path = ""] = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(target) ?? [];
  if (authority === undefined) return { target };
  return { target: path.startsWith("/") ? path : `/${path}`, authority };
}

/**
 * Closes only our half of a connection after the response, and the other half when the client closes it, at the latest
 * after `lingerMs`. Node would close both if the connection is not kept alive. The system would then respond with a reset to
 * further bytes of the client, and the client could lose the response.
 * https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
function closeInStages(socket: Socket, lingerMs: number): void {
  socket.destroySoon = () => {
    socket.end();
    const lingerTimer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once("close", () => clearTimeout(lingerTimer));
  };
}

function ignore(): void {}
