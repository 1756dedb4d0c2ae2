import { hash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { DigestChain } from "../../client/order/digest-chain.ts";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import type { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { metadataNames } from "../shared/metadata-names.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";
import type { ResumeTokens } from "../shared/resume-token.ts";
import { peerOf } from "../transport/rpc/call.ts";
import { sendHeader, setTrailer } from "../transport/rpc/response-metadata.ts";
import type { Catalogue } from "./catalogue.ts";
import { fillInProductImages, type ProductImages } from "./fill-in-product-images.ts";
import { parseProductCriteria } from "./search/product-criteria.ts";
import { SearchResumeTokens } from "./search/search-resume-tokens.ts";
import { isProductId } from "./validate-product.ts";

export interface ProductServiceOptions {
  readonly catalogue: Catalogue;
  readonly images: ProductImages;
  readonly tokens: ResumeTokens;
}

/** Creates the handlers of `ProductService`. Requests must be validated before they reach it. */
export function productService({
  catalogue,
  images,
  tokens,
}: ProductServiceOptions): ServiceImpl<typeof ProductService> {
  async function withImages(product: Product): Promise<Product> {
    await fillInProductImages(images, [product]);
    return product;
  }

  return {
    async createProduct({ product: draft }, context) {
      if (draft === undefined) throw new InvalidFieldError("product", "is missing; set the product to create");
      return { product: await withImages(await catalogue.create(draft, peerOf(context))) };
    },

    async getProduct({ id, showDeleted }) {
      const product = await withImages(await catalogue.get(id, { showDeleted }));
      return { product, rating: await catalogue.ratingOf(id) };
    },

    async updateProduct({ product: patch, updateMask }, context) {
      if (patch === undefined) throw new InvalidFieldError("product", "is missing; set the product to update");
      if (!isProductId(patch.id)) {
        throw new InvalidFieldError("product.id", "must be the UUID of the product to update");
      }
      const updated = await catalogue.update(patch, updateMask?.paths ?? [], peerOf(context));
      return { product: await withImages(updated) };
    },

    async deleteProduct({ id, etag }, context) {
      return { product: await withImages(await catalogue.delete(id, etag, peerOf(context))) };
    },

    async *listProducts(_request, context) {
      await using snapshot = await catalogue.list(peerOf(context));
      const digest = new DigestChain((bytes) => hash("sha256", bytes, "buffer"));
      let sent = 0;
      sendHeader(context, { [metadataNames.totalCount]: snapshot.total });
      try {
        for await (const page of snapshot.pages(context.signal)) {
          await fillInProductImages(images, page);
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
      const criteria = parseProductCriteria(request);
      const searchTokens = new SearchResumeTokens(tokens, request);
      let { resumeToken } = request;
      const after = resumeToken.length > 0 ? searchTokens.open(resumeToken) : undefined;
      let sent = 0;
      sendHeader(context);
      try {
        const options = { peer: peerOf(context), signal: context.signal, ...(after && { after }) };
        for await (const page of catalogue.search(criteria, options)) {
          await fillInProductImages(
            images,
            page.map(({ product }) => product),
          );
          for (const { product, relevance, position } of page) {
            resumeToken = searchTokens.seal(position);
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
        for await (const responses of catalogue.rateAll(requests)) {
          for (const response of responses) {
            sent++;
            yield response;
          }
        }
      } finally {
        setTrailer(context, { [metadataNames.sentCount]: sent });
      }
    },
  };
}
