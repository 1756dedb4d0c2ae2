import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { LaptopSchema, MemoryUnit, Panel, StorageDriver } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { laptopSummary } from "./laptop-summary.ts";

test("a laptop is told in a line", () => {
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
  expect(laptopSummary(laptop)).toBe(
    "Intel Core i7 (8 cores, 4.7 GHz) · 32 GB · 1 TB SSD · NVIDIA RTX 4060 · 15.6″ 2560×1440 IPS · 1.85 kg · 2024",
  );
});

test("what is not known is left out", () => {
  expect(laptopSummary(create(LaptopSchema, { cpu: { coreCount: 4 }, ram: {}, screen: {}, storages: [{}] }))).toBe(
    "4 cores",
  );
  expect(laptopSummary(create(LaptopSchema))).toBe("");
});

test("a weight keeps the unit in which it was given", () => {
  expect(laptopSummary(create(LaptopSchema, { weight: { case: "weightLb", value: 4.2 } }))).toBe("4.2 lb");
});
