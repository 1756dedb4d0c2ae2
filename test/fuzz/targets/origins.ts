import type { Exchange } from "../../../server/transport/exchange/exchange.ts";
import { createOriginCheck } from "../../../server/transport/protection/trusted-origins.ts";
import { maxEchoBytes } from "../../../server/transport/response/truncate-error.ts";
import { protocolOf } from "../../../server/transport/rpc/rpc-protocol.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";

// The server accepts only calls from pages of the same host and of trusted origins, regardless of the form of the
// request.

const trustedOrigin = "https://shop.example";
const check = createOriginCheck({ hosts: ["bourse.example"], origins: [trustedOrigin] });

/** The maximum length of an error, which quotes at most two truncated names. */
const maxErrorChars = 2 * maxEchoBytes + 400;

export const target: FuzzTarget = {
  maxBytes: 512,
  seeds: [
    Buffer.from("\x00localhost:8080\nhttp://localhost:8080\napplication/json\n"),
    Buffer.from("\x01bourse.example\nhttps://shop.example\napplication/grpc-web+proto\nsame-origin"),
    Buffer.from("\x02[::1]:8080\nhttp://[::1]:8080\napplication/connect+json; charset=utf-8\ncross-site"),
    Buffer.from("\x00127.1\nnull\napplication/grpc\n"),
  ],
  run(input) {
    const reader = new InputReader(input);
    const httpVersion = reader.pick(["1.1", "2.0", "1.0"]);
    const [host, origin, type, site] = [reader.line(), reader.line(), reader.line(), reader.line()];
    const header = headersOf({ origin, "content-type": type, "sec-fetch-site": site });
    if (header === undefined) return;
    const namesHost = host !== "";
    const exchange = {
      httpVersion,
      method: "POST",
      target: "/",
      origin: `http://${namesHost ? host : "unknown"}`,
      namesHost,
      header,
    } as Exchange;
    const problem = (check.problemOf(exchange) ?? check.problemOfCall(exchange))?.message;
    invariant(problem === undefined || problem.length <= maxErrorChars, `${problem?.length} characters`);
    const sent = header.get("origin");
    const isOwn = [null, "", "none", "same-origin"].includes(header.get("sec-fetch-site"));
    invariant(
      problem !== undefined || sent !== null || isOwn,
      `the server accepts a call from a ${site} page without an Origin`,
    );
    if (problem === undefined && sent !== null && sent !== trustedOrigin) {
      const page = URL.parse(sent);
      const own = URL.parse(exchange.origin);
      invariant(
        page !== null && page.hostname === own?.hostname,
        `the server accepts a call from ${sent} to ${exchange.origin}`,
      );
      const known =
        httpVersion === "2.0" || /^\[?[0-9a-f:.]+\]?$|(^|\.)localhost\.?$|^bourse\.example\.?$/.test(own.hostname);
      invariant(known, `the name ${own.hostname} is accepted`);
    }
    const protocol = protocolOf(exchange);
    invariant(protocol === undefined || type.trim().toLowerCase().startsWith("application/"), `${type} is ${protocol}`);
  },
};

/** Returns undefined if HTTP does not allow the headers. */
function headersOf(values: Readonly<Record<string, string>>): Headers | undefined {
  try {
    return new Headers(Object.entries(values).filter(([, value]) => value !== ""));
  } catch {
    return undefined;
  }
}
