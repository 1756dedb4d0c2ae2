import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
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

/** An exchange on a connection of HTTP/1.1 or 1.0. Trailers are not sent: no protocol that needs them is served there. */
export class Http1Exchange implements Exchange, EndableCall {
  readonly httpVersion: "1.0" | "1.1";
  readonly method: string;
  readonly target: string;
  readonly peer: string;
  readonly origin: string;
  readonly body: RequestBody;
  readonly session: Session;
  readonly memory: CallMemory;
  readonly maxHeaderListBytes = Number.POSITIVE_INFINITY;
  bytesOut = 0;
  extraHeaders: OutgoingHeaders = {};
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limits: Limits;
  readonly #abort = new AbortController();
  gone = false;
  #header: Headers | undefined;
  #ended = false;

  constructor(request: IncomingMessage, response: ServerResponse, limits: Limits, session: Session) {
    this.#limits = limits;
    this.#request = request;
    this.#response = response;
    this.httpVersion = request.httpVersion === "1.0" ? "1.0" : "1.1";
    this.method = request.method ?? "";
    this.target = request.url ?? "/";
    this.peer = `${request.socket.remoteAddress}:${request.socket.remotePort}`;
    const scheme = (request.socket as Partial<TLSSocket>).encrypted === true ? "https" : "http";
    this.origin = `${scheme}://${request.headers.host ?? "unknown"}`;
    this.session = session;
    this.memory = session.open(this);
    copySmallChunks(request, () => session.reads.countChunk());
    this.body = new RequestBody(request, session, this.memory);
    // Without listeners a connection that breaks would end the process; "close" follows and tells the rest.
    request.on("error", ignore);
    response.on("error", ignore);
    response.once("close", () => {
      this.memory.close();
      this.body.close();
      if (this.#ended) return;
      this.gone = true;
      // To end one call is quick, to end all calls of a connection is not.
      session.resume(() => this.#abort.abort(clientGone("connection closed")));
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
    this.#response.writeHead(status, { ...responseDefaults, ...this.extraHeaders, ...headers });
  }

  flush(): void {
    this.#response.flushHeaders();
  }

  write(chunks: readonly Uint8Array[]): Promise<void> | undefined {
    // As one: each write is a chunk of its own on the wire, and a corked response does not say when it drains.
    const [first] = chunks;
    const all = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    this.bytesOut += all.byteLength;
    if (this.#response.write(all)) return undefined;
    return drained(this.#response, { bytes: all.byteLength, memory: this.memory, limits: this.#limits });
  }

  end(): Promise<void> {
    const response = this.#response;
    this.#ended = true;
    if (response.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const stalled = setTimeout(() => this.abort(), this.#limits.stallTimeoutMs).unref();
      response.once("close", () => {
        clearTimeout(stalled);
        resolve();
      });
      response.once("finish", () => this.#discardRest());
      if (!this.#request.complete) closeInStages(this.#request.socket, this.#limits.lingerMs);
      response.end();
    });
  }

  refuse(reason: ConnectError): void {
    this.body.refuse(reason);
    // What is written can only be taken back with the connection.
    if (this.responded) this.abort();
    else this.cancel(reason);
  }

  cancel(reason: ConnectError): void {
    this.#abort.abort(reason);
  }

  abort(): void {
    this.#ended = true;
    this.#response.destroy();
  }

  toNode(): { request: IncomingMessage; response: ServerResponse } {
    this.#ended = true;
    const response = this.#response;
    for (const [name, value] of Object.entries({ ...responseDefaults, ...this.extraHeaders })) {
      response.setHeader(name, value);
    }
    watchForStall(response, this.#limits.stallTimeoutMs, () => this.abort());
    response.once("finish", () => this.#discardRest());
    if (!this.#request.complete) closeInStages(this.#request.socket, this.#limits.lingerMs);
    return { request: this.#request, response };
  }

  /** The client may still be sending what nobody will read. To close at once could cost it the response. */
  #discardRest(): void {
    const request = this.#request;
    if (request.complete) return;
    const timer = setTimeout(() => {
      // By now the connection may be at its next request.
      if (!request.complete) request.destroy();
    }, this.#limits.lingerMs);
    request.once("close", () => clearTimeout(timer));
    this.body.discard();
  }
}

/**
 * Keeps Node from closing the connection with the response where it is not kept alive. The system would answer what the
 * client still sends with a reset, and that could cost it the response: first only this side is closed, and the other
 * with the client's, at the latest after `lingerMs`. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
function closeInStages(socket: Socket, lingerMs: number): void {
  socket.destroySoon = () => {
    socket.end();
    const late = setTimeout(() => socket.destroy(), lingerMs);
    socket.once("close", () => clearTimeout(late));
  };
}

function ignore(): void {}
