import type { ServiceImpl } from "@connectrpc/connect";
import type { LaptopService } from "../../../gen/classic/pcbook/laptop_service_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { setIdlePolicy } from "../../transport/port/client-idle-timeout.ts";
import { peerOf } from "../../transport/protection/peer-of.ts";
import { sendHeader } from "../../transport/rpc/metadata.ts";
import { productOf } from "./laptop-product.ts";
import { rateLaptops } from "./laptop-rating.ts";
import { searchLaptops } from "./laptop-search.ts";
import { type UploadImageOptions, uploadImage } from "./upload-image.ts";

/** What `LaptopService` needs. */
export interface LaptopServiceOptions extends UploadImageOptions {
  readonly catalogue: Pick<Catalogue, "create" | "get" | "rateAll" | "search">;
  /** How long a client that brings an image may send nothing, in ms. */
  readonly stallMs: number;
}

/** Laptops, which are products of the catalogue. Requests have passed the rules in the protos. */
export function laptopService(options: LaptopServiceOptions): ServiceImpl<typeof LaptopService> {
  const { catalogue } = options;
  return {
    async createLaptop({ laptop }, context) {
      if (laptop === undefined) throw new InvalidFieldError("laptop", "is missing: say what to create");
      const { id } = await catalogue.create(productOf(laptop), peerOf(context));
      return { id };
    },

    async *searchLaptop({ filter }, context) {
      sendHeader(context);
      yield* searchLaptops(catalogue, filter, { peer: peerOf(context), signal: context.signal });
    },

    uploadImage(requests, context) {
      setIdlePolicy(context, { timeoutMs: options.stallMs });
      return uploadImage(requests, context, options);
    },

    async *rateLaptop(requests, context) {
      sendHeader(context);
      yield* rateLaptops(catalogue, requests);
    },
  };
}
