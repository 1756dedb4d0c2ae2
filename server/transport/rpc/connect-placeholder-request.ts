import type { JsonValue } from "@bufbuild/protobuf";
import type { ContextValues } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import type { Exchange } from "../exchange/exchange.ts";
import { clampTimeouts } from "../request/clamp-timeouts.ts";
import { queryOf, type RequestFormat } from "../request/request-format.ts";
import { limitQuotedHeaders } from "../response/truncate-error.ts";
import { emptyStream } from "./message-iterables.ts";

/** Options of {@link createPlaceholderRequest}. */
export interface PlaceholderRequestOptions {
  readonly format: RequestFormat;
  readonly unary: boolean;
  /** An empty message of the method in JSON. */
  readonly emptyJson: JsonValue;
  /** The longest timeout of a call. */
  readonly maxTimeoutMs: number;
  readonly contextValues: ContextValues;
}

/**
 * Makes the request that Connect's handler receives: with an empty message, or with none if the method's requests are a
 * stream. `wireInterceptor` replaces it by the messages that the transport decodes within the method's limits
 * (docs/decisions/0027-request-decoding.md).
 */
export function createPlaceholderRequest(
  exchange: Exchange,
  options: PlaceholderRequestOptions,
): UniversalServerRequest {
  const { httpVersion, signal, origin, target } = exchange;
  const method = exchange.method === "HEAD" ? "GET" : exchange.method;
  const header = clampTimeouts(limitQuotedHeaders(exchange.header), options.maxTimeoutMs);
  const url = origin + (options.format.framing === "query" ? emptyQuery(exchange, options) : target);
  const body = options.unary ? emptyBody(options) : emptyStream;
  return { httpVersion, method, header, body, url, signal, contextValues: options.contextValues };
}

function emptyQuery(exchange: Exchange, { format, emptyJson }: PlaceholderRequestOptions): string {
  const query = queryOf(exchange);
  query.delete("base64");
  query.set("message", !format.binary ? JSON.stringify(emptyJson) : "");
  // Connect would decompress the empty message. It must still see, and refuse, a compression that it does not know.
  if (format.encoding === "gzip" || format.encoding === "br") query.delete("compression");
  return `${exchange.target.split("?", 1)[0]}?${query}`;
}

function emptyBody({ format, emptyJson }: PlaceholderRequestOptions): UniversalServerRequest["body"] {
  if (format.framing === "query") return emptyStream;
  const empty = format.binary ? new Uint8Array(0) : Buffer.from(JSON.stringify(emptyJson));
  if (format.framing === "envelopes") return only(Buffer.concat([Buffer.from([0, 0, 0, 0, empty.length]), empty]));
  // Connect accepts bytes or JSON instead of a stream, for a body that a framework has parsed, and then checks no length.
  return format.binary ? (empty as unknown as JsonValue) : emptyJson;
}

async function* only(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
