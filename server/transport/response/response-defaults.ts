import type { OutgoingHeaders } from "../exchange/exchange.ts";

/**
 * The headers of every response that a browser can read. A browser takes a response for what its content type says and
 * for nothing else: https://fetch.spec.whatwg.org/#x-content-type-options-header
 *
 * Native gRPC goes without them. No browser can send or read it, and each header costs a unary call about one percent.
 */
export const responseDefaults: Readonly<OutgoingHeaders> = { "x-content-type-options": "nosniff" };
