import type { DescMessage } from "@bufbuild/protobuf";
import type { Compression, UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { Exchange, OutgoingHeaders } from "../exchange/exchange.ts";
import type { Call } from "../rpc/call.ts";
import type { RpcProtocol } from "../rpc/rpc-protocol.ts";
import { limitGrpcStatus, withoutNeedlessEscapes } from "./limit-grpc-status.ts";
import { EnvelopeWriter } from "./response-pump.ts";

/**
 * The size in bytes from which on messages are compressed, if the client accepts it. As in Connect: smaller ones gain
 * little.
 */
const compressMinBytes = 1024;

/** Options of all responses. */
export interface ResponseOptions {
  readonly compressions: readonly Compression[];
  readonly writeMaxBytes: number;
}

/** Writes the response of one call: headers, at once if the handler calls `sendHeader`; messages; trailers. */
export class ResponseWriter {
  readonly #exchange: Exchange;
  readonly #protocol: RpcProtocol;
  readonly #options: ResponseOptions;

  constructor(exchange: Exchange, protocol: RpcProtocol, options: ResponseOptions) {
    this.#exchange = exchange;
    this.#protocol = protocol;
    this.#options = options;
  }

  /** Sends the headers at once, before there is a message. */
  sendHeader(header: Headers, call: Call): void {
    this.#respond(header, call, 200);
    this.#exchange.flush();
  }

  /** Returns a writer of binary messages that bypasses Connect's pipeline; undefined if the messages are JSON. */
  openEnvelopes(header: Headers, schema: DescMessage, call: Call): EnvelopeWriter | undefined {
    if (header.get("content-type")?.endsWith("json") !== false) return undefined;
    const encoding = header.get("grpc-encoding") ?? header.get("connect-content-encoding");
    const compression = this.#options.compressions.find(({ name }) => name === encoding);
    return new EnvelopeWriter(this.#exchange, {
      schema,
      writeMaxBytes: this.#options.writeMaxBytes,
      ...(compression && { compression }),
      compressMinBytes,
      beforeFirst: () => {
        if (!this.#exchange.responded) this.#respond(header, call, 200);
      },
    });
  }

  /**
   * Writes what Connect's handler returned, or the rest of it: headers that are not sent yet, the body, the trailers. Reads
   * the body only as fast as the client does. Rejects if the client disconnects or stalls.
   */
  async write(response: UniversalServerResponse, call: Call): Promise<void> {
    const chunks = response.body?.[Symbol.asyncIterator]();
    try {
      if (!this.#exchange.responded) this.#respond(response.header, call, response.status);
      if (chunks !== undefined) {
        for (let chunk = await chunks.next(); chunk.done !== true; chunk = await chunks.next()) {
          if (this.#exchange.disconnected) throw this.#exchange.signal.reason;
          await this.#exchange.write([chunk.value]);
        }
      }
    } catch (error) {
      // The handler is suspended at its `yield`. The error lets it clean up.
      await chunks?.throw?.(error).catch(() => {});
      throw error;
    }
    const trailers = response.trailer === undefined ? undefined : this.#merge(response.trailer, call.trailer.values);
    if (trailers !== undefined && this.#protocol === "grpc")
      limitGrpcStatus(trailers, this.#exchange.maxHeaderListBytes);
    await this.#exchange.end(trailers);
  }

  #respond(header: Headers | undefined, call: Call, status: number): void {
    call.markHeadersSent();
    const trailers = this.#protocol === "grpc" ? "with trailers" : undefined;
    const headers = this.#merge(header, call.header.values);
    if (this.#protocol === "connect") addVary(headers, this.#exchange.extraHeaders);
    this.#exchange.respond(status, headers, trailers);
  }

  /** gRPC sends each value as a separate header field. The clients of the other protocols expect joined values. */
  #merge(joined: Headers | undefined, separate: ReadonlyMap<string, string[]>): OutgoingHeaders {
    // Without a prototype, `__proto__` is a key like any other.
    const merged: OutgoingHeaders = Object.create(null);
    joined?.forEach((value, key) => {
      const values = this.#protocol === "grpc" ? separate.get(key) : undefined;
      if (key === "grpc-message") merged[key] = withoutNeedlessEscapes(value);
      else merged[key] = values !== undefined && values.join(", ") === value ? values : value;
    });
    return merged;
  }
}

/**
 * Informs caches that a unary response of Connect depends on the compressions that the client accepts. Streams are not
 * cached. https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5
 */
function addVary(headers: OutgoingHeaders, { vary }: OutgoingHeaders): void {
  if (headers["content-type"]?.includes("connect+")) return;
  headers.vary = [headers.vary, vary, "Accept-Encoding"].flatMap((value) => value ?? []).join(", ");
}
