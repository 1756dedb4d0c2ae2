import { hash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { DigestChain } from "../../client/order/digest-chain.ts";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import type { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { metadataNames } from "../shared/metadata-names.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";
import type { ResumeTokens } from "../shared/resume-token.ts";
import { peerOf } from "../transport/protection/peer-of.ts";
import { sendHeader, setTrailer } from "../transport/rpc/metadata.ts";
import type { Catalogue } from "./catalogue.ts";
import { isProductId } from "./product-id.ts";
import { listImages, type ProductImages } from "./product-images.ts";
import { productSelection } from "./search/product-selection.ts";
import { SearchTokens } from "./search/search-token.ts";

/** What the catalogue's RPCs need. */
export interface ProductServiceOptions {
  readonly catalogue: Catalogue;
  readonly images: ProductImages;
  readonly tokens: ResumeTokens;
}

/** The catalogue's RPCs. Requests have passed the rules in the protos. */
export function productService({
  catalogue,
  images,
  tokens,
}: ProductServiceOptions): ServiceImpl<typeof ProductService> {
  async function withImages(product: Product): Promise<Product> {
    await listImages(images, [product]);
    return product;
  }

  return {
    async createProduct({ product: draft }, context) {
      if (draft === undefined) throw new InvalidFieldError("product", "is missing: say what to create");
      return { product: await withImages(await catalogue.create(draft, peerOf(context))) };
    },

    async getProduct({ id, showDeleted }) {
      const product = await withImages(await catalogue.get(id, { showDeleted }));
      return { product, rating: await catalogue.ratingOf(id) };
    },

    async updateProduct({ product: patch, updateMask }, context) {
      if (patch === undefined) throw new InvalidFieldError("product", "is missing: say what to change");
      if (!isProductId(patch.id))
        throw new InvalidFieldError("product.id", "must be the UUID of the product to change");
      const updated = await catalogue.update(patch, updateMask?.paths ?? [], peerOf(context));
      return { product: await withImages(updated) };
    },

    async deleteProduct({ id, etag }, context) {
      return { product: await withImages(await catalogue.delete(id, etag, peerOf(context))) };
    },

    async *listProducts(_request, context) {
      await using listing = await catalogue.list(peerOf(context));
      const digest = new DigestChain((bytes) => hash("sha256", bytes, "buffer"));
      let sent = 0;
      sendHeader(context, { [metadataNames.totalCount]: listing.total });
      try {
        for await (const page of listing.pages(context.signal)) {
          await listImages(images, page);
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

    async *searchProducts(request, context) {
      const selection = productSelection(request);
      const searchTokens = new SearchTokens(tokens, request);
      let resumeToken = request.resumeToken;
      const after = resumeToken.length > 0 ? searchTokens.read(resumeToken) : undefined;
      let sent = 0;
      sendHeader(context);
      try {
        const reader = { peer: peerOf(context), signal: context.signal, ...(after && { after }) };
        for await (const page of catalogue.search(selection, reader)) {
          await listImages(
            images,
            page.map(({ product }) => product),
          );
          for (const { product, relevance, place } of page) {
            resumeToken = searchTokens.write(place);
            sent++;
            yield { product, resumeToken, ...(relevance && { relevance }) };
            if (sent === request.limit) return;
          }
        }
      } finally {
        const cursor = Buffer.from(resumeToken).toString("base64");
        setTrailer(context, { [metadataNames.sentCount]: sent, ...(cursor && { [metadataNames.cursor]: cursor }) });
      }
    },

    async *rateProducts(requests, context) {
      let sent = 0;
      sendHeader(context);
      try {
        for await (const answers of catalogue.rateAll(requests)) {
          for (const answer of answers) {
            sent++;
            yield answer;
          }
        }
      } finally {
        setTrailer(context, { [metadataNames.sentCount]: sent });
      }
    },
  };
}
