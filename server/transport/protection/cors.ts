import { cors } from "@connectrpc/connect";
import type { Exchange, OutgoingHeaders } from "../exchange/exchange.ts";
import { matchOrigins } from "./host-patterns.ts";

/** The pages of other origins that may call, and the headers that they may read. */
export interface CorsOptions {
  /** Patterns of origins, such as `https://example.org`: see `matchOrigins`. `*` allows every page. */
  readonly origins: readonly string[];
  /** The names of the services' headers and trailers that pages may read. */
  readonly exposedNames: readonly string[];
}

/** How long a browser may cache a preflight response, in seconds: the maximum in Chromium. */
const preflightMaxAgeSeconds = 7_200;

/**
 * Makes a function that answers preflights, and returns "answered" for them. For other requests it returns the headers to
 * add to the response. https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function createCors(options: CorsOptions): (exchange: Exchange) => "answered" | OutgoingHeaders {
  const anyOrigin = options.origins.includes("*");
  const isAllowed = matchOrigins(options.origins);
  const exposed = options.exposedNames.flatMap((name) => [name, `trailer-${name}`]);
  const exposedHeaders = [...cors.exposedHeaders, ...exposed].join(", ");

  return (exchange) => {
    // Otherwise a cache could return the response for one page to another page.
    const vary: OutgoingHeaders = anyOrigin ? {} : { vary: "Origin" };
    const origin = exchange.header.get("origin");
    const isPreflight = exchange.method === "OPTIONS" && exchange.header.has("access-control-request-method");
    if (origin === null || !isAllowed(origin)) {
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
