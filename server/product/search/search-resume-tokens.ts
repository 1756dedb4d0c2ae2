import { toBinary } from "@bufbuild/protobuf";
import {
  type SearchProductsRequest,
  SearchProductsRequestSchema,
} from "../../../gen/bourse/product/v1/product_service_pb.ts";
import { nameSelection, type ResumeTokens, type SelectionName } from "../../shared/resume-token.ts";
import type { SearchPosition } from "./product-finder.ts";
import { relevances } from "./text-index.ts";

/** The resume tokens of one search. A token of another search is refused. */
export class SearchResumeTokens {
  readonly #tokens: ResumeTokens;
  readonly #selection: SelectionName;

  /** @param request identifies the search; its `limit` and `resume_token` are ignored */
  constructor(tokens: ResumeTokens, request: SearchProductsRequest) {
    const selecting = { ...request, limit: 0, resumeToken: noBytes };
    const method = "bourse.product.v1.ProductService/SearchProducts";
    this.#tokens = tokens;
    this.#selection = nameSelection(method, toBinary(SearchProductsRequestSchema, selecting));
  }

  /** Returns the token for a position. */
  seal({ maxSequence, relevance, units, nanos, sequence }: SearchPosition): Uint8Array {
    const position = Buffer.alloc(positionBytes);
    position[0] = relevance === undefined ? 0 : relevances.indexOf(relevance) + 1;
    position[1] = units === undefined ? 0 : 1;
    position.writeBigInt64BE(sequence, sequenceAt);
    position.writeBigInt64BE(units ?? 0n, unitsAt);
    position.writeBigInt64BE(nanos ?? 0n, nanosAt);
    return this.#tokens.seal(this.#selection, { position, snapshot: Number(maxSequence), total: 0, digest: noDigest });
  }

  /** Returns the position in a token. Throws an InvalidResumeTokenError if it is not a token of this search. */
  open(token: Uint8Array): SearchPosition {
    const { position: bytes, snapshot } = this.#tokens.open(token, this.#selection);
    const position = Buffer.from(bytes);
    const relevance = relevances[(position[0] ?? 0) - 1];
    const price = { units: position.readBigInt64BE(unitsAt), nanos: position.readBigInt64BE(nanosAt) };
    const sequence = position.readBigInt64BE(sequenceAt);
    return {
      maxSequence: BigInt(snapshot),
      sequence,
      ...(relevance && { relevance }),
      ...(position[1] === 1 && price),
    };
  }
}

const noBytes = new Uint8Array();
const noDigest = new Uint8Array(32);

// The position in a token: byte 0 is the index of the relevance plus 1, byte 1 is 1 if there is a price.
const sequenceAt = 2;
const unitsAt = sequenceAt + 8;
const nanosAt = unitsAt + 8;
const positionBytes = nanosAt + 8;
