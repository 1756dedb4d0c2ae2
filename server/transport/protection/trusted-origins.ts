import { isIP } from "node:net";
import { Code } from "@connectrpc/connect";
import type { Exchange } from "../exchange/exchange.ts";
import { maxEchoBytes, truncateText } from "../response/truncate-error.ts";
import { codeName } from "../rpc/call-record.ts";
import { matchHosts, matchOrigins } from "./host-patterns.ts";

/** The host names and the origins that a server trusts. */
export interface TrustedOrigins {
  /** Patterns of host names of the server, besides IP addresses and `localhost`: see `matchHosts`. */
  readonly hosts: readonly string[];
  /** Patterns of origins whose pages may call, besides the server's own: see `matchOrigins`. */
  readonly origins: readonly string[];
}

/** The response to a request that is refused: the HTTP status, and the message. */
export interface OriginProblem {
  readonly status: 403 | 421;
  readonly message: string;
}

/** Checks the host name and the origin of requests. Its functions return undefined if there is no problem. */
export interface OriginCheck {
  /** For every request: checks the host name. */
  problemOf(exchange: Exchange): OriginProblem | undefined;
  /** For RPCs in addition: checks that the request is not from a page of another origin. */
  problemOfCall(exchange: Exchange): OriginProblem | undefined;
}

/**
 * Makes the check that detects requests which a foreign page makes a browser send: from another origin (cross-site request
 * forgery), or to a host name of the page's own that resolves to this machine (DNS rebinding).
 *
 * Browsers send no Origin with a GET for an image, a script, a link or a prefetch. `Sec-Fetch-Site` then shows whether the
 * page is the server's own (`same-origin`), or the user has entered the address (`none`). The other values, `cross-site`
 * and `same-site`, are refused for RPCs: another port of the same host is another origin, too. Pages, static files and
 * uploads are served whatever the origin, so that other sites can link to them and show their images. Browsers send the
 * header only to HTTPS and to loopback: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function createOriginCheck({ hosts, origins }: TrustedOrigins): OriginCheck {
  const isTrustedHost = matchHosts(hosts);
  const isTrustedOrigin = matchOrigins(origins);

  function hostProblem(exchange: Exchange): string | undefined {
    // DNS rebinding needs a browser on a plain-text port. Browsers use no HTTP/2 there, and over TLS the certificate has
    // another name.
    if (exchange.httpVersion === "2.0" || exchange.origin.startsWith("https:")) return undefined;
    // A browser always sends a host name.
    if (!exchange.namesHost) return undefined;
    if (!URL.canParse(exchange.origin)) return "the Host header is malformed";
    const hostname = new URL(exchange.origin).hostname.replace(/\.$/, "");
    if (hostname === "localhost" || hostname.endsWith(".localhost") || isTrustedHost(hostname)) return undefined;
    if (isIP(hostname.replace(/^\[(.*)\]$/, "$1")) !== 0) return undefined;
    const name = truncateText(hostname, maxEchoBytes);
    return `${name} is no host name of this server: use its address, or add ${name} to its allowed hosts`;
  }

  function originProblem(exchange: Exchange): string | undefined {
    const origin = exchange.header.get("origin");
    if (origin === null || isTrustedOrigin(origin)) return undefined;
    // The scheme may differ: a proxy may have terminated TLS.
    if (exchange.namesHost && URL.canParse(origin) && URL.canParse(exchange.origin)) {
      if (new URL(origin).host === new URL(exchange.origin).host) return undefined;
    }
    const shown = truncateText(origin, maxEchoBytes);
    return `pages of ${shown} may not call this server: add the origin to its allowed origins`;
  }

  function siteProblem(exchange: Exchange): string | undefined {
    const site = exchange.header.get("sec-fetch-site");
    if (site === null || site === "same-origin" || site === "none") return undefined;
    if (exchange.header.has("origin") || origins.includes("*")) return undefined; // originProblem decides
    return `pages of other origins may not call this server, and Sec-Fetch-Site is ${quoteSite(site)}: call it with fetch() from an allowed origin`;
  }

  return {
    problemOf(exchange) {
      const host = hostProblem(exchange);
      return host === undefined ? undefined : { status: 421, message: host };
    },
    problemOfCall(exchange) {
      const problem = originProblem(exchange) ?? siteProblem(exchange);
      return problem === undefined ? undefined : { status: 403, message: problem };
    },
  };
}

/** Refuses a request, with an error in the format of the Connect protocol. */
export function refuseOrigin(exchange: Exchange, { status, message }: OriginProblem): void {
  exchange.respond(status, { "content-type": "application/json" });
  void exchange.write([Buffer.from(JSON.stringify({ code: codeName(Code.PermissionDenied), message }))]);
  void exchange.end();
}

/** Returns the value of Sec-Fetch-Site for a message, truncated to the longest valid one. */
function quoteSite(value: string): string {
  return JSON.stringify(value.slice(0, "same-origin".length));
}
