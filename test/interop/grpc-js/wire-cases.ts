import { randomUUID } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Metadata, status } from "@grpc/grpc-js";
import { BadRequestSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.ts";
import { type Cases, expectEqual, expectTrue } from "../run-cases.ts";
import { type Call, type Ended, openChannel } from "./calls.ts";
import { ask, callWire, kinds, startWire, textOf, type WireResponse } from "./wire-service.ts";

const oneByte = 256;

/** The cases of call kinds, metadata, errors, cancellation and deadlines. */
export const wireCases: Cases = {
  async unary() {
    expectEqual("text", await ask("echo", "hello"), "hello");
  },

  async "server-stream"() {
    const { responses } = await callWire("ServerStream", "count", "3");
    expectEqual(
      "texts",
      responses.map(({ text }) => text),
      ["1", "2", "3"],
    );
  },

  async "client-stream"() {
    expectEqual("text", textOf(await startWire("ClientStream", "join", ["a", "b", "c"]).ended), "a,b,c");
  },

  async "bidi-stream"() {
    const call = startWire("BidiStream", "echo", []);
    for (const text of ["a", "b"]) {
      call.send({ scenario: "echo", text });
      expectEqual("answer", (await call.next()).text, text);
    }
    call.closeSend();
    const { code, responses } = await call.ended;
    expectEqual("end", [code, responses.length], [status.OK, 0]);
  },

  async "headers-at-once-server-stream"() {
    const note = randomUUID();
    await headersComeFirst(startWire("ServerStream", "headers-first", [note]), note);
  },

  async "headers-at-once-bidi-stream"() {
    const note = randomUUID();
    await headersComeFirst(startWire("BidiStream", "headers-first", [note]), note);
  },

  async "trailers-on-success"() {
    for (const kind of kinds) {
      const ended = await callWire(kind, "metadata", "");
      textOf(ended);
      expectEqual(kind, ended.trailer.get("x-many").join(", "), "c, d");
    }
  },

  async "trailers-on-failure"() {
    for (const kind of kinds) {
      const { code, header, trailer } = await callWire(kind, "fail", "");
      expectEqual(kind, code, status.FAILED_PRECONDITION);
      expectEqual(`${kind}: header`, header.get("x-header"), ["sent"]);
      expectEqual(`${kind}: trailer`, trailer.get("x-before"), ["1"]);
      expectEqual(`${kind}: late trailer`, trailer.get("x-after"), ["2"]);
    }
  },

  async "repeated-keys"() {
    const metadata = new Metadata();
    metadata.add("x-sent", "1");
    metadata.add("x-sent", "2");
    for (const kind of kinds) {
      const ended = await callWire(kind, "metadata", "", { metadata });
      expectEqual(`${kind}: seen by the server`, textOf(ended), "1, 2");
      // Node joins the values before the library receives them.
      expectEqual(`${kind}: header`, ended.header.get("x-many").join(", "), "a, b");
      expectEqual(`${kind}: trailer`, ended.trailer.get("x-many").join(", "), "c, d");
    }
  },

  async "binary-metadata"() {
    const bytes = Buffer.from(Array.from({ length: oneByte }, (_, at) => at));
    const metadata = new Metadata();
    metadata.set("x-sent-bin", bytes);
    for (const kind of kinds) {
      const ended = await callWire(kind, "metadata", "", { metadata });
      textOf(ended);
      expectEqual(`${kind}: header`, ended.header.get("x-echo-bin"), [bytes]);
      expectEqual(`${kind}: trailer`, ended.trailer.get("x-echo-bin"), [bytes]);
    }
  },

  async "error-details"() {
    for (const kind of kinds) {
      const ended = await callWire(kind, "fail", "");
      expectEqual(`${kind}: message`, ended.message, "the text is wrong: send another");
      expectEqual(`${kind}: violations`, violationsOf(ended), ["text: is wrong"]);
    }
  },

  async cancel() {
    for (const kind of kinds) {
      const note = randomUUID();
      const call = startWire(kind, "hang", [note]);
      await ask("read", `${note} begun`);
      call.cancel();
      expectEqual(kind, (await call.ended).code, status.CANCELLED);
      expectEqual(`${kind}: seen by the handler`, await ask("read", note), "canceled");
    }
  },

  async "deadline-is-sent"() {
    const limitMs = 30_000;
    const remainingMs = Number(textOf(await callWire("Unary", "timeout", "", { deadline: Date.now() + limitMs })));
    expectTrue(`${remainingMs} ms is about half a minute`, remainingMs > 0 && remainingMs <= limitMs);
  },

  async "deadline-ends-call"() {
    for (const kind of kinds) {
      const note = randomUUID();
      const { code } = await callWire(kind, "hang", note, { deadline: Date.now() + 1_000 });
      expectEqual(kind, code, status.DEADLINE_EXCEEDED);
      // If the client's timer is first, the client has reset the stream.
      const seen = await ask("read", note);
      expectTrue(`${kind}: the handler has seen ${seen}`, ["deadline_exceeded", "canceled"].includes(seen));
    }
  },

  async keepalive() {
    const note = randomUUID();
    const channel = openChannel("INTEROP_PROXY", {
      "grpc.keepalive_time_ms": 100,
      "grpc.keepalive_timeout_ms": 10_000,
      "grpc.use_local_subchannel_pool": 1,
    });
    const call = startWire("ServerStream", "headers-first", [note], { on: channel });
    await call.header;
    await ask("pings", "2");
    await headersComeFirst(call, note);
    channel.close();
  },
};

/** Returns the field violations of the `google.rpc.BadRequest` detail of a failed call, as `field: description`. */
export function violationsOf({ trailer }: Ended<unknown>): string[] {
  const [details] = trailer.get("grpc-status-details-bin");
  if (!(details instanceof Buffer)) return [];
  return fromBinary(StatusSchema, details).details.flatMap((detail) => {
    const bad = anyUnpack(detail, BadRequestSchema);
    return bad?.fieldViolations.map(({ field, description }) => `${field}: ${description}`) ?? [];
  });
}

/**
 * Proves by order that headers arrive while the handler waits: the handler waits for a request that the client sends
 * after it has received the headers.
 */
async function headersComeFirst(call: Call<WireResponse>, note: string): Promise<void> {
  expectEqual("header", (await call.header).get("x-early"), ["yes"]);
  await ask("post", note);
  expectEqual("text", (await call.next()).text, "posted");
}
