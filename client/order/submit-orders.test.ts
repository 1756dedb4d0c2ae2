import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SubmitOrdersOptions, type Submitted, submitOrders } from "./submit-orders.ts";
import { FakeOrderService, orderOf } from "./testing/fake-order-service.ts";

interface Line {
  readonly line: number;
  readonly order: ReturnType<typeof orderOf>;
}

const lines = (count: number): Line[] =>
  Array.from({ length: count }, (_, index) => ({ line: index + 1, order: orderOf(0, `k${index}`) }));

async function all(
  service: FakeOrderService,
  submissions: AsyncIterable<Line> | Iterable<Line>,
  options: SubmitOrdersOptions = {},
): Promise<Submitted<Line>[]> {
  return Array.fromAsync(submitOrders(service.client, submissions, { random: () => 0, ...options }));
}

describe("submitOrders", () => {
  it("yields the response to each order with its submission", async () => {
    const service = new FakeOrderService();
    const answers = await all(service, lines(5));
    expect(answers.map(({ submission, isResubmitted }) => [submission.line, isResubmitted])).toEqual([
      [1, false],
      [2, false],
      [3, false],
      [4, false],
      [5, false],
    ]);
    expect(service.orders.map(({ key }) => key)).toEqual(["k0", "k1", "k2", "k3", "k4"]);
  });

  it("limits the orders in flight, and the reads of the source", async () => {
    const service = new FakeOrderService();
    let [taken, most, answered] = [0, 0, 0];
    function* source() {
      for (const line of lines(50)) {
        most = Math.max(most, ++taken - answered);
        yield line;
      }
    }
    for await (const _ of submitOrders(service.client, source(), { maxInFlight: 7 })) answered++;
    expect(answered).toBe(50);
    expect(service.mostAhead).toBe(7);
    expect(most).toBeLessThanOrEqual(7 + 1);
  });

  it("stores each order once and yields each response once and in order, regardless of failed calls", async () => {
    const breaks = fc.array(fc.record({ after: fc.nat(12), ahead: fc.nat(6) }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.nat(30), breaks, fc.integer({ min: 1, max: 10 }), async (count, planned, maxInFlight) => {
        const service = new FakeOrderService();
        service.breaks.push(...planned);
        const answers = await all(service, lines(count), { maxInFlight });
        expect(answers.map(({ submission }) => submission.line)).toEqual(lines(count).map(({ line }) => line));
        expect(service.orders.map(({ key }) => key)).toEqual(lines(count).map(({ order }) => order.key));
        for (const { answer, isResubmitted } of answers) {
          if (answer.result.case === "accepted" && answer.result.value.duplicate) expect(isResubmitted).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("loses no submission that the source yields while a call fails", async () => {
    const service = new FakeOrderService();
    service.breaks.push({ after: 1 });
    const gate = Promise.withResolvers<void>();
    async function* source() {
      const [first, second, third] = lines(3);
      if (first) yield first;
      if (second) yield second;
      await gate.promise;
      if (third) yield third;
    }
    const onState = ({ kind }: { kind: string }) => {
      if (kind === "retrying") setImmediate(gate.resolve);
    };
    const answers = await all(service, source(), { onState });
    expect(answers.map(({ submission }) => submission.line)).toEqual([1, 2, 3]);
    expect(service.submits).toBe(2);
  });

  it("submits the orders before a failure of the source, and then throws its error", async () => {
    const service = new FakeOrderService();
    function* source() {
      yield* lines(3);
      throw new Error("the file cannot be read");
    }
    await expect(all(service, source())).rejects.toThrow("the file cannot be read");
    expect(service.orders).toHaveLength(3);
  });

  it("throws errors that are not retryable", async () => {
    const service = new FakeOrderService();
    service.breaks.push({ after: 1, reason: new ConnectError("no", Code.PermissionDenied) });
    await expect(all(service, lines(3))).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect(service.submits).toBe(1);
  });

  it("closes the source when the loop is left", async () => {
    let isClosed = false;
    async function* source() {
      try {
        yield* lines(100);
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of submitOrders(new FakeOrderService().client, source(), { maxInFlight: 2 })) break;
    await expect.poll(() => isClosed).toBe(true);
  });

  it("throws CANCELED if the signal aborts", async () => {
    const end = new AbortController();
    const running = submitOrders(new FakeOrderService().client, lines(100), { signal: end.signal, maxInFlight: 1 });
    await running.next();
    end.abort();
    await expect(running.next()).rejects.toMatchObject({ code: Code.Canceled });
  });
});
