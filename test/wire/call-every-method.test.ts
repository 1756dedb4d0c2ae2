import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { CallError } from "../../cli/call/call-error.ts";
import { callMethod } from "../../cli/call/call-method.ts";
import { findService } from "../../cli/call/find-method.ts";
import { ReflectedDescriptors } from "../../cli/call/reflected-descriptors.ts";
import { ReflectionClient } from "../../cli/call/reflection-client.ts";
import { openRequestInput } from "../../cli/call/request-input.ts";
import { createTemplate } from "../../cli/call/request-template.ts";
import { protocols } from "../../cli/shared/common-options.ts";
import { connectTo } from "../../cli/shared/server-connection.ts";
import { type App, createApp } from "../../server/app.ts";
import { readConfig } from "../../server/config/config.ts";

vi.setConfig({ testTimeout: 60_000 });

let app: App;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bourse-call-"));
  const settings = {
    port: "0",
    data: join(folder, "data"),
    "demo-orders": "10",
    "simulated-instruments": "1",
    "classic-interval": "0",
  };
  app = await createApp(readConfig(settings, {}), pino({ level: "silent" }));
});
afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Streams that last until the client ends them, and the response after which the test does so. */
const endless: Readonly<Record<string, RegExp>> = {
  "bourse.quote.v1.QuoteService/WatchQuotes": /"started"/,
  "bourse.quote.v1.QuoteService/StreamQuotes": /"pong"/,
  "grpc.health.v1.Health/Watch": /"SERVING"/,
};

/** The outcome of a call: `ok`, or the code of its error. */
type Outcome = string;

/** Calls a method with JSON messages. */
async function call(
  method: string,
  protocol: (typeof protocols)[number],
  messages: readonly JsonValue[],
): Promise<{ outcome: Outcome; responses: JsonValue[]; problem: string }> {
  const transport = connectTo({ address: app.url, protocol });
  const source = new ReflectedDescriptors(new ReflectionClient(transport, app.url, {}), app.url);
  const end = new AbortController();
  const responses: JsonValue[] = [];
  let error: CallError | undefined;
  const run = callMethod(
    {
      method,
      source,
      openTransport: () => transport,
      inputs: messages.map((message, index) => openRequestInput(JSON.stringify(message), index + 1)),
      headers: [["x-test", "call"]],
      timeoutMs: 20_000,
      signal: end.signal,
    },
    {
      isIndented: false,
      async print(line) {
        responses.push(JSON.parse(line));
        if (endless[method]?.test(line)) end.abort();
      },
      onError(_method, received) {
        error = received;
      },
      note: () => {},
    },
  );
  await run.catch((reason: unknown) => {
    if (!end.signal.aborted) throw reason;
  });
  return { outcome: error?.code ?? "ok", responses, problem: error?.message ?? "" };
}

const money = { currency_code: "EUR", units: "5" };

/** A PNG of one pixel, in base64. */
const smallestPng = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** What one protocol's calls share: identifiers that are new in each run. */
function newRun() {
  const uploadId = randomUUID();
  const uploadInfo = { upload_id: uploadId, file_name: "a.txt" };
  return {
    uploadId,
    uploadInfo,
    streamedUpload: randomUUID(),
    aborted: randomUUID(),
    product: randomUUID(),
    key: randomUUID(),
  };
}

/**
 * The messages for methods whose template is no valid request, in an order in which they succeed. All other methods are
 * called with their templates.
 */
