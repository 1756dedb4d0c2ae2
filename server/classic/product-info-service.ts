import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { Product } from "../../gen/bourse/product/v1/product_pb.ts";
import { GetProductsResponseSchema, type ProductInfo } from "../../gen/classic/services/product_info_pb.ts";
import type { Catalogue } from "../product/catalogue.ts";
import { classicNames } from "../shared/metadata-names.ts";
import { LimitError } from "../transport/protection/limit-error.ts";
import { peerOf } from "../transport/rpc/call.ts";
import { metadataBytes, sendHeader, setTrailer, trailerCapacity } from "../transport/rpc/response-metadata.ts";
import type { MessageDelay } from "./message-delay.ts";

/** The dependencies of `ProductInfo`. */
export interface ProductInfoServiceOptions {
  readonly catalogue: Pick<Catalogue, "list">;
  readonly messageDelay: MessageDelay;
}

/** Creates the handlers of `ProductInfo`: a stream of numbered products with one trailer for each. */
export function productInfoService({
  catalogue,
  messageDelay,
}: ProductInfoServiceOptions): ServiceImpl<typeof ProductInfo> {
  return {
    async *getProducts({ size }, context) {
      checkTrailersFit(size, context);
      sendHeader(context, { [classicNames.token]: "hello" });
      const products = await readFirstProducts(catalogue, size, context);
      for (let id = 1; id <= size; id++) {
        if (id > 1) await messageDelay(context.signal);
        yield create(GetProductsResponseSchema, { id, ...describeProduct(products, id) });
        setTrailer(context, endTrailer(id));
      }
    },
  };
}

/** Throws a {@link LimitError} if the trailers do not fit the {@link trailerCapacity} of the call. */
function checkTrailersFit(size: number, context: HandlerContext): void {
  const limit = trailerCapacity(context);
  let remaining = limit;
  for (let id = 1; id <= size; id++) {
    remaining -= metadataBytes(endTrailer(id));
    if (remaining < 0) throw trailerLimitError(limit, size, id - 1);
  }
}

function trailerLimitError(maxBytes: number, size: number, fitting: number): LimitError {
  return new LimitError(
    { name: "trailerCapacity", value: maxBytes },
    `size: the trailers of ${size} products exceed the client's limit of ${maxBytes} bytes; ` +
      `request ${fitting} products or fewer`,
  );
}

function endTrailer(id: number): Record<string, string> {
  const name = classicNames.endOf(id);
  return { [name]: name };
}

async function readFirstProducts(
  catalogue: Pick<Catalogue, "list">,
  count: number,
  context: HandlerContext,
): Promise<readonly Product[]> {
  const first: Product[] = [];
  await using snapshot = await catalogue.list(peerOf(context));
  for await (const page of snapshot.pages(context.signal)) {
    first.push(...page);
    if (first.length >= count) break;
  }
  return first;
}

/** Returns the name and the description for an id. If there are fewer products, names repeat with a number. */
function describeProduct(products: readonly Product[], id: number): { name: string; description?: string } {
  const product = products[(id - 1) % products.length];
  if (product === undefined) return { name: `Product ${id}` };
  const round = Math.ceil(id / products.length);
  return { name: round === 1 ? product.name : `${product.name} ${round}`, description: product.description };
}
