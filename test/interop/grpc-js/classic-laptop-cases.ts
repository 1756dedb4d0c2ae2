import { status } from "@grpc/grpc-js";
import sharp from "sharp";
import { type Cases, expectEqual, expectTrue, mustGet } from "../run-cases.ts";
import { allOf, failedWith, startClassic } from "./classic-calls.ts";

interface Found {
  readonly laptop: Readonly<Record<string, unknown>> & { readonly updatedAt: { readonly seconds: number } };
}

interface Rating {
  readonly laptopId: string;
  readonly ratedCount: number;
  readonly averageScore: number;
}

interface Uploaded {
  readonly id: string;
  readonly size: number;
}

const sentTime = { seconds: 1, nanos: 0 };

const nobody = "00000000-0000-4000-8000-000000000000";

interface Created {
  readonly id: string;
}

/** The cases of laptops. */
export const classicLaptopCases: Cases = {
  async "create-laptop"() {
    const [created] = await allOf(create(newLaptop()));
    expectEqual("length of an id", created?.id.length, 36);
    const id = "16fd2706-8baf-433b-82eb-8c7fada847da";
    const chosen = newLaptop({ id, priceUsd: 2417.839202874 });
    expectEqual("chosen id", (await allOf(create(chosen)))[0]?.id, id);
    await failedWith(status.ALREADY_EXISTS, id, create(chosen));
  },

  async "create-laptop-refused"() {
    const wrong = { id: { id: "invalid" }, price_usd: { priceUsd: -1 }, name: { name: "" } };
    for (const [field, changes] of Object.entries(wrong)) {
      await failedWith(status.INVALID_ARGUMENT, field, create(newLaptop(changes)));
    }
    await failedWith(
      status.INVALID_ARGUMENT,
      "laptop",
      startClassic("techschool.pcbook.LaptopService.CreateLaptop", {}),
    );
  },

  async "search-laptop"() {
    // A price like those of the tutorial, with more decimals than Money.
    const price = 2417.839202874112;
    const cpu = { brand: "Intel", name: "Core i5", numberCores: 79, numberThreads: 99, minGhz: 2.5, maxGhz: 4.5 };
    const laptop = newLaptop({ name: "JavaScript searched", cpu, priceUsd: price });
    const [created] = await allOf(create(laptop));
    const find = (maxPriceUsd: number, minRam?: object) => {
      const filter = { maxPriceUsd, minCpuCores: 79, minCpuGhz: 2.5, minRam };
      return allOf(startClassic<Found>("techschool.pcbook.LaptopService.SearchLaptop", { filter }));
    };
    const found = await find(price, { value: 16 * 1024, unit: "MEGABYTE" });
    expectEqual("laptops found", found.length, 1);
    const got = found[0]?.laptop;
    expectTrue("the time is the server's", (got?.updatedAt.seconds ?? 0) > 1);
    expectEqual("laptop", { ...got, updatedAt: sentTime }, { ...laptop, id: created?.id });
    expectEqual("with more RAM", (await find(price, { value: 17, unit: "GIGABYTE" })).length, 0);
    expectEqual("cheaper", (await find(2417)).length, 0);
  },

  async "rate-laptop"() {
    const laptopId = await createdId("JavaScript rated");
    const call = startClassic<Rating>("techschool.pcbook.LaptopService.RateLaptop");
    const averages = [8, 7.75, 8.5];
    for (const [at, score] of [8, 7.5, 10].entries()) {
      call.send({ laptopId, score });
      const want = { laptopId, ratedCount: at + 1, averageScore: averages[at] ?? 0 };
      expectEqual("rating", { ...(await call.next()) }, want);
    }
    call.send({ laptopId: nobody, score: 5 });
    await failedWith(status.NOT_FOUND, nobody, call);
  },

  async "upload-image"() {
    const laptopId = await createdId("JavaScript pictured");
    for (const [imageType, format] of [
      ["png", "png"],
      [".PNG", "png"],
      ["jpg", "jpeg"],
      [".jpeg", "jpeg"],
    ] as const) {
      const image = await imageOf(format);
      const [uploaded] = await allOf(upload({ info: { laptopId, imageType } }, ...chunksOf(image, 50)));
      expectEqual("size", uploaded?.size, image.length);
      const downloaded = await fetch(`http://${mustGet("INTEROP_BOURSE")}/uploads/${uploaded?.id}`);
      expectTrue("the download is the image", image.equals(Buffer.from(await downloaded.arrayBuffer())));
    }
  },

  async "upload-image-refused"() {
    const laptopId = await createdId("JavaScript not pictured");
    const image = { chunkData: await imageOf("png") };
    const info = (id: string, imageType: string) => ({ info: { laptopId: id, imageType } });
    const large = chunksOf(Buffer.alloc(2 ** 20 + 1), 2 ** 16);
    const { NOT_FOUND, INVALID_ARGUMENT } = status;
    await failedWith(NOT_FOUND, nobody, upload(info(nobody, "png"), image));
    await failedWith(INVALID_ARGUMENT, "info", upload(image));
    await failedWith(INVALID_ARGUMENT, "is empty", upload(info(laptopId, "png")));
    await failedWith(INVALID_ARGUMENT, "image/png", upload(info(laptopId, "jpg"), image));
    await failedWith(INVALID_ARGUMENT, "unknown type", upload(info(laptopId, "../../etc/passwd"), image));
    await failedWith(INVALID_ARGUMENT, "1048576", upload(info(laptopId, "png"), ...large));
  },

  async "upload-image-cancel"() {
    const laptopId = await createdId("JavaScript canceled");
    const call = startClassic("techschool.pcbook.LaptopService.UploadImage");
    call.send({ info: { laptopId, imageType: "png" } });
    call.send({ chunkData: await imageOf("png") });
    call.cancel();
    await failedWith(status.CANCELLED, "", call);
  },
};

