import { fromBinary } from "@bufbuild/protobuf";
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from "kysely";
import { ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { ProductTables } from "../store/product-tables.ts";
import { findSearchCandidates, maxStepCandidates } from "./find-search-candidates.ts";
import { formatSortableBits } from "./memory-to-bits.ts";
import type { ProductCriteria } from "./product-criteria.ts";
import type { FoundProduct, ProductFinder, SearchPosition } from "./product-finder.ts";
import type { TextIndex } from "./text-index.ts";

/**
 * Searches products in SQLite. Each step reads a bounded number of candidates from an index and filters them by the
 * conditions. No query stays open between two steps.
 */
export class SqliteProductFinder implements ProductFinder {
  readonly #tables: Kysely<ProductTables>;
  readonly #textIndex: TextIndex;

  constructor(tables: Kysely<ProductTables>, textIndex: TextIndex) {
    this.#tables = tables;
    this.#textIndex = textIndex;
  }

  async *find(
    criteria: ProductCriteria,
    after?: SearchPosition,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly FoundProduct[]> {
    const sources = { tables: this.#tables, textIndex: this.#textIndex };
    const newest = await this.#newest();
    const maxSequence = after?.maxSequence ?? newest.sequence;
    let { revision } = newest;
    for await (const candidates of findSearchCandidates(sources, criteria, maxSequence, after)) {
      for (const step of chunks(candidates, maxStepCandidates)) {
        await callScheduler.nextTurn();
        signal?.throwIfAborted();
        for (const page of chunks(await this.#filter(criteria, step), maxPageProducts)) {
          const found = await this.#fetch(criteria, page, revision);
          if (found.length > 0) yield found;
        }
      }
      ({ revision } = await this.#newest());
    }
  }

  /** Resolves to the highest revision and the highest product sequence. */
  async #newest(): Promise<{ revision: bigint; sequence: bigint }> {
    const { revision, sequence } = await this.#tables
      .selectNoFrom((query) => [
        query
          .selectFrom("product")
          .select(({ fn }) => fn.max("revision").as("revision"))
          .where("revision", ">", sql<bigint>`0`)
          .as("revision"),
        query
          .selectFrom("product")
          .select(({ fn }) => fn.max("sequence").as("sequence"))
          .as("sequence"),
      ])
      .executeTakeFirstOrThrow();
    return { revision: revision ?? 0n, sequence: sequence ?? 0n };
  }

  /** Resolves to the candidates that meet the conditions. Does not read the bodies of products. */
  async #filter(criteria: ProductCriteria, candidates: readonly SearchPosition[]): Promise<readonly SearchPosition[]> {
    if (candidates.length <= maxPageProducts || !hasConditions(criteria)) return candidates;
    const rows = await this.#tables
      .selectFrom("product")
      .select("sequence")
      .where("sequence", "in", sequencesOf(candidates))
      .where((row) => meetsConditions(row, criteria))
      .execute();
    const meeting = new Set(rows.map(({ sequence }) => sequence));
    return candidates.filter(({ sequence }) => meeting.has(sequence));
  }

  /** @param revision the highest revision before the candidates were read from the text index */
  async #fetch(
    criteria: ProductCriteria,
    candidates: readonly SearchPosition[],
    revision: bigint,
  ): Promise<FoundProduct[]> {
    const rows = await this.#tables
      .selectFrom("product")
      .select(["sequence", "body", "revision"])
      .where("sequence", "in", sequencesOf(candidates))
      .where((row) => meetsConditions(row, criteria))
      .execute();
    const bySequence = new Map(rows.map((row) => [row.sequence, row]));
    const found: FoundProduct[] = [];
    for (const position of candidates) {
      const row = bySequence.get(position.sequence);
      if (row === undefined) continue;
      if (row.revision > revision && !(await this.#stillMatches(criteria, position))) continue;
      const product = fromBinary(ProductSchema, row.body);
      found.push({ product, position, ...(position.relevance && { relevance: position.relevance }) });
    }
    return found;
  }

  /** Whether a product that has changed since still has the terms, with the same relevance. */
  async #stillMatches({ terms }: ProductCriteria, { sequence, relevance }: SearchPosition): Promise<boolean> {
    if (terms === undefined) return true;
    const range = { from: sequence, to: sequence, limit: 1, ...(relevance && { relevance }) };
    return (await this.#textIndex.find(terms, range)).length > 0;
  }
}

// The largest valid product has about 50 KB, so a page has at most 5 MB. It usually takes a millisecond.
const maxPageProducts = 100;

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** Whether criteria have conditions that their candidates may not meet. */
function hasConditions({ price, brand, minCoreCount, minGhz, minRamBits, order }: ProductCriteria): boolean {
  const isPriceMet = order === "price-ascending" || order === "price-descending";
  return [brand, minCoreCount, minGhz, minRamBits, isPriceMet ? undefined : price].some((each) => each !== undefined);
}

/** Passes all sequences as one parameter: preparing a statement with hundreds of them takes longer than running it. */
function sequencesOf(positions: readonly SearchPosition[]) {
  const list = `[${positions.map(({ sequence }) => sequence).join()}]`;
  return sql<bigint>`(select value from json_each(${list}))`;
}

/** Builds the SQL condition for everything except the terms. */
function meetsConditions(
  row: ExpressionBuilder<ProductTables, "product">,
  criteria: ProductCriteria,
): Expression<SqlBool> {
  const { price, brand, minCoreCount, minGhz, minRamBits } = criteria;
  const conditions: Expression<SqlBool>[] = [row("deleted", "=", sql<bigint>`0`)];
  if (brand !== undefined) conditions.push(row("brand", "=", brand));
  if (minCoreCount !== undefined) conditions.push(row("core_count", ">=", BigInt(minCoreCount)));
  if (minGhz !== undefined) conditions.push(row("min_ghz", ">=", minGhz));
  if (minRamBits !== undefined) conditions.push(row("ram_bits", ">=", formatSortableBits(minRamBits)));
  if (price !== undefined) conditions.push(row("price_currency", "=", price.currency));
  if (price?.min) conditions.push(sql`(price_units, price_nanos) >= (${price.min.units}, ${price.min.nanos})`);
  if (price?.max) conditions.push(sql`(price_units, price_nanos) <= (${price.max.units}, ${price.max.nanos})`);
  return row.and(conditions);
}
