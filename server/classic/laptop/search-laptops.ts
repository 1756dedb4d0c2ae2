import { create } from "@bufbuild/protobuf";
import type { Filter, Laptop } from "../../../gen/classic/pcbook/laptop_pb.ts";
import {
  type SearchLaptopResponse,
  SearchLaptopResponseSchema,
} from "../../../gen/classic/pcbook/laptop_service_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import { memoryToBits } from "../../product/search/memory-to-bits.ts";
import type { ProductCriteria } from "../../product/search/product-criteria.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { batch } from "../../transport/rpc/yield-batch.ts";
import { toLaptop } from "./convert-laptop.ts";
import { laptopCurrency, toMoney } from "./laptop-price.ts";

/**
 * Yields the laptops with a price in US dollars that meet a filter, in the order of their creation. Throws an
 * InvalidFieldError if the filter has an amount of memory without a unit.
 */
export async function* searchLaptops(
  catalogue: Pick<Catalogue, "search">,
  filter: Filter | undefined,
  reader: { readonly peer: string; readonly signal: AbortSignal },
): AsyncGenerator<SearchLaptopResponse> {
  for await (const page of catalogue.search(toSelection(filter), reader)) {
    const laptops = page.flatMap(({ product }): Laptop[] =>
      product.attributes.case === "laptop" ? [toLaptop(product, product.attributes.value)] : [],
    );
    const found = laptops.filter(({ priceUsd }) => filter === undefined || priceUsd <= filter.maxPriceUsd);
    yield* batch(found.map((laptop) => create(SearchLaptopResponseSchema, { laptop })));
  }
}

/**
 * Converts a filter to a selection. The catalogue compares prices with nine decimals, so a found laptop can exceed the
 * maximum price by less than that; the caller compares the exact prices.
 */
function toSelection(filter: Filter | undefined): ProductCriteria {
  const anyPrice = { currency: laptopCurrency, min: { units: 0n, nanos: 0n } };
  if (filter === undefined) return { price: anyPrice, order: "created-ascending" };
  const { maxPriceUsd, minCpuCores, minCpuGhz, minRam } = filter;
  const max = maxPriceUsd < 2 ** 63 ? toMoney(maxPriceUsd) : undefined; // no price is higher
  return {
    price: { ...anyPrice, ...(max && { max: { units: max.units, nanos: BigInt(max.nanos) } }) },
    ...(minCpuCores > 0 && { minCoreCount: minCpuCores }),
    ...(minCpuGhz > 0 && { minGhz: minCpuGhz }),
    ...(minRam && minRam.value > 0n && { minRamBits: parseRam(minRam) }),
    order: "created-ascending",
  };
}

function parseRam(ram: NonNullable<Filter["minRam"]>): bigint {
  const bits = memoryToBits(ram);
  if (bits !== undefined) return bits;
  throw new InvalidFieldError("filter.min_ram.unit", `is missing; set the unit of the value ${ram.value}`);
}
