import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { connect as connectSocket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { WireRequestSchema } from "../../gen/test/wire/v1/wire_service_pb.ts";
import { startWireServer, type WireServer } from "./start-wire-server.ts";

const contentTypes = ["application/grpc", "application/grpc-web", "application/connect+proto"];

// Less than the window of a stream, and more than the transport buffers for a handler.
const unreadBytes = 512 * 1024;

test.each(contentTypes)(
  "a call that ends before its request is read leaves no resource open: %s",
  async (contentType) => {
    const arrived = Promise.withResolvers<void>();
    await using server = await startWireServer({
      async *refuse() {
        await arrived.promise;
        yield "no more";
        throw new ConnectError("nothing is taken", Code.FailedPrecondition);
      },
    });
    const ended = server.nextCall();
    const { session } = await sendUnread(server, contentType, "refuse");
    arrived.resolve();
    expect((await ended).code).toBe("failed_precondition");
    session.close();
    expect(await server.close(1_000)).toBe(true);
  },
);

test.each(contentTypes)(
  "a handler that does not read is notified of a reset without an error: %s",
  async (contentType) => {
    const aborted = Promise.withResolvers<unknown>();
    await using server = await startWireServer({
      async *hang({ signal }) {
        signal.addEventListener("abort", () => aborted.resolve(signal.reason));
        yield "hanging";
        await aborted.promise;
      },
    });
    const ended = server.nextCall();
    const { session, stream } = await sendUnread(server, contentType, "hang");
    stream.close(constants.NGHTTP2_NO_ERROR);
    expect(await aborted.promise).toMatchObject({ code: Code.Canceled });
    expect((await ended).code).toBe("canceled");
    session.close();
    expect(await server.close(1_000)).toBe(true);
  },
);

test.each(contentTypes)(
  "a request that ended before its handler reads it is found to be empty: %s",
  async (contentType) => {
    await using server = await startWireServer({});
    const ended = server.nextCall();
    const session = connect(server.url);
    const stream = session.request(
      { ":method": "POST", ":path": "/test.wire.v1.WireService/BidiStream", "content-type": contentType },
      { endStream: false },
    );
    // The end follows the headers in a separate frame.
    stream.on("error", () => {}).end();
    expect((await ended).failure).toMatchObject({ message: "a call needs a first request" });
    stream.resume();
    await once(stream, "close");
    session.close();
  },
);

test("an HTTP/1.1 client that closes the connection can send the complete request after it was refused", async () => {
  await using server = await startWireServer({});
  const { hostname: host, port } = new URL(server.url);
  // The client closes its side after it has sent everything: https://www.rfc-editor.org/rfc/rfc9112#section-9.6.
  const socket = connectSocket({ host, port: Number(port), allowHalfOpen: true });
  const errors: Error[] = [];
  socket.on("error", (error) => errors.push(error));
  const tooLarge = Buffer.alloc(8 * 1024 * 1024);
  const prefix = Buffer.of(0, 0, 0x80, 0, 0);
  socket.write(
    `POST /test.wire.v1.WireService/ClientStream HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n` +
      `Content-Type: application/grpc-web+proto\r\nContent-Length: ${prefix.length + tooLarge.length}\r\n\r\n`,
  );
  socket.write(prefix);
  let response = "";
  socket.on("data", (chunk) => {
    response += chunk.toString("latin1");
  });
  await once(socket, "end");
  expect(response).toContain(`grpc-status: ${Code.ResourceExhausted}`);
  await new Promise((resolve) => socket.write(tooLarge, resolve));
  socket.end();
  if (!socket.closed) await once(socket, "close");
  expect(errors).toEqual([]);
});

/** Calls with a first request that the handler reads and a second one that it does not. Resolves when both arrived. */
async function sendUnread(
  server: WireServer,
  contentType: string,
  scenario: string,
): Promise<{ session: ClientHttp2Session; stream: ClientHttp2Stream }> {
  const session = connect(server.url);
  await once(session, "connect");
  const stream = session.request({
    ":method": "POST",
    ":path": "/test.wire.v1.WireService/BidiStream",
    "content-type": contentType,
  });
  stream.on("error", () => {}).resume();
  stream.write(envelope(scenario, ""));
  await new Promise<void>((resolve) => stream.write(envelope("", "x".repeat(unreadBytes)), () => resolve()));
  // The response to a ping proves that all previous frames have arrived.
  await new Promise<void>((resolve) => session.ping(() => resolve()));
  return { session, stream };
}

function envelope(scenario: string, text: string): Buffer {
  const message = toBinary(WireRequestSchema, create(WireRequestSchema, { scenario, text }));
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}
