import { isIP } from "node:net";
import type { Exchange } from "./exchange.ts";
import { maxEchoBytes, truncateText } from "./truncate-text.ts";

/** Whom a server trusts to be spoken to as, and from. */
export interface TrustedOrigins {
  /** Host names under which the server may be addressed, besides IP addresses and `localhost`. */
  readonly hosts: readonly string[];
  /** Origins whose pages may call, besides the server's own; `*` is every page. */
  readonly origins: readonly string[];
}

/**
 * Finds requests that a page of someone else's made a browser send: by another origin's name (cross-site request
 * forgery), or by a name of the page's own that was pointed at this machine (DNS rebinding).
 *
 * The returned function says what is wrong with an exchange; `undefined` where nothing is.
 */
export function createOriginCheck({ hosts, origins }: TrustedOrigins): (exchange: Exchange) => string | undefined {
  const trustedHosts = new Set(hosts.map((host) => host.toLowerCase()));
  const trustedOrigins = new Set(origins);

  function hostProblem(exchange: Exchange): string | undefined {
    // Rebinding needs a browser that speaks to a bare port: none speaks HTTP/2 there, and over TLS the name of the
    // certificate would not fit.
    if (exchange.httpVersion === "2.0" || exchange.origin.startsWith("https:")) return undefined;
    if (!URL.canParse(exchange.origin)) return "the Host header is malformed";
    const { hostname } = new URL(exchange.origin);
    if (hostname === "localhost" || hostname.endsWith(".localhost") || trustedHosts.has(hostname)) return undefined;
    if (isIP(hostname.replace(/^\[(.*)\]$/, "$1")) !== 0) return undefined;
    const name = truncateText(hostname, maxEchoBytes);
    return `this server does not go by the name ${name}: use its address, or add ${name} to its allowed hosts`;
  }

  function originProblem(exchange: Exchange): string | undefined {
    const origin = exchange.header.get("origin");
    if (origin === null || trustedOrigins.has("*") || trustedOrigins.has(origin)) return undefined;
    // Only the host counts: a proxy in front may have taken the TLS off.
    if (URL.canParse(origin) && URL.canParse(exchange.origin)) {
      if (new URL(origin).host === new URL(exchange.origin).host) return undefined;
    }
    const shown = truncateText(origin, maxEchoBytes);
    return `pages of ${shown} may not call this server: add the origin to those that it allows`;
  }

  return (exchange) => hostProblem(exchange) ?? originProblem(exchange);
}
