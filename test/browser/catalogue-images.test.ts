import { randomUUID } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { expectNoViolations } from "./no-violations.ts";
import { pollOptions } from "./page-queries.ts";
import { serveDashboard } from "./serve-dashboard.ts";

const dashboard = serveDashboard(["--demo-orders", "1"]);
const { open } = dashboard;

test("a product shows thumbnails of its images, each with a text and a link to the full image", async () => {
  const transport = createConnectTransport({ baseUrl: dashboard.server.url, httpVersion: "2" });
  const products = createClient(ProductService, transport);
  const created = await products.createProduct({ product: { name: "Lamp" } });
  const productId = created.product?.id ?? "";
  const picture = await (await open("/")).screenshot();
  const uploads = createClient(UploadService, transport);
  async function* requests(uploadId: string) {
    const size = BigInt(picture.length);
    yield { request: { case: "info" as const, value: { info: { uploadId, productId, fileName: "lamp.png", size } } } };
    yield { request: { case: "chunk" as const, value: { data: picture, offset: 0n } } };
  }
  const ids = [randomUUID(), randomUUID()];
  for (const id of ids) await uploads.upload(requests(id));

  const page = await open(`/catalogue?product=${productId}`);
  const images = page.getByRole("dialog").getByRole("img");
  await expect.poll(() => images.count(), pollOptions).toBe(2);
  const areDrawn = `[...document.querySelectorAll("dialog img")].every((image) => image.complete && image.naturalWidth > 0)`;
  await expect.poll(() => page.evaluate(areDrawn), pollOptions).toBe(true);
  expect(await images.first().getAttribute("alt")).toBe("Lamp, image 1 of 2");
  const links = await page.evaluate(`[...document.querySelectorAll(".thumbnails a")].map(({ pathname }) => pathname)`);
  expect(links).toEqual(ids.map((id) => `/uploads/${id}`));
  await expectNoViolations(page);
});
