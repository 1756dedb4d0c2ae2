import type { ServiceImpl } from "@connectrpc/connect";
import type { LaptopService } from "../../gen/classic/pcbook/laptop_service_pb.ts";
import { InvalidFieldError } from "../errors.ts";
import type { Catalogue } from "../product/catalogue.ts";
import { sendHeader } from "../transport/metadata.ts";
import { productOf } from "./laptop-product.ts";
import { rateLaptops } from "./laptop-rating.ts";
import { searchLaptops } from "./laptop-search.ts";

/** What `LaptopService` needs. */
export interface LaptopServiceOptions {
  readonly catalogue: Pick<Catalogue, "create" | "get" | "rateAll" | "search">;
}

/** Laptops, which are products of the catalogue. Requests have passed the rules in the protos. */
export function laptopService({ catalogue }: LaptopServiceOptions): Partial<ServiceImpl<typeof LaptopService>> {
  return {
    async createLaptop({ laptop }) {
      if (laptop === undefined) throw new InvalidFieldError("laptop", "is missing: say what to create");
      const { id } = await catalogue.create(productOf(laptop));
      return { id };
    },

    async *searchLaptop({ filter }, context) {
      sendHeader(context);
      yield* searchLaptops(catalogue, filter, context.signal);
    },

    async *rateLaptop(requests, context) {
      sendHeader(context);
      yield* rateLaptops(catalogue, requests);
    },
  };
}
