import { toBinary } from "@bufbuild/protobuf";
import {
  type SearchProductsRequest,
  SearchProductsRequestSchema,
} from "../../../gen/bourse/product/v1/product_service_pb.ts";
import { nameSelection, type ResumeTokens, type SelectionName } from "../../shared/resume-token.ts";
import type { SearchPlace } from "./product-finder.ts";
import { relevances } from "./text-search.ts";

/** Writes and reads the tokens of one search: they are good for no other. */
export class SearchTokens {
  readonly #tokens: ResumeTokens;
  readonly #selection: SelectionName;

  /** @param request what is searched for; its limit and its own token do not count */
  constructor(tokens: ResumeTokens, request: SearchProductsRequest) {
    const selecting = { ...request, limit: 0, resumeToken: nothing };
    const method = "bourse.product.v1.ProductService/SearchProducts";
    this.#tokens = tokens;
    this.#selection = nameSelection(method, toBinary(SearchProductsRequestSchema, selecting));
  }

  /** The token of a place. */
  write({ last, relevance, units, nanos, sequence }: SearchPlace): Uint8Array {
    const position = Buffer.alloc(positionBytes);
    position[0] = relevance === undefined ? 0 : relevances.indexOf(relevance) + 1;
    position[1] = units === undefined ? 0 : 1;
    position.writeBigInt64BE(sequence, sequenceAt);
    position.writeBigInt64BE(units ?? 0n, unitsAt);
    position.writeBigInt64BE(nanos ?? 0n, nanosAt);
    return this.#tokens.seal(this.#selection, { position, snapshot: Number(last), total: 0, digest: noDigest });
  }

  /** The place of a token. Throws an InvalidResumeTokenError where it is not one of this search. */
  read(token: Uint8Array): SearchPlace {
    const { position: bytes, snapshot } = this.#tokens.open(token, this.#selection);
    const position = Buffer.from(bytes);
    const relevance = relevances[(position[0] ?? 0) - 1];
    const price = { units: position.readBigInt64BE(unitsAt), nanos: position.readBigInt64BE(nanosAt) };
    const sequence = position.readBigInt64BE(sequenceAt);
    return { last: BigInt(snapshot), sequence, ...(relevance && { relevance }), ...(position[1] === 1 && price) };
  }
}

const nothing = new Uint8Array();
const noDigest = new Uint8Array(32);

const sequenceAt = 2;
const unitsAt = sequenceAt + 8;
const nanosAt = unitsAt + 8;
const positionBytes = nanosAt + 8;
