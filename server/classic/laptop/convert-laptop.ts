import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Product,
  type Laptop as ProductLaptop,
  type LaptopSchema as ProductLaptopSchema,
  type Memory as ProductMemory,
  ProductSchema,
} from "../../../gen/bourse/product/v1/product_pb.ts";
import { type Laptop, LaptopSchema, type Memory } from "../../../gen/classic/pcbook/laptop_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import { NotFoundError } from "../../shared/api-resource-errors.ts";
import { exactPrice, laptopPrice, toMoney } from "./laptop-price.ts";

/** Resolves to the product of a laptop. Throws a NotFoundError if there is none, or if the product is not a laptop. */
export async function findLaptop(catalogue: Pick<Catalogue, "get">, id: string): Promise<Product> {
  const product = await catalogue.get(id).catch((error: unknown) => {
    throw error instanceof NotFoundError ? laptopNotFound(id) : error;
  });
  if (product.attributes.case !== "laptop") throw laptopNotFound(id);
  return product;
}

/** Creates the error of an id that belongs to no laptop, or to one that was deleted. */
export function laptopNotFound(id: string): NotFoundError {
  return new NotFoundError("laptop", id, "check the id; its product may be deleted, or not be a laptop");
}

/** Converts a laptop of the tutorial to a product draft. */
export function toProduct(laptop: Laptop): Product {
  return create(ProductSchema, {
    id: laptop.id,
    name: laptop.name,
    price: toMoney(laptop.priceUsd),
    attributes: { case: "laptop", value: toAttributes(laptop) },
  });
}

/** Converts a product to a laptop of the tutorial. The price is 0 if the product has none in US dollars. */
export function toLaptop(product: Product, attributes: ProductLaptop): Laptop {
  const { cpu } = attributes;
  return create(LaptopSchema, {
    ...copyParts(attributes),
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
    priceUsd: laptopPrice(product, attributes) ?? 0,
    updatedAt: product.updateTime,
  });
}

function toAttributes(laptop: Laptop): MessageInitShape<typeof ProductLaptopSchema> {
  const { cpu } = laptop;
  return {
    ...copyParts(laptop),
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

/** Copies the fields with the same names in both messages. Their enums have equal numbers, which a test checks. */
function copyParts({ brand, ram, gpus, storages, screen, keyboard, weight, releaseYear }: Laptop | ProductLaptop) {
  return {
    brand,
    ram: ram && copyMemory(ram),
    gpus: gpus.map(({ brand, name, minGhz, maxGhz, memory }) => ({
      brand,
      name,
      minGhz,
      maxGhz,
      memory: memory && copyMemory(memory),
    })),
    storages: storages.map(({ driver, memory }) => ({ driver, memory: memory && copyMemory(memory) })),
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

function copyMemory({ value, unit }: Memory | ProductMemory) {
  return { value, unit };
}
