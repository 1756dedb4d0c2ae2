import { setTimeout as wait } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { type Cases, expectEqual, mustGet } from "../run-cases.ts";
import { startBourse } from "./bourse-cases.ts";
import { ask, callWire, startWire, textOf } from "./wire-service.ts";

const retryPauseMs = 50;

/** The cases that end the servers. */
export const endCases: Cases = {
  /** A server that shuts down loses no call, and the same channel reaches the next server. */
  async restart() {
    const streams = (["ServerStream", "BidiStream"] as const).map((kind) =>
      startWire(kind, "hang-until-restart", [""]),
    );
    for (const call of streams) expectEqual("text", (await call.next()).text, "hanging");
    const outlasting = callWire("Unary", "outlast", "");
    await ask("read", "outlasting");

    await ask("restart");
    for (const call of streams) {
      const { code, trailer } = await call.ended;
      expectEqual("stream", code, status.UNAVAILABLE);
      expectEqual("trailer", trailer.get("x-reconnect"), ["yes"]);
    }
    expectEqual("unary call", textOf(await outlasting), "outlasted");
    let again = await callWire("Unary", "generation", "");
    while (again.code === status.UNAVAILABLE) {
      await wait(retryPauseMs);
      again = await callWire("Unary", "generation", "");
    }
    expectEqual("generation", textOf(again), "2");
  },

  /** A server that shuts down after a signal notifies the clients that watch. */
  async shutdown() {
    const quotes = startBourse("bourse.quote.v1.QuoteService.WatchQuotes", { symbols: ["*"] });
    await quotes.next();
    const health = startBourse<{ status: string }>("grpc.health.v1.Health.Watch", {});
    expectEqual("health", (await health.next()).status, "SERVING");

    process.kill(Number(mustGet("INTEROP_BOURSE_PID")), "SIGTERM");
    expectEqual("health", (await health.next()).status, "NOT_SERVING");
    expectEqual("health's end", (await health.ended).code, status.UNAVAILABLE);
    const { code, trailer } = await quotes.ended;
    expectEqual("quotes' end", code, status.UNAVAILABLE);
    expectEqual("cursors in the trailers", trailer.get("bourse-cursor").length, 1);
  },
};
