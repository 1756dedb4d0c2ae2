import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test, vi } from "vitest";
import type { Order } from "../../gen/bourse/order/v1/order_pb.ts";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { MoneySchema } from "../../gen/google/type/money_pb.ts";
import { someOrder } from "../../server/order/testing/any-order.ts";
import { startBourse } from "../start-bourse.ts";

/** A marker in the request, in the write-ahead log and in the response. */
const currency = "XTS";

test("the server syncs an order to the disk before it writes the response to the socket", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-strace-"));
  const trace = join(folder.path, "trace");
  const calls = "trace=read,recvmsg,pwrite64,fsync,fdatasync,write,writev,sendmsg";
  // With -D the child process is the server, not strace.
  const strace = ["strace", "-D", "-f", "-yy", "-s", "100000", "-e", calls, "-o", trace];
  const quiet = ["--no-demo", "--simulated-rate", "1", "--log-level", "warn"];
  await using server = await startBourse(quiet, undefined, strace);

  const second = Promise.withResolvers<Order>();
  async function* orders() {
    yield { order: someOrder(1) }; // after its response the server is idle
    yield { order: await second.promise };
  }
  const client = createClient(OrderService, createGrpcTransport({ baseUrl: server.url }));
  const unitPrice = create(MoneySchema, { currencyCode: currency, units: 1n });
  for await (const { index, result } of client.submitOrders(orders())) {
    expect(result.case).toBe("accepted");
    if (index === 0n) second.resolve(someOrder(2, { unitPrice }));
  }

  const seen = await vi.waitFor(async () => {
    const lines = (await readFile(trace, "utf8")).split("\n");
    const find = (what: RegExp, from = 0) => lines.findIndex((line, at) => at >= from && what.test(line));
    const request = find(new RegExp(`(read|recvmsg)\\(\\d+<TCP.*${currency}`));
    const logged = find(new RegExp(`pwrite64\\(\\d+<[^>]*bourse\\.sqlite-wal>.*${currency}`), request);
    const syncing = find(/(fsync|fdatasync)\(\d+<[^>]*bourse\.sqlite-wal>/, logged);
    const synced = syncing < 0 ? -1 : endOf(lines, syncing);
    const answered = find(new RegExp(`(write|writev|sendmsg)\\(\\d+<TCP.*${currency}`), request);
    expect(Math.min(request, logged, synced, answered)).toBeGreaterThan(-1);
    return { request, logged, synced, answered };
  });
  expect(seen.logged).toBeGreaterThan(seen.request);
  expect(seen.synced).toBeGreaterThan(seen.logged);
  expect(seen.answered).toBeGreaterThan(seen.synced);
});

/** Returns the line in which a call returns 0. strace splits a call if a call of another thread comes in between. */
function endOf(lines: readonly string[], begin: number): number {
  const line = lines[begin] ?? "";
  if (!line.includes("<unfinished ...>")) return line.endsWith("= 0") ? begin : -1;
  const [thread = ""] = line.split(" ", 1);
  const isEnd = (each: string) => each.startsWith(thread) && /<\.\.\. f(data)?sync resumed>.*= 0$/.test(each);
  return lines.findIndex((each, at) => at > begin && isEnd(each));
}
