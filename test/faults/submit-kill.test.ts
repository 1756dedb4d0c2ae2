import { randomInt } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { DigestChain } from "../../client/order/digest-chain.ts";
import { type Order, OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { someOrder } from "../../server/order/testing/any-order.ts";
import { faultRounds, killAtRandom } from "./killed-server.ts";

test(`no acknowledged order is lost or duplicated after the server is killed ${faultRounds} times`, async () => {
  /** The sequence number of each acknowledged order, by order number. */
  const acknowledged = new Map<number, number>();
  let roundsWithAcknowledgements = 0;
  /** All orders with a smaller number were submitted in an earlier round. */
  let submitted = 0;
  let resubmitFrom = 0;

  await killAtRandom({
    rounds: faultRounds,
    withinMs: 150,
    seed: randomInt(2 ** 31),
    async work({ url }, begun) {
      const before = acknowledged.size;
      let next = resubmitFrom;
      resubmitFrom = Math.max(0, submitted - 1_000);
      async function* orders() {
        for (; ; next++) yield { order: someOrder(next) };
      }
      let number = next;
      try {
        for await (const answer of clientOf(url).submitOrders(orders())) {
          begun();
          expect(answer.result.case).toBe("accepted");
          if (answer.result.case !== "accepted") return;
          const sequence = Number(answer.result.value.sequence);
          const known = acknowledged.get(number);
          if (known !== undefined) {
            expect(sequence, `order ${number} was acknowledged before`).toBe(known);
            expect(answer.result.value.duplicate).toBe(true);
          }
          acknowledged.set(number++, sequence);
        }
      } catch (error) {
        if (!isBroken(error)) throw error;
      }
      submitted = Math.max(submitted, next);
      if (acknowledged.size > before) roundsWithAcknowledgements++;
    },
    async check({ url }) {
      expect(roundsWithAcknowledgements).toBeGreaterThan(faultRounds / 2);
      const client = clientOf(url);
      async function* orders() {
        for (let n = 0; n < submitted; n++) yield { order: someOrder(n) };
      }
      let number = 0;
      for await (const { result } of client.submitOrders(orders())) {
        const known = acknowledged.get(number);
        const sequence = result.case === "accepted" ? Number(result.value.sequence) : undefined;
        if (known !== undefined) expect(sequence).toBe(known);
        acknowledged.set(number++, sequence ?? Number.NaN);
      }
      expect(number).toBe(submitted);

      const digest = new DigestChain();
      const keys = new Map<string, Order>();
      let trailer = new Headers();
      const onTrailer = (received: Headers) => {
        trailer = received;
      };
      for await (const response of client.exportOrders({ batchSize: 1_000 }, { onTrailer })) {
        for (const order of response.orders) {
          expect(order.sequence).toBe(BigInt(keys.size + 1));
          keys.set(order.key, order);
          digest.add(toBinary(OrderSchema, order));
        }
      }
      expect(keys.size).toBe(submitted);
      expect(trailer.get("bourse-sha256")).toBe(digest.hex);
      for (let n = 0; n < submitted; n++) {
        const sequence = BigInt(acknowledged.get(n) ?? 0);
        expect(keys.get(`key ${n}`)).toEqual(someOrder(n, { sequence }));
      }
      console.log(`${submitted} orders submitted, ${roundsWithAcknowledgements} rounds with acknowledgements`);
    },
  });
});

function clientOf(url: string) {
  return createClient(OrderService, createGrpcTransport({ baseUrl: url }));
}

/** Returns whether an error is the loss of a killed server. Any other error fails the test. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && error.name === "ConnectError";
}