/** Creates a laptop with all fields. */
export function newLaptop(changes: object = {}): object {
  return {
    brand: "Interop",
    name: "JavaScript 1",
    cpu: { brand: "Intel", name: "Core i5", numberCores: 6, numberThreads: 12, minGhz: 2.5, maxGhz: 4.5 },
    ram: { value: 16, unit: "GIGABYTE" },
    gpus: [{ brand: "Intel", name: "Iris", minGhz: 0.3, maxGhz: 1.3, memory: { value: 128, unit: "MEGABYTE" } }],
    storages: [{ driver: "SSD", memory: { value: 1, unit: "TERABYTE" } }],
    screen: { sizeInch: 13.5, resolution: { width: 3000, height: 2000 }, panel: "IPS", multitouch: true },
    keyboard: { layout: "QWERTY", backlit: true },
    weightKg: 1.25,
    priceUsd: 1299.5,
    releaseYear: 2024,
    updatedAt: sentTime,
    ...changes,
  };
}

function create(laptop: object) {
  return startClassic<Created>("techschool.pcbook.LaptopService.CreateLaptop", { laptop });
}

async function createdId(name: string): Promise<string> {
  const [created] = await allOf(create(newLaptop({ name })));
  return created?.id ?? "";
}

function upload(...requests: readonly object[]) {
  return startClassic<Uploaded>("techschool.pcbook.LaptopService.UploadImage", ...requests);
}

function chunksOf(image: Buffer, size: number): object[] {
  return Array.from({ length: Math.ceil(image.length / size) }, (_, at) => ({
    chunkData: image.subarray(at * size, (at + 1) * size),
  }));
}

function imageOf(format: "png" | "jpeg"): Promise<Buffer> {
  return sharp({ create: { width: 16, height: 12, channels: 3, background: "#246" } })
    .toFormat(format)
    .toBuffer();
}
