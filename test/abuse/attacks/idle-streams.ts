import { readFileSync } from "node:fs";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { fileURLToPath } from "node:url";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { envelope } from "../http2-frames.ts";
import { limitsUnderAttack } from "../limits-under-attack.ts";
import { type Attack, tally } from "../target.ts";

/** The paths of all client-streaming methods of the services that the server describes. */
export const clientStreamingMethods: readonly string[] = readMethods();

/** The protocols with binary and with JSON messages. The server reads their requests in different ways. */
export const contentTypes = ["application/grpc", "application/grpc-web", "application/connect+json"] as const;

const { firstMessageTimeoutMs, messageIdleTimeoutMs, requestTimeoutMs } = limitsUnderAttack;

/** The deadline of all calls. AllStream sends for 4 s without requests, and the machine can be busy. */
const deadlineMs = firstMessageTimeoutMs + messageIdleTimeoutMs + requestTimeoutMs + 15_000;
const byteEveryMs = 250;

/** Calls each method, and sends no message. */
export const noMessage: Attack = (target) => callAll(target.url, () => {});

/** Calls each method, and sends one empty message. */
export const oneMessage: Attack = (target) =>
  callAll(target.url, (stream, contentType) => {
    stream.write(envelope(0, Buffer.from(contentType.endsWith("json") ? "{}" : "")));
  });

/** Calls each method, and sends the first message byte by byte. */
export const slowMessage: Attack = (target) =>
  callAll(target.url, (stream) => {
    stream.write(envelope(0, Buffer.alloc(0), 1_000));
    const timer = setInterval(() => stream.write(Buffer.alloc(1)), byteEveryMs);
    stream.once("close", () => clearInterval(timer));
  });

type Send = (stream: ClientHttp2Stream, contentType: string) => void;

async function callAll(url: string, send: Send) {
  const session = connect(url);
  session.on("error", () => {});
  try {
    const calls = clientStreamingMethods.flatMap((path) => contentTypes.map((type) => call(session, path, type, send)));
    return tally(await Promise.all(calls));
  } finally {
    session.destroy();
  }
}

/** Resolves to the outcome of a call: the name of its code, or that it is still open. */
function call(session: ClientHttp2Session, path: string, contentType: string, send: Send): Promise<string> {
  return new Promise((resolve) => {
    const headers = { ":method": "POST", ":path": path, "content-type": contentType, te: "trailers" };
    const stream = session.request(headers, { endStream: false });
    let text = "";
    let status: unknown;
    const late = setTimeout(() => resolve(`still open: ${path} ${contentType}`), deadlineMs);
    stream.on("response", (response) => {
      status ??= response["grpc-status"];
    });
    stream.on("trailers", (trailers) => {
      status ??= trailers["grpc-status"];
    });
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    stream.on("error", () => {});
    stream.once("close", () => {
      clearTimeout(late);
      const code = status ?? /grpc-status: (\d+)/.exec(text)?.[1] ?? /"code":"(\w+)"/.exec(text)?.[1];
      resolve(code === "4" || code === "deadline_exceeded" ? "deadline_exceeded" : `refused: ${code}`);
    });
    send(stream, contentType);
  });
}

function readMethods(): string[] {
  const path = fileURLToPath(new URL("../../../gen/descriptors.binpb", import.meta.url));
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
  return [...registry.files].flatMap(({ services }) =>
    services.flatMap(({ typeName, methods }) =>
      methods
        .filter(({ methodKind }) => methodKind === "client_streaming" || methodKind === "bidi_streaming")
        .map(({ name }) => `/${typeName}/${name}`),
    ),
  );
}
