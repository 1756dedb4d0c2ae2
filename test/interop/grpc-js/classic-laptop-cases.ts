import { status } from "@grpc/grpc-js";
import { type Cases, expectEqual } from "../run-cases.ts";
import { allOf, failedWith, startClassic } from "./classic-calls.ts";

interface Created {
  readonly id: string;
}

/** Laptops. */
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
};

/** A laptop with everything that a laptop has. */
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
    updatedAt: { seconds: 1, nanos: 0 },
    ...changes,
  };
}

function create(laptop: object) {
  return startClassic<Created>("techschool.pcbook.LaptopService.CreateLaptop", { laptop });
}
