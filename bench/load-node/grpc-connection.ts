import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { BenchService } from "../../gen/bench/v1/bench_service_pb.ts";
import { EnvelopeReader } from "../peers/shared/envelope.ts";

const streamWindowBytes = 4 << 20;
const sessionWindowBytes = 64 << 20;

/** A call of BenchService. */
export interface GrpcCall {
  readonly stream: ClientHttp2Stream;
  /** Resolves when the call ends with the status OK. Rejects with any other status. */
  readonly ended: Promise<void>;
}

/** A minimal gRPC connection, so that the client is not the bottleneck. */
export class GrpcConnection {
  readonly #session: ClientHttp2Session;

  /** @param address as HOST:PORT */
  constructor(address: string) {
    this.#session = connect(`http://${address}`, { settings: { initialWindowSize: streamWindowBytes } });
    this.#session.once("connect", () => this.#session.setLocalWindowSize(sessionWindowBytes));
  }

  /** Starts a call. `onMessage` receives views of a buffer, which are valid until it returns. */
  call(method: string, onMessage: (message: Buffer, stream: ClientHttp2Stream) => void): GrpcCall {
    const stream = this.#session.request(
      {
        ":method": "POST",
        ":path": `/${BenchService.typeName}/${method}`,
        "content-type": "application/grpc",
        te: "trailers",
      },
      { endStream: false },
    );
    const reader = new EnvelopeReader((message) => onMessage(message, stream));
    stream.on("data", (data: Buffer) => reader.push(data));
    return { stream, ended: statusOf(stream) };
  }
}

function statusOf(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    let status: unknown;
    const read = (headers: Record<string, unknown>) => {
      status = headers["grpc-status"] ?? status;
    };
    stream.on("response", read);
    stream.on("trailers", read);
    stream.on("error", reject);
    stream.on("close", () => {
      if (status === "0") resolve();
      else reject(new Error(`the call ended with status ${status}`));
    });
  });
}
