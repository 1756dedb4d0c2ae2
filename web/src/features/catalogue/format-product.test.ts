import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  KeyboardLayout,
  LaptopSchema,
  MemoryUnit,
  Panel,
  StorageDriver,
} from "../../../../gen/bourse/product/v1/product_pb.ts";
import { formatLaptop, listLaptopAttributes } from "./format-product.ts";

test("a laptop has a one-line summary", () => {
  const laptop = create(LaptopSchema, {
    brand: "Lenovo",
    cpu: { brand: "Intel", name: "Core i7", coreCount: 8, maxGhz: 4.7 },
    ram: { value: 32n, unit: MemoryUnit.GIGABYTE },
    storages: [{ driver: StorageDriver.SSD, memory: { value: 1n, unit: MemoryUnit.TERABYTE } }],
    gpus: [{ brand: "NVIDIA", name: "RTX 4060" }],
    screen: { sizeInch: Math.fround(15.6), resolution: { width: 2560, height: 1440 }, panel: Panel.IPS },
    weight: { case: "weightKg", value: 1.8499 },
    releaseYear: 2024,
  });
  expect(formatLaptop(laptop)).toBe(
    "Intel Core i7 (8 cores, 4.7 GHz) · 32 GB · 1 TB SSD · NVIDIA RTX 4060 · 15.6″ 2560×1440 IPS · 1.85 kg · 2024",
  );
});

test("a summary leaves out unknown attributes", () => {
  expect(formatLaptop(create(LaptopSchema, { cpu: { coreCount: 4 }, ram: {}, screen: {}, storages: [{}] }))).toBe(
    "4 cores",
  );
  expect(formatLaptop(create(LaptopSchema))).toBe("");
});

test("a weight keeps its unit", () => {
  expect(formatLaptop(create(LaptopSchema, { weight: { case: "weightLb", value: 4.2 } }))).toBe("4.2 lb");
});

test("a laptop has a list of attributes", () => {
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
  expect(listLaptopAttributes(laptop).map(({ name, text }) => `${name}: ${text}`)).toEqual([
    "Brand: Lenovo",
    "Processor: Intel Core i7 (8 cores, 4.7 GHz), 16 threads, base 2.3 GHz",
    "Memory: 32 GB",
    "Graphics: NVIDIA RTX 4060 (8 GB); Iris",
    "Storage: 512 GB SSD; HDD",
    "Screen: 14″, touch",
    "Keyboard: QWERTZ, backlit",
    "Weight: 3 lb",
    "Release year: 2024",
  ]);
});

test("a list leaves out unknown attributes", () => {
  expect(listLaptopAttributes(create(LaptopSchema, { cpu: { threadCount: 4 }, keyboard: {}, gpus: [{}] }))).toEqual([
    { name: "Processor", text: "4 threads" },
  ]);
});
