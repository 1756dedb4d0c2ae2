import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  KeyboardLayout,
  LaptopSchema,
  MemoryUnit,
  StorageDriver,
} from "../../../../gen/bourse/product/v1/product_pb.ts";
import { laptopDetails } from "./laptop-details.ts";

test("a laptop is told part by part", () => {
  const gigabytes = (value: bigint) => ({ value, unit: MemoryUnit.GIGABYTE });
  const laptop = create(LaptopSchema, {
    brand: "Lenovo",
    cpu: { brand: "Intel", name: "Core i7", coreCount: 8, threadCount: 16, minGhz: 2.3, maxGhz: 4.7 },
    ram: gigabytes(32n),
    gpus: [{ brand: "NVIDIA", name: "RTX 4060", memory: gigabytes(8n) }, { name: "Iris" }],
    storages: [{ driver: StorageDriver.SSD, memory: gigabytes(512n) }, { driver: StorageDriver.HDD }],
    screen: { sizeInch: 14, multitouch: true },
    keyboard: { layout: KeyboardLayout.QWERTZ, backlit: true },
    weight: { case: "weightLb", value: 3 },
    releaseYear: 2024,
  });
  expect(laptopDetails(laptop).map(({ name, text }) => `${name}: ${text}`)).toEqual([
    "Brand: Lenovo",
    "Processor: Intel Core i7 (8 cores, 4.7 GHz), 16 threads, from 2.3 GHz",
    "Memory: 32 GB",
    "Graphics: NVIDIA RTX 4060 (8 GB); Iris",
    "Drives: 512 GB SSD; HDD",
    "Screen: 14″, touch",
    "Keyboard: QWERTZ, backlit",
    "Weight: 3 lb",
    "Released: 2024",
  ]);
});

test("what is not known is left out", () => {
  expect(laptopDetails(create(LaptopSchema, { cpu: { threadCount: 4 }, keyboard: {}, gpus: [{}] }))).toEqual([
    { name: "Processor", text: "4 threads" },
  ]);
});