function plausibleRequests(run: ReturnType<typeof newRun>): Record<string, readonly JsonValue[]> {
  const product = { id: run.product, name: "Lamp", price: money };
  const order = {
    key: run.key,
    order_number: "1",
    product_code: "A",
    quantity: 1,
    unit_price: money,
    country: "France",
    placed_at: "2026-01-31T12:00:00Z",
  };
  const content = Buffer.from("abc").toString("base64");
  const laptop = { id: randomUUID(), name: "Kestrel", price_usd: 900, weight_kg: 1 };
  return {
    "bourse.product.v1.ProductService/CreateProduct": [{ product }],
    "bourse.product.v1.ProductService/GetProduct": [{ id: run.product }],
    "bourse.product.v1.ProductService/UpdateProduct": [
      { product: { ...product, name: "Lantern" }, update_mask: "name" },
    ],
    "bourse.product.v1.ProductService/RateProducts": [{ product_id: run.product, score: 5 }],
    "bourse.product.v1.ProductService/SearchProducts": [{ query: "lantern" }],
    "bourse.product.v1.ProductService/ListProducts": [],
    "bourse.product.v1.ProductService/DeleteProduct": [{ id: run.product }],
    "bourse.order.v1.OrderService/SubmitOrders": [{ order }, { order: { ...order, key: randomUUID() } }],
    "bourse.order.v1.OrderService/ExportOrders": [{ batch_size: 5 }],
    "bourse.order.v1.OrderService/GetOrderSummary": [],
    "bourse.quote.v1.QuoteService/GetQuote": [{ symbol: "ACME" }],
    "bourse.quote.v1.QuoteService/ListCandles": [{ symbol: "ACME", interval: "CANDLE_INTERVAL_1S" }],
    "bourse.quote.v1.QuoteService/WatchQuotes": [{ symbols: ["ACME"] }],
    "bourse.quote.v1.QuoteService/StreamQuotes": [{ start: { symbols: ["ACME"] } }, { command: { id: "1", ping: {} } }],
    "bourse.quote.v1.QuoteService/PublishQuotes": [{ quotes: [] }],
    "bourse.upload.v1.UploadService/StartUpload": [{ info: run.uploadInfo }],
    "bourse.upload.v1.UploadService/UploadChunk": [
      { upload_id: run.uploadId, writer_generation: "1", offset: "0", data: content },
    ],
    "bourse.upload.v1.UploadService/GetUpload": [{ upload_id: run.uploadId }],
    "bourse.upload.v1.UploadService/FinishUpload": [{ upload_id: run.uploadId, writer_generation: "1", size: "3" }],
    "bourse.upload.v1.UploadService/Download": [{ upload_id: run.uploadId }],
    "bourse.upload.v1.UploadService/AbortUpload": [{ upload_id: run.uploadId }],
    "bourse.upload.v1.UploadService/ListUploads": [{ page_size: 10 }],
    "bourse.upload.v1.UploadService/Upload": [
      { info: { info: { upload_id: run.streamedUpload, file_name: "b.txt" } } },
      { chunk: { data: content } },
      { finish: { size: "3" } },
    ],
    "services.ProductInfo/getProducts": [{ size: 10 }],
    "techschool.pcbook.LaptopService/CreateLaptop": [{ laptop }],
    "techschool.pcbook.LaptopService/RateLaptop": [{ laptop_id: laptop.id, score: 5 }],
    "techschool.pcbook.LaptopService/UploadImage": [
      { info: { laptop_id: laptop.id, image_type: "png" } },
      { chunk_data: smallestPng },
    ],
    "bourse.quote.v1.QuoteService/UpdateWatch": [{ stream_id: randomUUID(), command: { id: "1", ping: {} } }],
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo": [{ list_services: "*" }],
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": [{ list_services: "*" }],
    "grpc.health.v1.Health/Check": [],
    "grpc.health.v1.Health/Watch": [],
  };
}

/** A template is a valid request, or the method refuses its example values. */
const outcomesOfTemplates: readonly Outcome[] = ["ok", "invalid_argument", "not_found", "failed_precondition"];

/** The outcomes of plausible requests that are not `ok`: no stream has the identifier. */
const otherOutcomes: Readonly<Record<string, Outcome>> = { "bourse.quote.v1.QuoteService/UpdateWatch": "not_found" };

test.each(protocols)(
  "every method of the server is called over %s, and answers",
  { tags: ["slow"] },
  async (protocol) => {
    const transport = connectTo({ address: app.url, protocol });
    const source = new ReflectedDescriptors(new ReflectionClient(transport, app.url, {}), app.url);
    const requests = plausibleRequests(newRun());
    const rest: Record<string, readonly JsonValue[]> = {};
    for (const name of await source.listServices()) {
      const { service } = await findService(source, name);
      for (const method of service.methods) {
        const path = `${name}/${method.name}`;
        if (!(path in requests)) rest[path] = [createTemplate(method.input)];
      }
    }
    const counts: Record<Outcome, number> = {};
    const failures: Record<string, string> = {};
    for (const [method, messages] of Object.entries({ ...requests, ...rest })) {
      const { outcome, problem } = await call(method, protocol, messages);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      const expected = method in requests ? [otherOutcomes[method] ?? "ok"] : outcomesOfTemplates;
      if (!expected.includes(outcome)) failures[method] = `${outcome}: ${problem}`;
    }
    const total = Object.keys({ ...requests, ...rest }).length;
    console.log(`bourse call over ${protocol}: ${total} methods called, ${JSON.stringify(counts)}`);
    expect(failures).toEqual({});
  },
);

test("responses have the names of the proto, and have the stored values", async () => {
  const run = newRun();
  const requests = plausibleRequests(run);
  const method = (name: string) => `bourse.product.v1.ProductService/${name}`;
  await call(method("CreateProduct"), "grpc", requests[method("CreateProduct")] ?? []);
  const { responses } = await call(method("GetProduct"), "connect", [{ id: run.product }]);
  expect(responses).toMatchObject([{ product: { id: run.product, name: "Lamp", price: money } }]);
});
