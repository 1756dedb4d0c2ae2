import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { CallState } from "../shared/call-retry-tracker.ts";
import { ManualTimers } from "../shared/testing/manual-timers.ts";
import {
  type ExportedOrders,
  ExportMismatchError,
  type ExportOrdersOptions,
  type ExportSummary,
  exportOrders,
} from "./export-orders.ts";
import { FakeOrderService, orderOf } from "./testing/fake-order-service.ts";

const ten = Array.from({ length: 10 }, (_, index) => orderOf(index + 1));

const atOnce = { random: () => 0 };

async function all(service: FakeOrderService, options: ExportOrdersOptions = {}) {
  const parts: ExportedOrders[] = [];
  const running = exportOrders(service.client, { ...atOnce, ...options });
  for (;;) {
    const next = await running.next();
    if (next.done) return { parts, summary: next.value };
    parts.push(next.value);
  }
}

const sequences = (parts: readonly ExportedOrders[]) =>
  parts.flatMap(({ orders }) => orders.map(({ sequence }) => sequence));

describe("exportOrders", () => {
  it("yields all orders and their number, and verifies at the end that they are complete", async () => {
    const { parts, summary } = await all(new FakeOrderService(ten), { batchSize: 4 });
    expect(parts.map(({ orders, position, total }) => [orders.length, position.received, total])).toEqual([
      [4, 4, 10],
      [4, 8, 10],
      [2, 10, 10],
    ]);
    expect(summary).toEqual({ count: 10, sha256: parts.at(-1)?.position.digest });
  });

  it("is complete without orders", async () => {
    expect((await all(new FakeOrderService())).summary).toEqual({ count: 0, sha256: "0".repeat(64) });
  });

  it("resumes a stream after a failure at any point, with the same digest at the end", async () => {
    const whole = (await all(new FakeOrderService(ten))).summary;
    for (let after = 0; after <= 5; after++) {
      const service = new FakeOrderService(ten);
      service.breaks.push({ after }, { after: 0 }, { after: 1 });
      const { parts, summary } = await all(service, { batchSize: 2 });
      expect(sequences(parts)).toEqual(ten.map(({ sequence }) => sequence));
      expect(summary).toEqual(whole);
    }
  });

  it("resumes from a stored position, and verifies the orders before it too", async () => {
    const service = new FakeOrderService(ten);
    const whole = await all(service, { batchSize: 1 });
    for (const [index, { position }] of whole.parts.entries()) {
      const { parts, summary } = await all(service, { from: position });
      expect(sequences(parts)).toEqual(sequences(whole.parts.slice(index + 1)));
      expect(summary).toEqual(whole.summary);
    }
    const from = { token: new TextEncoder().encode("5"), received: 5, digest: "1".repeat(64) };
    await expect(all(service, { from })).rejects.toThrow(ExportMismatchError);
  });

  it.each<[string, (service: FakeOrderService) => void, Partial<ExportSummary>]>([
    ["another digest", (service) => (service.digest = "ab".repeat(32)), { sha256: "ab".repeat(32) }],
    ["no digest", (service) => (service.digest = ""), { sha256: "" }],
  ])("throws the received and the announced summary if the server announces %s", async (_what, change, announced) => {
    const service = new FakeOrderService(ten);
    change(service);
    const error: unknown = await all(service).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExportMismatchError);
    expect(error).toMatchObject({ received: { count: 10 }, announced: { count: 10, ...announced } });
    expect(service.exports).toHaveLength(1);
  });

  it("throws errors that are not retryable", async () => {
    const service = new FakeOrderService(ten);
    service.breaks.push({ after: 0, reason: new ConnectError("the token is of another filter", Code.InvalidArgument) });
    await expect(all(service)).rejects.toMatchObject({ code: Code.InvalidArgument });
    expect(service.exports).toHaveLength(1);
  });

  it("increases the delay after each failure in a row, and reports it", async () => {
    const service = new FakeOrderService(ten);
    service.breaks.push({ after: 0 }, { after: 0 }, { after: 0 });
    const timers = new ManualTimers();
    const states: CallState[] = [];
    const onState = (state: CallState) => {
      states.push(state);
      if (state.kind === "retrying") queueMicrotask(() => timers.advance(state.delayMs));
    };
    await all(service, { timers, onState, random: () => 0.5 });
    const waits = states.flatMap((state) => (state.kind === "retrying" ? [state.delayMs] : []));
    expect(waits).toEqual([250, 500, 1_000]);
    expect(states.at(-1)).toEqual({ kind: "live" });
  });

  it("throws the reason if the retry policy of the caller allows no further attempt", async () => {
    const service = new FakeOrderService(ten);
    service.breaks.push({ after: 1 }, { after: 0 }, { after: 0 });
    const retry = (_reason: ConnectError, failures: number) => failures < 2;
    await expect(all(service, { retry, batchSize: 1 })).rejects.toMatchObject({ code: Code.Unavailable });
    expect(service.exports).toHaveLength(2);
  });

  it("reconnects after the idle timeout", async () => {
    const service = new FakeOrderService(ten);
    const timers = new ManualTimers();
    let isFirst = true;
    service.delay = () => {
      if (!isFirst) return Promise.resolve();
      isFirst = false;
      setImmediate(() => timers.advance(60_000));
      return new Promise(() => {});
    };
    const onState = (state: CallState) => {
      if (state.kind === "retrying") queueMicrotask(() => timers.advance(state.delayMs));
    };
    const { parts } = await all(service, { timers, onState });
    expect(sequences(parts)).toHaveLength(10);
    expect(service.exports).toHaveLength(2);
  });

  it("throws CANCELED if the signal aborts", async () => {
    const end = new AbortController();
    const running = exportOrders(new FakeOrderService(ten).client, { signal: end.signal, batchSize: 1 });
    await running.next();
    end.abort();
    await expect(running.next()).rejects.toMatchObject({ code: Code.Canceled });
  });
});
