import { create } from "@bufbuild/protobuf";
import { type ConnectRouter, createClient, createRouterTransport, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { WireResponseSchema, WireService } from "../../../gen/test/wire/v1/wire_service_pb.ts";
import { startWireServer } from "../../../test/wire/start-wire-server.ts";
import { batch } from "./yield-batch.ts";

const texts = Array.from({ length: 5_000 }, (_, at) => `message ${at}`);

function routes(router: ConnectRouter): void {
  router.service(WireService, {
    async *serverStream({ scenario }) {
      yield { text: "first" };
      yield* batch([]);
      const asMessages = scenario === "messages";
      yield* batch(texts.map((text) => (asMessages ? create(WireResponseSchema, { text }) : { text })));
      yield { text: "last" };
    },
  });
}

describe.each(["messages", "plain objects"])("a batch of %s", (scenario) => {
  test("arrives message by message over a wire, in binary and in JSON", async () => {
    await using server = await startWireServer({}, { routes });
    const baseUrl = server.url;
    const transports = [
      createGrpcTransport({ baseUrl }),
      createConnectTransport({ baseUrl, httpVersion: "1.1" }),
      createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
    ];
    for (const transport of transports) {
      expect(await textsOf(transport, scenario)).toEqual(["first", ...texts, "last"]);
    }
    expect(server.calls.map(({ messagesOut }) => messagesOut)).toEqual([5_002, 5_002, 5_002]);
  });

  test("arrives message by message in memory", async () => {
    expect(await textsOf(createRouterTransport(routes), scenario)).toEqual(["first", ...texts, "last"]);
  });
});

async function textsOf(transport: Transport, scenario: string): Promise<string[]> {
  const received: string[] = [];
  for await (const { text } of createClient(WireService, transport).serverStream({ scenario })) received.push(text);
  return received;
}
