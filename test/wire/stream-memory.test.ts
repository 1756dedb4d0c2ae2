import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { WireService } from "../../gen/test/wire/v1/wire_service_pb.ts";
import { startWireServer } from "./start-wire-server.ts";

// Connect 2.3.0 fails this test: its clients race each message against one promise that settles at the end of the call,
// and each race adds about 250 bytes to that promise. A dashboard stays open for days.

const warmUpMessages = 10_000;
const messages = 40_000;
const maxBytesPerMessage = 60;

const transports = { Connect: createConnectTransport, gRPC: createGrpcTransport, "gRPC-Web": createGrpcWebTransport };

test.each(Object.entries(transports))(
  "a stream uses no memory for messages that a client of %s has read",
  async (_, create) => {
    await using server = await startWireServer({
      async *ticks() {
        for (let index = 0; index < messages; index++) yield `${index}`;
      },
    });
    const client = createClient(WireService, create({ baseUrl: server.url, httpVersion: "2" }));
    let received = 0;
    let [before, after] = [0, 0];
    for await (const _ of client.serverStream({ scenario: "ticks" })) {
      received++;
      if (received === warmUpMessages) before = heapBytes();
      if (received === messages) after = heapBytes();
    }
    expect(received).toBe(messages);
    expect((after - before) / (messages - warmUpMessages)).toBeLessThan(maxBytesPerMessage);
  },
  60_000,
);

/** Returns the size of the heap after a garbage collection. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
