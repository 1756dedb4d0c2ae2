import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type Cases, expectEqual, expectTrue, mustGet } from "../run-cases.ts";
import { bufCurl, type Ended, ok, type Protocol, type Running } from "./buf-curl.ts";

/** The methods of the wire service, one of each kind. */
const kinds = ["Unary", "ServerStream", "ClientStream", "BidiStream"] as const;
type Kind = (typeof kinds)[number];

/** The kinds whose trailers the program prints. It omits trailers in the body of calls with one response. */
const kindsWithTrailers: Readonly<Record<Protocol, readonly Kind[]>> = {
  grpc: kinds,
  grpcweb: ["ServerStream", "BidiStream"],
  connect: ["Unary", "ServerStream", "BidiStream"],
};

interface WireResponse {
  readonly text?: string;
}

const maxMessageBytes = 4 * 1024 * 1024;
/** The overhead of a long text in a message of the wire service, in bytes. */
const responseOverhead = 5;
const requestOverhead = 2 + "length".length + responseOverhead;

const retryPauseMs = 50;

/** The cases of the wire service at `url`. */
export function wireCases(url: string, protocol: Protocol): Cases {
  const start = (kind: Kind, requests?: readonly object[], flags: readonly string[] = [], to = url) =>
    bufCurl<WireResponse>(`${to}/test.wire.v1.WireService/${kind}`, protocol, requests, flags);
  const call = (kind: Kind, scenario: string, text: string, flags: readonly string[] = []) =>
    start(kind, [{ scenario, text }], flags).ended;
  const ask = async (scenario: string, text = "") => ok(await call("Unary", scenario, text)).text;
  /** gRPC returns the values of a key separately. */
  const values = (...each: string[]) => (protocol === "grpc" ? each : [each.join(", ")]);
  /** Returns a trailer. Connect sends the trailers of a unary call as headers. */
  const trailer = (ended: Ended<unknown>, key: string) => ended.trailer.get(key) ?? ended.header.get(`trailer-${key}`);

  /**
   * Proves by order that headers arrive while the handler waits: the handler waits for a request that the client sends
   * after it has received the headers.
   */
  async function headersComeFirst(running: Running<WireResponse>, note: string): Promise<void> {
    await running.headerSeen("X-Early: yes");
    await ask("post", note);
    expectEqual("text", (await running.next()).text, "posted");
  }

  return {
    async unary() {
      expectEqual("text", await ask("echo", "hello"), "hello");
    },

    async "server-stream"() {
      const { responses } = await call("ServerStream", "count", "3");
      expectEqual(
        "texts",
        responses.map(({ text }) => text),
        ["1", "2", "3"],
      );
    },

    async "client-stream"() {
      const requests = ["a", "b", "c"].map((text) => ({ scenario: "join", text }));
      expectEqual("text", ok(await start("ClientStream", requests).ended).text, "a,b,c");
    },

    async "bidi-stream"() {
      const running = start("BidiStream");
      for (const text of ["a", "b"]) {
        running.send({ scenario: "echo", text });
        expectEqual("answer", (await running.next()).text, text);
      }
      running.closeSend();
      const { problem, responses } = await running.ended;
      expectEqual("end", [problem, responses.length], [undefined, 2]);
    },

    async "headers-at-once-server-stream"() {
      const note = randomUUID();
      await headersComeFirst(start("ServerStream", [{ scenario: "headers-first", text: note }]), note);
    },

    async "headers-at-once-bidi-stream"() {
      const note = randomUUID();
      await headersComeFirst(start("BidiStream", [{ scenario: "headers-first", text: note }]), note);
    },

    async "trailers-on-success"() {
      for (const kind of kindsWithTrailers[protocol]) {
        const ended = await call(kind, "metadata", "");
        ok(ended);
        expectEqual(kind, trailer(ended, "x-many")?.join(", "), "c, d");
      }
    },

    async "trailers-on-failure"() {
      for (const kind of kindsWithTrailers[protocol]) {
        const ended = await call(kind, "fail", "");
        expectEqual(`${kind}: header`, ended.header.get("x-header"), ["sent"]);
        expectEqual(`${kind}: trailer`, trailer(ended, "x-before"), ["1"]);
        expectEqual(`${kind}: late trailer`, trailer(ended, "x-after"), ["2"]);
      }
    },

    async "repeated-keys"() {
      for (const kind of kindsWithTrailers[protocol]) {
        const ended = await call(kind, "metadata", "", ["--header", "x-sent: 1", "--header", "x-sent: 2"]);
        expectEqual(`${kind}: seen by the server`, ok(ended).text, "1, 2");
        expectEqual(`${kind}: header`, ended.header.get("x-many"), values("a", "b"));
        expectEqual(`${kind}: trailer`, trailer(ended, "x-many"), values("c", "d"));
      }
    },

    async "binary-metadata"() {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
      for (const kind of kindsWithTrailers[protocol]) {
        const ended = await call(kind, "metadata", "", ["--header", `x-sent-bin: ${bytes.toString("base64")}`]);
        ok(ended);
        for (const shown of [ended.header.get("x-echo-bin"), trailer(ended, "x-echo-bin")]) {
          expectEqual(kind, Buffer.from(shown?.join() ?? "", "base64").toString("hex"), bytes.toString("hex"));
        }
      }
    },

    async "error-details"() {
      for (const kind of kinds) {
        const { problem } = await call(kind, "fail", "");
        expectEqual(`${kind}: code`, problem?.code, "failed_precondition");
        expectEqual(`${kind}: message`, problem?.message, "the text is wrong: send another");
        expectEqual(`${kind}: violations`, problem?.violations, ["text: is wrong"]);
      }
    },

    async cancel() {
      for (const kind of kinds) {
        const note = randomUUID();
        const running = start(kind, [{ scenario: "hang", text: note }]);
        await ask("read", `${note} begun`);
        running.interrupt();
        expectEqual(`${kind}: seen by the handler`, await ask("read", note), "canceled");
        await running.ended;
      }
    },

    async "deadline-is-sent"() {
      const remainingMs = Number(ok(await call("Unary", "timeout", "", ["--timeout", "30s"])).text);
      expectTrue(`${remainingMs} ms is about half a minute`, remainingMs > 0 && remainingMs <= 30_000);
    },

    async "deadline-ends-call"() {
      for (const kind of kinds) {
        const note = randomUUID();
        const { problem } = await call(kind, "hang", note, ["--timeout", "1s"]);
        expectEqual(kind, problem?.code, "deadline_exceeded");
        // If the client's timer is first, the client has reset the stream.
        const seen = (await ask("read", note)) ?? "";
        expectTrue(`${kind}: the handler has seen ${seen}`, ["deadline_exceeded", "canceled"].includes(seen));
      }
    },

    /** The program does not compress requests. */
    async gzip() {
      const text = "All the same. ".repeat(50_000);
      const proxy = `http://${mustGet("INTEROP_PROXY")}`;
      for (const kind of kinds) {
        const before = JSON.parse((await ask("traffic")) ?? "");
        const ended = await start(kind, [{ scenario: "echo", text }], [], proxy).ended;
        expectTrue(`${kind}: the text is as it was`, ok(ended).text === text);
        const took = JSON.parse((await ask("traffic")) ?? "").bytesDown - before.bytesDown;
        expectTrue(`${kind}: ${took} is a fraction of ${text.length}`, took > 0 && took < text.length / 10);
      }
    },

    async "request-at-limit"() {
      const text = "x".repeat(maxMessageBytes - requestOverhead);
      for (const kind of kinds) expectEqual(kind, ok(await call(kind, "length", text)).text, String(text.length));
    },

    async "request-over-limit"() {
      const text = "x".repeat(maxMessageBytes - requestOverhead + 1);
      for (const kind of kinds) {
        expectEqual(kind, (await call(kind, "length", text)).problem?.code, "resource_exhausted");
      }
    },

    async "response-at-limit"() {
      for (const kind of kinds) {
        const { text = "" } = ok(await call(kind, "answer", String(maxMessageBytes)));
        expectEqual(kind, text.length + responseOverhead, maxMessageBytes);
      }
    },

    async "response-over-limit"() {
      for (const kind of kinds) {
        const { problem } = await call(kind, "answer", String(maxMessageBytes + 1));
        expectEqual(kind, problem?.code, "resource_exhausted");
      }
    },

    /** A server that shuts down loses no call, and the client reaches the next server. */
    async restart() {
      const streams = (["ServerStream", "BidiStream"] as const).map((kind) =>
        start(kind, [{ scenario: "hang-until-restart" }]),
      );
      for (const running of streams) expectEqual("text", (await running.next()).text, "hanging");
      const outlasting = ask("outlast");
      await ask("read", "outlasting");

      await ask("restart");
      for (const running of streams) {
        const ended = await running.ended;
        expectEqual("stream", ended.problem?.code, "unavailable");
        expectEqual("trailer", trailer(ended, "x-reconnect"), ["yes"]);
      }
      expectEqual("unary call", await outlasting, "outlasted");
      let again = await call("Unary", "generation", "");
      // Without a server, reflection fails first, and the program reports an unknown service.
      while (["unavailable", "none"].includes(again.problem?.code ?? "")) {
        await wait(retryPauseMs);
        again = await call("Unary", "generation", "");
      }
      expectEqual("generation", ok(again).text, "2");
    },
  };
}
