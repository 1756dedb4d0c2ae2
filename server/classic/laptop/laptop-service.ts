import type { ServiceImpl } from "@connectrpc/connect";
import type { LaptopService } from "../../../gen/classic/pcbook/laptop_service_pb.ts";
import type { Catalogue } from "../../product/catalogue.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { peerOf, setIdlePolicy } from "../../transport/rpc/call.ts";
import { sendHeader } from "../../transport/rpc/response-metadata.ts";
import { toProduct } from "./convert-laptop.ts";
import { rateLaptops } from "./rate-laptops.ts";
import { searchLaptops } from "./search-laptops.ts";
import { type UploadImageOptions, uploadImage } from "./upload-image.ts";

/** The dependencies of `LaptopService`. */
export interface LaptopServiceOptions extends UploadImageOptions {
  readonly catalogue: Pick<Catalogue, "create" | "get" | "rateAll" | "search">;
  /** The idle timeout of UploadImage in ms: the longest time without a message. */
  readonly idleTimeoutMs: number;
}

/** Creates the handlers of `LaptopService`. Laptops are products. Requests must be validated before they reach it. */
export function laptopService(options: LaptopServiceOptions): ServiceImpl<typeof LaptopService> {
  const { catalogue } = options;
  return {
    async createLaptop({ laptop }, context) {
      if (laptop === undefined) throw new InvalidFieldError("laptop", "is missing; set the laptop to create");
      const { id } = await catalogue.create(toProduct(laptop), peerOf(context));
      return { id };
    },

    async *searchLaptop({ filter }, context) {
      sendHeader(context);
      yield* searchLaptops(catalogue, filter, { peer: peerOf(context), signal: context.signal });
    },

    uploadImage(requests, context) {
      setIdlePolicy(context, { timeoutMs: options.idleTimeoutMs });
      return uploadImage(requests, context, options);
    },

    async *rateLaptop(requests, context) {
      sendHeader(context);
      yield* rateLaptops(catalogue, requests);
    },
  };
}
