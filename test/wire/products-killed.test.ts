import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { startBourse } from "../start-bourse.ts";

const quiet = ["--no-demo", "--simulated-instruments", "1"];

test("acknowledged scores, changes and deletions survive a kill of the server", async () => {
  const data = await mkdtemp(join(tmpdir(), "bourse-killed-"));
  try {
    const clientOf = (baseUrl: string) => createClient(ProductService, createGrpcTransport({ baseUrl }));
    let answeredScores = 0n;
    let answeredName = "";
    let sentScores = 0n;
    await using first = await startBourse(quiet, data);
    const client = clientOf(first.url);
    const { product } = await client.createProduct({ product: { name: "Change 0" } });
    const { product: gone } = await client.createProduct({ product: { name: "Gone" } });
    const id = product?.id ?? "";
    await client.deleteProduct({ id: gone?.id ?? "" });

    async function* scores() {
      for (; sentScores < 1_000_000n; sentScores++) yield { productId: id, score: 5 };
    }
    const rating = async () => {
      for await (const { result } of client.rateProducts(scores())) {
        if (result.case === "rating") answeredScores = result.value.count;
        if (answeredScores === 300n) first.process.kill("SIGKILL");
      }
    };
    const changing = async () => {
      for (let n = 1; ; n++) {
        const change = { product: { id, name: `Change ${n}` }, updateMask: { paths: ["name"] } };
        answeredName = (await client.updateProduct(change)).product?.name ?? "";
      }
    };
    const outcomes = await Promise.allSettled([rating(), changing()]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await first[Symbol.asyncDispose]();

    await using second = await startBourse(quiet, data);
    const after = await clientOf(second.url).getProduct({ id });
    expect(after.rating?.count).toBeGreaterThanOrEqual(answeredScores);
    expect(after.rating?.count).toBeLessThanOrEqual(sentScores + 1n);
    expect(after.rating?.average).toBe(5);
    // One change can be stored without a received response.
    const number = (name = "") => Number(name.replace("Change ", ""));
    expect([number(answeredName), number(answeredName) + 1]).toContain(number(after.product?.name));
    const { product: deleted } = await clientOf(second.url).getProduct({ id: gone?.id ?? "", showDeleted: true });
    expect(deleted?.deleteTime).toBeDefined();
  } finally {
    await rm(data, { recursive: true });
  }
}, 120_000);
