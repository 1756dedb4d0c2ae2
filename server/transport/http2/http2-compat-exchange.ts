import type { Http2ServerRequest, Http2ServerResponse, OutgoingHttpHeaders } from "node:http2";
import type { OutgoingHeaders } from "../exchange/exchange.ts";
import type { Session } from "../port/session.ts";
import type { Limits } from "../protection/limits.ts";
import { Http2Exchange } from "./http2-exchange.ts";

/**
 * An exchange on a stream of an HTTP/2 server of somebody else's, which has already wrapped it as a request and a
 * response. Until `respond` is called both can be used as if there were no exchange.
 */
export class Http2CompatExchange extends Http2Exchange {
  readonly #stream: Http2ServerRequest["stream"];
  readonly #response: Http2ServerResponse;

  constructor(request: Http2ServerRequest, response: Http2ServerResponse, limits: Limits, session: Session) {
    super(request.stream, request.headers, request.rawHeaders, limits, session);
    this.#stream = request.stream;
    this.#response = response;
  }

  override respond(status: number, headers: OutgoingHeaders, trailers?: "with trailers"): void {
    // Node's response would answer this event first, with trailers of its own, and a stream has them only once.
    this.#stream.removeAllListeners("wantTrailers");
    this.extraHeaders = { ...setByOthers(this.#response.getHeaders()), ...this.extraHeaders };
    super.respond(status, headers, trailers);
  }
}

/** The headers that middleware has set on Node's response by now. */
function setByOthers(headers: OutgoingHttpHeaders): OutgoingHeaders {
  const set: OutgoingHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) set[name] = Array.isArray(value) ? value : String(value);
  }
  return set;
}
