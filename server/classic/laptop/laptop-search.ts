import { create } from "@bufbuild/protobuf";
import type { Filter, Laptop } from "../../../gen/classic/pcbook/laptop_pb.ts";
import {
  type SearchLaptopResponse,
  SearchLaptopResponseSchema,
} from "../../../gen/classic/pcbook/laptop_service_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import { memoryBits } from "../../product/search/memory-bits.ts";
import type { ProductSelection } from "../../product/search/product-selection.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { batch } from "../../transport/rpc/batch.ts";
import { laptopCurrency, moneyOf } from "./laptop-price.ts";
import { laptopOf } from "./laptop-product.ts";

/**
 * Yields the laptops that have what a filter asks for and a price in US dollars, as they are found. Throws an
 * InvalidFieldError where the filter has an amount of memory without a unit.
 */
export async function* searchLaptops(
  catalogue: Pick<Catalogue, "search">,
  filter: Filter | undefined,
  reader: { readonly peer: string; readonly signal: AbortSignal },
): AsyncGenerator<SearchLaptopResponse> {
  for await (const page of catalogue.search(selectionOf(filter), reader)) {
    const laptops = page.flatMap(({ product }): Laptop[] =>
      product.attributes.case === "laptop" ? [laptopOf(product, product.attributes.value)] : [],
    );
    const found = laptops.filter(({ priceUsd }) => filter === undefined || priceUsd <= filter.maxPriceUsd);
    yield* batch(found.map((laptop) => create(SearchLaptopResponseSchema, { laptop })));
  }
}

/** What the catalogue is searched for. Of prices it knows nine decimals: what it finds may be dearer by less than that. */
function selectionOf(filter: Filter | undefined): ProductSelection {
  const free = { currency: laptopCurrency, min: { units: 0n, nanos: 0n } };
  if (filter === undefined) return { price: free, order: "oldest" };
  const { maxPriceUsd, minCpuCores, minCpuGhz, minRam } = filter;
  // Nothing can cost more, nor can money be more.
  const max = maxPriceUsd < 2 ** 63 ? moneyOf(maxPriceUsd) : undefined;
  return {
    price: { ...free, ...(max && { max: { units: max.units, nanos: BigInt(max.nanos) } }) },
    ...(minCpuCores > 0 && { minCoreCount: minCpuCores }),
    ...(minCpuGhz > 0 && { minGhz: minCpuGhz }),
    ...(minRam && minRam.value > 0n && { minRamBits: bitsOf(minRam) }),
    order: "oldest",
  };
}

function bitsOf(ram: NonNullable<Filter["minRam"]>): bigint {
  const bits = memoryBits(ram);
  if (bits !== undefined) return bits;
  throw new InvalidFieldError("filter.min_ram.unit", `is missing: say what the ${ram.value} are`);
}
