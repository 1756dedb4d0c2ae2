import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ConnectError } from "@connectrpc/connect";
import type { Exchange, OutgoingHeaders } from "./exchange.ts";
import { clientGone, drained } from "./exchange-parts.ts";
import { LightHeaders } from "./light-headers.ts";
import type { Limits } from "./limits.ts";
import { RequestBody } from "./request-body.ts";

/** An exchange on a connection of HTTP/1.1 or 1.0. Trailers are not sent: no protocol that needs them is served there. */
export class Http1Exchange implements Exchange {
  readonly httpVersion: "1.0" | "1.1";
  readonly method: string;
  readonly target: string;
  readonly peer: string;
  readonly origin: string;
  readonly body: RequestBody;
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

  constructor(request: IncomingMessage, response: ServerResponse, limits: Limits) {
    this.#limits = limits;
    this.#request = request;
    this.#response = response;
    this.httpVersion = request.httpVersion === "1.0" ? "1.0" : "1.1";
    this.method = request.method ?? "";
    this.target = request.url ?? "/";
    this.peer = `${request.socket.remoteAddress}:${request.socket.remotePort}`;
    const scheme = (request.socket as Partial<TLSSocket>).encrypted === true ? "https" : "http";
    this.origin = `${scheme}://${request.headers.host ?? "unknown"}`;
    this.body = new RequestBody(request);
    // Without listeners a connection that breaks would end the process; "close" follows and tells the rest.
    request.on("error", ignore);
    response.on("error", ignore);
    response.once("close", () => {
      if (this.#ended) return;
      this.gone = true;
      this.#abort.abort(clientGone("connection closed"));
    });
  }

  get header(): Headers {
    this.#header ??= new LightHeaders(this.#request.headers);
    return this.#header;
  }

  get bytesIn(): number {
    return this.body.bytes;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get responded(): boolean {
    return this.#response.headersSent;
  }

  respond(status: number, headers: OutgoingHeaders): void {
    if (this.#response.destroyed) return;
    this.#response.writeHead(status, { ...this.extraHeaders, ...headers });
  }

  flush(): void {
    this.#response.flushHeaders();
  }

  write(chunks: readonly Uint8Array[]): Promise<void> | undefined {
    // As one: each write is a chunk of its own on the wire, and a corked response does not say when it drains.
    const [first] = chunks;
    const all = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    this.bytesOut += all.byteLength;
    return this.#response.write(all) ? undefined : drained(this.#response, this.#limits.stallTimeoutMs);
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

  cancel(reason: ConnectError): void {
    this.#abort.abort(reason);
  }

  abort(): void {
    this.#ended = true;
    this.#response.destroy();
  }

  toNode(): { request: IncomingMessage; response: ServerResponse } {
    this.#ended = true;
    return { request: this.#request, response: this.#response };
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
