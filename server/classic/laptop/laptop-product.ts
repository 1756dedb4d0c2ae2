import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Product,
  type Laptop as ProductLaptop,
  type LaptopSchema as ProductLaptopSchema,
  type Memory as ProductMemory,
  ProductSchema,
} from "../../../gen/bourse/product/v1/product_pb.ts";
import { type Laptop, LaptopSchema, type Memory } from "../../../gen/classic/pcbook/laptop_pb.ts";
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
  const { cpu } = attributes;
  return create(LaptopSchema, {
    ...partsOf(attributes),
    id: product.id,
    name: product.name,
    cpu: cpu && {
      brand: cpu.brand,
      name: cpu.name,
      numberCores: cpu.coreCount,
      numberThreads: cpu.threadCount,
      minGhz: cpu.minGhz,
      maxGhz: cpu.maxGhz,
    },
    priceUsd: priceOf(product, attributes) ?? 0,
    updatedAt: product.updateTime,
  });
}

function attributesOf(laptop: Laptop): MessageInitShape<typeof ProductLaptopSchema> {
  const { cpu } = laptop;
  return {
    ...partsOf(laptop),
    cpu: cpu && {
      brand: cpu.brand,
      name: cpu.name,
      coreCount: cpu.numberCores,
      threadCount: cpu.numberThreads,
      minGhz: cpu.minGhz,
      maxGhz: cpu.maxGhz,
    },
    exactPriceUsd: exactPrice(laptop.priceUsd),
  };
}

/** What has the same names in both. The enums of both have the same numbers: a test compares them. */
function partsOf({ brand, ram, gpus, storages, screen, keyboard, weight, releaseYear }: Laptop | ProductLaptop) {
  return {
    brand,
    ram: ram && memoryOf(ram),
    gpus: gpus.map(({ brand, name, minGhz, maxGhz, memory }) => ({
      brand,
      name,
      minGhz,
      maxGhz,
      memory: memory && memoryOf(memory),
    })),
    storages: storages.map(({ driver, memory }) => ({ driver, memory: memory && memoryOf(memory) })),
    screen: screen && {
      sizeInch: screen.sizeInch,
      resolution: screen.resolution && { width: screen.resolution.width, height: screen.resolution.height },
      panel: screen.panel,
      multitouch: screen.multitouch,
    },
    keyboard: keyboard && { layout: keyboard.layout, backlit: keyboard.backlit },
    weight,
    releaseYear,
  };
}

/** The same amount of memory, in the same unit. */
function memoryOf({ value, unit }: Memory | ProductMemory) {
  return { value, unit };
}
