import { compressionAlgorithms, status } from "@grpc/grpc-js";
import { type Cases, expectEqual, expectTrue } from "../run-cases.ts";
import { openChannel } from "./calls.ts";
import { ask, callWire, kinds, startWire, textOf } from "./wire-service.ts";

/** The server's limit of a message in both directions, in bytes. */
const maxMessageBytes = 4 * 1024 * 1024;

/** The overhead of a long text in a message of the wire service, in bytes. */
const responseOverhead = 5;
const requestOverhead = 2 + "length".length + responseOverhead;

/** The cases of compression and of messages at and above the limits. */
export const limitCases: Cases = {
  async gzip() {
    const text = "All the same. ".repeat(50_000);
    const channel = openChannel("INTEROP_PROXY", {
      "grpc.default_compression_algorithm": compressionAlgorithms.gzip,
      "grpc.use_local_subchannel_pool": 1,
    });
    for (const kind of kinds) {
      const before = await traffic();
      expectTrue(
        `${kind}: the text is as it was`,
        textOf(await callWire(kind, "echo", text, { on: channel })) === text,
      );
      const after = await traffic();
      for (const took of [after.bytesUp - before.bytesUp, after.bytesDown - before.bytesDown]) {
        expectTrue(`${kind}: ${took} is a fraction of ${text.length}`, took > 0 && took < text.length / 10);
      }
    }
    channel.close();
  },

  async "request-at-limit"() {
    const text = "x".repeat(maxMessageBytes - requestOverhead);
    for (const kind of kinds) expectEqual(kind, textOf(await callWire(kind, "length", text)), String(text.length));
  },

  async "request-over-limit"() {
    const text = "x".repeat(maxMessageBytes - requestOverhead + 1);
    for (const kind of kinds) expectEqual(kind, (await callWire(kind, "length", text)).code, status.RESOURCE_EXHAUSTED);
    const later = await startWire("ClientStream", "length", ["a", text, "b"]).ended;
    expectEqual("a later message", later.code, status.RESOURCE_EXHAUSTED);
  },

  async "response-at-limit"() {
    const on = generous();
    for (const kind of kinds) {
      const text = textOf(await callWire(kind, "answer", String(maxMessageBytes), { on }));
      expectEqual(kind, text.length + responseOverhead, maxMessageBytes);
    }
    on.close();
  },

  async "response-over-limit"() {
    const on = generous();
    for (const kind of kinds) {
      const { code } = await callWire(kind, "answer", String(maxMessageBytes + 1), { on });
      expectEqual(kind, code, status.RESOURCE_EXHAUSTED);
    }
    on.close();
  },
};

/** A channel with a larger limit than the server. */
function generous() {
  return openChannel("INTEROP_WIRE", { "grpc.max_receive_message_length": 2 * maxMessageBytes });
}

/** Returns the traffic of the proxy. */
async function traffic(): Promise<{ bytesUp: number; bytesDown: number }> {
  return JSON.parse(await ask("traffic"));
}
