import { toBinary } from "@bufbuild/protobuf";
import { type Product, ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import type { ProductTable } from "../../storage/tables.ts";
import { foldText } from "../search/fold-text.ts";
import { memoryBits } from "../search/memory-bits.ts";
import type { ProductTexts } from "../search/text-search.ts";

/** What a product's row has of the product itself: the body, and what queries need of it. */
export type ProductColumns = Omit<ProductTable, "sequence" | "revision" | "deleted"> & { deleted: bigint };

/** The columns of a product. What is zero in it is not known, and null here. */
export function productColumns(product: Product): ProductColumns {
  const { id, name, price, attributes, deleteTime } = product;
  const laptop = attributes.case === "laptop" ? attributes.value : undefined;
  const ramBits = laptop?.ram && memoryBits(laptop.ram);
  return {
    id,
    name,
    price_currency: price?.currencyCode ?? null,
    price_units: price?.units ?? null,
    price_nanos: price === undefined ? null : BigInt(price.nanos),
    body: toBinary(ProductSchema, product),
    deleted: deleteTime === undefined ? 0n : 1n,
    brand: laptop?.brand ? foldText(laptop.brand) : null,
    core_count: laptop?.cpu?.coreCount ? BigInt(laptop.cpu.coreCount) : null,
    min_ghz: laptop?.cpu?.minGhz || null,
    ram_bits: ramBits === undefined ? null : sortableBits(ramBits),
  };
}

/** A number of bits as a text: those of two numbers compare as the numbers do. */
export function sortableBits(bits: bigint): string {
  return bits.toString(16).padStart(ramDigits, "0");
}

const ramDigits = 27; // 2^107 at most

/** The texts by which a product is found. */
export function productTexts({ name, description, attributes }: Product): ProductTexts {
  if (attributes.case !== "laptop") return { name, maker: "", description };
  const { brand, cpu, gpus } = attributes.value;
  const maker = [brand, cpu?.brand, cpu?.name, ...gpus.flatMap((gpu) => [gpu.brand, gpu.name])].filter(Boolean);
  return { name, maker: maker.join("\n"), description };
}
