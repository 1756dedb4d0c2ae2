import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { Call } from "./call.ts";
import type { Exchange, OutgoingHeaders } from "./exchange.ts";
import type { RpcProtocol } from "./rpc-protocol.ts";

/** Writes the response of one call: the headers early where the handler asks for it, then messages, then trailers. */
export class ResponseWriter {
  readonly #exchange: Exchange;
  readonly #protocol: RpcProtocol;

  constructor(exchange: Exchange, protocol: RpcProtocol) {
    this.#exchange = exchange;
    this.#protocol = protocol;
  }

  /** Puts the headers on the wire at once, before there is a message. */
  sendHeader(header: Headers, call: Call): void {
    this.#respond(header, call, 200);
    this.#exchange.flush();
  }

  /** Writes what Connect's handler answered, holding it back as the client does. Rejects when the client is gone. */
  async write(response: UniversalServerResponse, call: Call): Promise<void> {
    const chunks = response.body?.[Symbol.asyncIterator]();
    try {
      if (!this.#exchange.responded) this.#respond(response.header, call, response.status);
      if (chunks !== undefined) {
        for (let chunk = await chunks.next(); chunk.done !== true; chunk = await chunks.next()) {
          this.#exchange.signal.throwIfAborted();
          await this.#exchange.write(chunk.value);
        }
      }
    } catch (error) {
      // The handler waits at its `yield`: tell it, so that it cleans up.
      await chunks?.throw?.(error).catch(() => {});
      throw error;
    }
    const trailers = response.trailer === undefined ? undefined : this.#merge(response.trailer, call.trailer.values);
    await this.#exchange.end(trailers);
  }

  #respond(header: Headers | undefined, call: Call, status: number): void {
    call.markHeadersSent();
    const trailers = this.#protocol === "grpc" ? "with trailers" : undefined;
    this.#exchange.respond(status, this.#merge(header, call.header.values), trailers);
  }

  /** gRPC sends each value on a line of its own; the other protocols' clients expect them joined. */
  #merge(joined: Headers | undefined, separate: ReadonlyMap<string, string[]>): OutgoingHeaders {
    // Without a prototype, `__proto__` is a key like any other.
    const merged: OutgoingHeaders = Object.create(null);
    joined?.forEach((value, key) => {
      const values = this.#protocol === "grpc" ? separate.get(key) : undefined;
      merged[key] = values !== undefined && values.join(", ") === value ? values : value;
    });
    return merged;
  }
}
