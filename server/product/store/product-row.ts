import { toBinary } from "@bufbuild/protobuf";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { formatSortableBits, memoryToBits } from "../search/memory-to-bits.ts";
import { foldCase } from "../search/split-search-terms.ts";
import type { ProductTexts } from "../search/text-index.ts";
import type { ProductTable } from "./product-tables.ts";

/** The columns of a row that come from the product: the body, and copies of the fields that queries use. */
export type ProductRow = Omit<ProductTable, "sequence" | "revision" | "deleted"> & { deleted: bigint };

/** Converts a product to its columns. A field that is unset or zero is unknown, and null in its column. */
export function toProductRow(product: Product): ProductRow {
  const { id, name, price, attributes, deleteTime } = product;
  const laptop = attributes.case === "laptop" ? attributes.value : undefined;
  const ramBits = laptop?.ram && memoryToBits(laptop.ram);
  return {
    id,
    name,
    price_currency: price?.currencyCode ?? null,
    price_units: price?.units ?? null,
    price_nanos: price === undefined ? null : BigInt(price.nanos),
    body: toBinary(ProductSchema, product),
    deleted: deleteTime === undefined ? 0n : 1n,
    brand: laptop?.brand ? foldCase(laptop.brand) : null,
    core_count: laptop?.cpu?.coreCount ? BigInt(laptop.cpu.coreCount) : null,
    min_ghz: laptop?.cpu?.minGhz || null,
    ram_bits: ramBits === undefined ? null : formatSortableBits(ramBits),
  };
}

/** Returns the texts of a product for the full-text index. */
export function toProductTexts({ name, description, attributes }: Product): ProductTexts {
  if (attributes.case !== "laptop") return { name, maker: "", description };
  const { brand, cpu, gpus } = attributes.value;
  const maker = [brand, cpu?.brand, cpu?.name, ...gpus.flatMap((gpu) => [gpu.brand, gpu.name])].filter(Boolean);
  return { name, maker: maker.join("\n"), description };
}
