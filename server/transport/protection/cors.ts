import { cors } from "@connectrpc/connect";
import type { Exchange, OutgoingHeaders } from "../exchange/exchange.ts";

/** Which pages of other origins may call, and what they may see. */
export interface CorsOptions {
  /** Origins as browsers send them, such as `https://example.org`; `*` allows every page. */
  readonly origins: readonly string[];
  /** The names of headers and trailers of the services' own that pages may read. */
  readonly exposedNames: readonly string[];
}

/** How long a browser may remember the answer to a preflight, in seconds. Chromium remembers no longer than that. */
const preflightMaxAgeSeconds = 7_200;

/**
 * Answers preflights, and gives the headers that every other response to an allowed page needs.
 *
 * Returns "answered" for a preflight, which needs no more; else the headers to add to the response.
 */
export function createCors(options: CorsOptions): (exchange: Exchange) => "answered" | OutgoingHeaders {
  const anyOrigin = options.origins.includes("*");
  const origins = new Set(options.origins);
  const exposed = options.exposedNames.flatMap((name) => [name, `trailer-${name}`]);
  const exposedHeaders = [...cors.exposedHeaders, ...exposed].join(", ");

  return (exchange) => {
    // A cache must not give one page the answer that was meant for another.
    const vary: OutgoingHeaders = anyOrigin ? {} : { vary: "Origin" };
    const origin = exchange.header.get("origin");
    const isPreflight = exchange.method === "OPTIONS" && exchange.header.has("access-control-request-method");
    if (origin === null || !(anyOrigin || origins.has(origin))) {
      if (!isPreflight) return vary;
      exchange.respond(403, vary);
      void exchange.end();
      return "answered";
    }
    const allowed = { ...vary, "access-control-allow-origin": anyOrigin ? "*" : origin };
    if (!isPreflight) return { ...allowed, "access-control-expose-headers": exposedHeaders };
    exchange.respond(204, {
      ...allowed,
      "access-control-allow-methods": cors.allowedMethods.join(", "),
      "access-control-allow-headers": cors.allowedHeaders.join(", "),
      "access-control-max-age": String(preflightMaxAgeSeconds),
    });
    void exchange.end();
    return "answered";
  };
}
