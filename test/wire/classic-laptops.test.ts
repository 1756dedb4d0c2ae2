import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { MemoryUnit, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { type FilterSchema, type LaptopSchema, Memory_Unit } from "../../gen/classic/pcbook/laptop_pb.ts";
import { LaptopService, type UploadImageRequestSchema } from "../../gen/classic/pcbook/laptop_service_pb.ts";
import { imageTypes } from "../../server/classic/laptop/upload-image.ts";
import { displayedTypes } from "../../server/upload/image/detect-file-type.ts";
import { maxChunkBytes } from "../../server/upload/session/upload-state-machine.ts";
import { type ClassicServer, startClassicServer } from "./classic-server.ts";

type LaptopInit = MessageInitShape<typeof LaptopSchema>;
type ImagePart = MessageInitShape<typeof UploadImageRequestSchema>["data"] & object;

/** The server of the tests for which other laptops in the catalogue do not matter. */
let classic: ClassicServer;

beforeAll(async () => {
  classic = await startClassicServer({ demo: false });
});

afterAll(() => classic?.[Symbol.asyncDispose]());

const nobody = "00000000-0000-4000-8000-000000000000";

const { GIGABYTE, MEGABYTE, TERABYTE } = Memory_Unit;

describe("SearchLaptop", () => {
  test("finds laptops up to a price with at least the cores, GHz and RAM of the filter", async () => {
    await using classic = await startClassicServer({ demo: false });
    const strong = { numberCores: 8, minGhz: 3 };
    await createLaptop(classic, { name: "all", priceUsd: 2000, cpu: strong, ram: { value: 16n, unit: GIGABYTE } });
    await createLaptop(classic, { name: "dear", priceUsd: 2001, cpu: strong, ram: { value: 16n, unit: GIGABYTE } });
    const few = { ...strong, numberCores: 4 };
    await createLaptop(classic, { name: "few", priceUsd: 2000, cpu: few, ram: { value: 16n, unit: GIGABYTE } });
    const slow = { ...strong, minGhz: 2.9 };
    await createLaptop(classic, { name: "slow", priceUsd: 2000, cpu: slow, ram: { value: 16n, unit: GIGABYTE } });
    await createLaptop(classic, { name: "small", priceUsd: 2000, cpu: strong, ram: { value: 16383n, unit: MEGABYTE } });
    await createLaptop(classic, { name: "unknown", priceUsd: 2000 });
    const ram = { value: 16n, unit: GIGABYTE };
    const filter = { maxPriceUsd: 2000, minCpuCores: 8, minCpuGhz: 3, minRam: ram };
    expect(await namesOf(classic, filter)).toEqual(["all"]);
    expect(await namesOf(classic, { ...filter, maxPriceUsd: 1999.99 })).toEqual([]);
    expect(await namesOf(classic, { ...filter, minCpuCores: 4 })).toEqual(["all", "few"]);
    expect(await namesOf(classic, { maxPriceUsd: 1e300 })).toHaveLength(6);
    expect(await namesOf(classic, undefined)).toHaveLength(6);
  });

  test("compares memory of any size across units of 1,024", async () => {
    await using classic = await startClassicServer({ demo: false });
    const most = 2n ** 64n - 1n;
    await createLaptop(classic, { name: "1 TB", ram: { value: 1n, unit: TERABYTE } });
    await createLaptop(classic, { name: "most", ram: { value: most, unit: TERABYTE } });
    await createLaptop(classic, { name: "bits", ram: { value: most, unit: Memory_Unit.BIT } });
    const atLeast = (value: bigint, unit: Memory_Unit) => namesOf(classic, { maxPriceUsd: 0, minRam: { value, unit } });
    expect(await atLeast(1024n, GIGABYTE)).toEqual(["1 TB", "most", "bits"]);
    expect(await atLeast(1025n, GIGABYTE)).toEqual(["most", "bits"]);
    expect(await atLeast(most, GIGABYTE)).toEqual(["most"]);
    expect(await atLeast(most, TERABYTE)).toEqual(["most"]);
  });

  test("returns a price unchanged, and compares prices exactly", async () => {
    await using classic = await startClassicServer({ demo: false });
    const price = 2417.839202874112;
    const below = 2417.8392028741114;
    expect(below).toBeLessThan(price);
    await createLaptop(classic, { name: "exact", priceUsd: price });
    const [found] = await search(classic, { maxPriceUsd: price });
    expect(found?.priceUsd).toBe(price);
    expect(await namesOf(classic, { maxPriceUsd: below })).toEqual([]);
  });

  test("finds exactly the laptops of the catalogue, from every source", async () => {
    await using classic = await startClassicServer({ demo: false });
    const usd = { currencyCode: "USD", units: 5n, nanos: 500_000_000 };
    const laptop = { case: "laptop" as const, value: { ram: { value: 1n, unit: MemoryUnit.GIGABYTE } } };
    await classic.catalogue.create(create(ProductSchema, { name: "Lamp", price: usd }));
    await classic.catalogue.create(create(ProductSchema, { name: "Laptop", price: usd, attributes: laptop }));
    const eur = { ...usd, currencyCode: "EUR" };
    await classic.catalogue.create(create(ProductSchema, { name: "Abroad", price: eur, attributes: laptop }));
    await classic.catalogue.create(create(ProductSchema, { name: "Priceless", attributes: laptop }));
    const found = await search(classic, { maxPriceUsd: 10 });
    expect(found.map(({ name, priceUsd }) => [name, priceUsd])).toEqual([["Laptop", 5.5]]);
    expect(found[0]?.ram).toMatchObject({ value: 1n, unit: GIGABYTE });
  });

  test.each([
    ["a price that is not a number", { maxPriceUsd: Number.NaN }],
    ["memory without a unit", { maxPriceUsd: 1, minRam: { value: 1n, unit: Memory_Unit.UNKNOWN } }],
  ])("refuses %s", async (_what, filter) => {
    await using classic = await startClassicServer({ demo: false });
    expect((await errorOf(search(classic, filter))).code).toBe(Code.InvalidArgument);
  });
});

describe("RateLaptop", () => {
  test("responds to each score with the current count and average over all calls", async () => {
    const id = await createLaptop(classic, { name: "Air" });
    const other = await createLaptop(classic, { name: "Pro" });
    expect(await rate(classic, [id, 8], [other, 1], [id, 7.5], [id.toUpperCase(), 10])).toEqual([
      [id, 1, 8],
      [other, 1, 1],
      [id, 2, 7.75],
      [id, 3, 8.5],
    ]);
    expect(await rate(classic, [id, 1])).toEqual([[id, 4, 6.625]]);
  });

  test.each([
    ["an unknown laptop", nobody, 5, Code.NotFound],
    ["an invalid id", "laptop-1", 5, Code.NotFound],
    ["a score of 0", "known", 0, Code.InvalidArgument],
    ["a score that is not a number", "known", Number.NaN, Code.InvalidArgument],
    ["a very long id", "x".repeat(10_000), 5, Code.InvalidArgument],
  ])("refuses %s, and keeps earlier scores", async (_what, id, score, code) => {
    const known = await createLaptop(classic, { name: "Air" });
    const error = await errorOf(rate(classic, [known, 5], [id === "known" ? known : id, score]));
    expect(error.code).toBe(code);
    expect((await classic.catalogue.ratingOf(known)).count).toBe(1n);
  });

  test("does not find products that are not laptops", async () => {
    const { id } = await classic.catalogue.create(create(ProductSchema, { name: "Lamp" }));
    expect((await errorOf(rate(classic, [id, 5]))).code).toBe(Code.NotFound);
  });
});

describe("UploadImage", () => {
  test.each([
    ["png", "png"],
    [".PNG", "png"],
    ["jpg", "jpeg"],
    [".Jpeg", "jpeg"],
    ["webp", "webp"],
  ] as const)("stores an image of type %s, which can be downloaded", async (imageType, format) => {
    const laptopId = await createLaptop(classic, { name: "Air" });
    const image = await imageOf(format);
    const { id, size } = await upload(classic, info(laptopId, imageType), ...chunksOf(image, 100));
    expect(size).toBe(image.length);
    const { upload: stored, file } = await classic.uploads.open(id);
    await using _file = file;
    expect(stored).toMatchObject({ productId: laptopId, contentType: `image/${format}`, phase: "complete" });
    const bytes = Buffer.alloc(image.length);
    await file.read(bytes, 0);
    expect(bytes.equals(image)).toBe(true);
  });

  test("accepts an image of the maximum size in chunks of the maximum message size", async () => {
    const laptopId = await createLaptop(classic, { name: "Air" });
    const image = Buffer.concat([await imageOf("png")], 1024 * 1024);
    expect(image.length).toBeGreaterThan(maxChunkBytes);
    expect(await upload(classic, info(laptopId, "png"), chunk(image))).toMatchObject({ size: image.length });
    const error = await errorOf(upload(classic, info(laptopId, "png"), chunk(image), chunk(Buffer.of(0))));
    expect([error.code, error.rawMessage]).toEqual([
      Code.InvalidArgument,
      expect.stringMatching(/at least 1048577 bytes; the limit is 1048576/),
    ]);
    expect(
      (await classic.uploads.list({ phases: ["open", "complete"], productId: laptopId, limit: 9 })).uploads,
    ).toHaveLength(1);
  });

  test("refuses an unknown laptop before it reads a chunk", async () => {
    const image = await imageOf("png");
    // The client does not close the stream, and the server does not wait for the chunk.
    async function* parts() {
      yield { data: info(nobody, "png") };
      await new Promise(() => {});
      yield { data: chunk(image) };
    }
    const error = await errorOf(createClient(LaptopService, grpc(classic)).uploadImage(parts()));
    expect([error.code, error.rawMessage]).toEqual([
      Code.NotFound,
      `there is no laptop ${nobody}: check the id; its product may be deleted, or not be a laptop`,
    ]);
    await expectNothingStored(classic, nobody);
  });

  test.each<[string, (id: string, png: Buffer) => ImagePart[], RegExp]>([
    ["a chunk before the info", (_id, png) => [chunk(png)], /^info: must be the first request, but a chunk was sent/],
    ["no request", () => [], /^info: must be the first request, but nothing was sent/],
    ["an info and no chunk", (id) => [info(id, "png")], /^chunk_data: the image is empty/],
    ["an empty chunk only", (id) => [info(id, "png"), chunk(Buffer.alloc(0))], /^chunk_data: the image is empty/],
    ["a second info", (id, png) => [info(id, "png"), chunk(png), info(id, "png")], /^info: was sent already/],
    ["an unknown type", (id, png) => [info(id, "exe"), chunk(png)], /"exe" is an unknown type; use one of apng/],
    ["a path as the type", (id, png) => [info(id, "../../x.png"), chunk(png)], /is an unknown type/],
    [
      "a type with the name of an object property",
      (id, png) => [info(id, "constructor"), chunk(png)],
      /is an unknown type/,
    ],
    [
      "another type than the bytes have",
      (id, png) => [info(id, "jpg"), chunk(png)],
      /is jpg, but the bytes are image\/png/,
    ],
    ["text", (id) => [info(id, "png"), chunk(Buffer.from("<svg/>"))], /is png, but the bytes are/],
  ])("refuses %s, and discards it", async (_what, parts, message) => {
    const laptopId = await createLaptop(classic, { name: "Air" });
    const error = await errorOf(upload(classic, ...parts(laptopId, await imageOf("png"))));
    expect([error.code, error.rawMessage]).toEqual([Code.InvalidArgument, expect.stringMatching(message)]);
    await expectNothingStored(classic, laptopId);
  });

  test("discards an image if the client disconnects during the upload", async () => {
    const laptopId = await createLaptop(classic, { name: "Air" });
    const leave = new AbortController();
    async function* parts() {
      yield { data: info(laptopId, "png") };
      yield { data: chunk(await imageOf("png")) };
      await new Promise(() => {});
    }
    const ended = classic.server.nextCall();
    const call = createClient(LaptopService, grpc(classic)).uploadImage(parts(), { signal: leave.signal });
    call.catch(() => {});
    while (classic.uploads.openCount === 0) await new Promise(setImmediate);
    leave.abort();
    expect((await ended).code).toBe("canceled");
    await vi.waitFor(() => expectNothingStored(classic, laptopId));
  });

  test("accepts only image types that are displayed", () => {
    for (const mediaType of Object.values(imageTypes).flat()) expect(displayedTypes.has(mediaType)).toBe(true);
  });
});

function grpc({ server }: ClassicServer) {
  return createGrpcTransport({ baseUrl: server.url });
}

async function createLaptop(classic: ClassicServer, laptop: LaptopInit): Promise<string> {
  return (await createClient(LaptopService, grpc(classic)).createLaptop({ laptop })).id;
}

async function search(classic: ClassicServer, filter: MessageInitShape<typeof FilterSchema> | undefined) {
  const request = filter === undefined ? {} : { filter };
  const found = await Array.fromAsync(createClient(LaptopService, grpc(classic)).searchLaptop(request));
  return found.flatMap(({ laptop }) => laptop ?? []);
}

async function namesOf(...args: Parameters<typeof search>): Promise<string[]> {
  return (await search(...args)).map(({ name }) => name);
}

async function rate(classic: ClassicServer, ...scores: (readonly [laptopId: string, score: number])[]) {
  async function* requests() {
    for (const [laptopId, score] of scores) yield { laptopId, score };
  }
  const answers = await Array.fromAsync(createClient(LaptopService, grpc(classic)).rateLaptop(requests()));
  return answers.map(({ laptopId, ratedCount, averageScore }) => [laptopId, ratedCount, averageScore]);
}

function upload(classic: ClassicServer, ...parts: readonly ImagePart[]) {
  async function* requests() {
    for (const data of parts) yield { data };
  }
  return createClient(LaptopService, grpc(classic)).uploadImage(requests());
}

function info(laptopId: string, imageType: string): ImagePart {
  return { case: "info", value: { laptopId, imageType } };
}

function chunk(bytes: Buffer): ImagePart {
  return { case: "chunkData", value: Uint8Array.from(bytes) };
}

function chunksOf(image: Buffer, size: number): ImagePart[] {
  return Array.from({ length: Math.ceil(image.length / size) }, (_, at) =>
    chunk(image.subarray(at * size, (at + 1) * size)),
  );
}

function imageOf(format: "png" | "jpeg" | "webp"): Promise<Buffer> {
  return sharp({ create: { width: 40, height: 30, channels: 3, background: "#246" } })
    .toFormat(format)
    .toBuffer();
}

async function expectNothingStored({ uploads }: ClassicServer, productId: string): Promise<void> {
  const kept = await uploads.list({ phases: ["open", "verifying", "complete", "damaged"], productId, limit: 9 });
  expect(kept.uploads).toEqual([]);
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => {
      throw new Error("the call has succeeded");
    },
    (error: unknown) => ConnectError.from(error),
  );
}
