import { isIP } from "node:net";
import { Code } from "@connectrpc/connect";
import type { Exchange } from "../exchange/exchange.ts";
import { maxEchoBytes, truncateText } from "../response/truncate-error.ts";
import { codeName } from "../rpc/call-record.ts";

/** Whom a server trusts to be spoken to as, and from. */
export interface TrustedOrigins {
  /** Host names under which the server may be addressed, besides IP addresses and `localhost`. */
  readonly hosts: readonly string[];
  /** Origins whose pages may call, besides the server's own; `*` is every page. */
  readonly origins: readonly string[];
}

/** Why a request is refused: with which status of HTTP, and a sentence. */
export interface OriginProblem {
  readonly status: 403 | 421;
  readonly message: string;
}

/** Says what is wrong with where a request comes from; `undefined` if nothing is. */
export interface OriginCheck {
  /** For every request: the name by which the server is called, and the origin of the page that calls it. */
  problemOf(exchange: Exchange): OriginProblem | undefined;
  /** For RPCs besides: whether a page of another origin makes a browser send it without saying which. */
  problemOfCall(exchange: Exchange): OriginProblem | undefined;
}

/**
 * Finds requests that a page of someone else's made a browser send: by another origin's name (cross-site request
 * forgery), or by a name of the page's own that was pointed at this machine (DNS rebinding).
 *
 * Browsers send no Origin with a GET for an image, a script, a link or a prefetch. `Sec-Fetch-Site` says then whether
 * the page is the server's own (`same-origin`), or whether the user has typed the address (`none`). The other values,
 * `cross-site` and `same-site`, are refused for RPCs: another port of the same host is another origin, too. Pages,
 * static files and uploads are served, so that other sites can link to them and show images by their secret address.
 * Browsers send the header to HTTPS and to loopback only: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function createOriginCheck({ hosts, origins }: TrustedOrigins): OriginCheck {
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

  function siteProblem(exchange: Exchange): string | undefined {
    const site = exchange.header.get("sec-fetch-site");
    if (site === null || site === "same-origin" || site === "none") return undefined;
    if (exchange.header.has("origin") || trustedOrigins.has("*")) return undefined; // the other check decides
    return `pages of other origins may not call this server, and Sec-Fetch-Site is ${shown(site)}: call it with fetch() from an origin that it allows`;
  }

  return {
    problemOf(exchange) {
      const host = hostProblem(exchange);
      if (host !== undefined) return { status: 421, message: host };
      const origin = originProblem(exchange);
      return origin === undefined ? undefined : { status: 403, message: origin };
    },
    problemOfCall(exchange) {
      const site = siteProblem(exchange);
      return site === undefined ? undefined : { status: 403, message: site };
    },
  };
}

/** Answers a request that has a problem, as a call of Connect. */
export function refuseOrigin(exchange: Exchange, { status, message }: OriginProblem): void {
  exchange.respond(status, { "content-type": "application/json" });
  void exchange.write([Buffer.from(JSON.stringify({ code: codeName(Code.PermissionDenied), message }))]);
  void exchange.end();
}

/** A value of a header in a message: no longer than the values that the header has. */
function shown(value: string): string {
  return JSON.stringify(value.slice(0, "same-origin".length));
}
