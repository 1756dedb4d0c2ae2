import { hash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { DigestChain } from "../../client/digest-chain.ts";
import { ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import type { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { InvalidFieldError, NotFoundError } from "../errors.ts";
import { metadataNames } from "../metadata-names.ts";
import { sendHeader, setTrailer } from "../transport/metadata.ts";
import { newProduct } from "./new-product.ts";
import type { ProductStore } from "./product-store.ts";

/** What the catalogue's RPCs need. */
export interface ProductServiceOptions {
  readonly store: ProductStore;
  /** The time of what happens now. */
  readonly now: () => Timestamp;
  /** A new UUID. */
  readonly newId: () => string;
}

/** The catalogue's RPCs. Requests have passed the rules in the protos. */
export function productService({
  store,
  now,
  newId,
}: ProductServiceOptions): Pick<ServiceImpl<typeof ProductService>, "createProduct" | "getProduct" | "listProducts"> {
  return {
    async createProduct({ product: draft }) {
      if (draft === undefined) throw new InvalidFieldError("product", "is missing: say what to create");
      const product = newProduct(draft, { id: draft.id || newId(), now: now() });
      await store.create(product);
      return { product };
    },

    async getProduct(request) {
      const id = request.id.toLowerCase();
      const product = await store.get(id);
      if (product === undefined) throw new NotFoundError("product", id);
      return { product };
    },

    async *listProducts(_request, context) {
      const listing = await store.list();
      const digest = new DigestChain((bytes) => hash("sha256", bytes, "buffer"));
      let sent = 0;
      sendHeader(context, { [metadataNames.totalCount]: listing.total });
      try {
        for await (const page of listing.pages(context.signal)) {
          for (const product of page) {
            digest.add(toBinary(ProductSchema, product));
            sent++;
            yield { product };
          }
        }
      } finally {
        setTrailer(context, { [metadataNames.sentCount]: sent, [metadataNames.sha256]: digest.hex });
      }
    },
  };
}
