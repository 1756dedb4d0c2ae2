import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Product,
  type Laptop as ProductLaptop,
  type LaptopSchema as ProductLaptopSchema,
  type Memory as ProductMemory,
  MemorySchema as ProductMemorySchema,
  ProductSchema,
} from "../../gen/bourse/product/v1/product_pb.ts";
import { type Laptop, LaptopSchema, type Memory, MemorySchema } from "../../gen/classic/pcbook/laptop_pb.ts";
import { exactPrice, moneyOf, priceOf } from "./laptop-price.ts";

/** The product that a laptop of the tutorial's is, without what the server sets. */
export function productOf(laptop: Laptop): Product {
  return create(ProductSchema, {
    id: laptop.id,
    name: laptop.name,
    price: moneyOf(laptop.priceUsd),
    attributes: { case: "laptop", value: attributesOf(laptop) },
  });
}

/** A laptop of the catalogue as the tutorial has it. Its price is 0 where it has none in US dollars. */
export function laptopOf(product: Product, attributes: ProductLaptop): Laptop {
  const { brand, cpu, ram, gpus, storages, screen, keyboard, weight, releaseYear } = attributes;
  return create(LaptopSchema, {
    id: product.id,
    brand,
    name: product.name,
    cpu: cpu && {
      brand: cpu.brand,
      name: cpu.name,
      numberCores: cpu.coreCount,
      numberThreads: cpu.threadCount,
      minGhz: cpu.minGhz,
      maxGhz: cpu.maxGhz,
    },
    ram: ram && fromProductMemory(ram),
    gpus: gpus.map(({ brand, name, minGhz, maxGhz, memory }) => ({
      brand,
      name,
      minGhz,
      maxGhz,
      memory: memory && fromProductMemory(memory),
    })),
    storages: storages.map(({ driver, memory }) => ({ driver, memory: memory && fromProductMemory(memory) })),
    screen: screen && {
      sizeInch: screen.sizeInch,
      resolution: screen.resolution && { width: screen.resolution.width, height: screen.resolution.height },
      panel: screen.panel,
      multitouch: screen.multitouch,
    },
    keyboard: keyboard && { layout: keyboard.layout, backlit: keyboard.backlit },
    weight,
    priceUsd: priceOf(product, attributes) ?? 0,
    releaseYear,
    updatedAt: product.updateTime,
  });
}

// The enums of both have the same numbers: a test compares them.
function attributesOf(laptop: Laptop): MessageInitShape<typeof ProductLaptopSchema> {
  const { brand, cpu, ram, gpus, storages, screen, keyboard, weight, releaseYear } = laptop;
  return {
    brand,
    cpu: cpu && {
      brand: cpu.brand,
      name: cpu.name,
      coreCount: cpu.numberCores,
      threadCount: cpu.numberThreads,
      minGhz: cpu.minGhz,
      maxGhz: cpu.maxGhz,
    },
    ram: ram && toProductMemory(ram),
    gpus: gpus.map(({ brand, name, minGhz, maxGhz, memory }) => ({
      brand,
      name,
      minGhz,
      maxGhz,
      memory: memory && toProductMemory(memory),
    })),
    storages: storages.map(({ driver, memory }) => ({ driver, memory: memory && toProductMemory(memory) })),
    screen: screen && {
      sizeInch: screen.sizeInch,
      resolution: screen.resolution && { width: screen.resolution.width, height: screen.resolution.height },
      panel: screen.panel,
      multitouch: screen.multitouch,
    },
    keyboard: keyboard && { layout: keyboard.layout, backlit: keyboard.backlit },
    weight,
    releaseYear,
    exactPriceUsd: exactPrice(laptop.priceUsd),
  };
}

/** The same amount of memory, in the same unit. */
function toProductMemory({ value, unit }: Memory): ProductMemory {
  return create(ProductMemorySchema, { value, unit });
}

function fromProductMemory({ value, unit }: ProductMemory): Memory {
  return create(MemorySchema, { value, unit });
}
