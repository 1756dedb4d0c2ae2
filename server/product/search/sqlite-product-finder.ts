import { fromBinary } from "@bufbuild/protobuf";
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from "kysely";
import { ProductSchema } from "../../../gen/bourse/product/v1/product_pb.ts";
import type { Tables } from "../../storage/tables.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import { sortableBits } from "../store/product-columns.ts";
import type { FoundProduct, ProductFinder, SearchPlace } from "./product-finder.ts";
import type { ProductSelection } from "./product-selection.ts";
import { maxStepCandidates, searchCandidates } from "./search-candidates.ts";
import type { TextSearch } from "./text-search.ts";

/**
 * Searches products in the embedded database, step by step: candidates in the order that is asked for, of which those
 * are taken that meet the conditions. Each step is a query for a bounded number of rows, and none leaves anything open.
 */
export class SqliteProductFinder implements ProductFinder {
  readonly #tables: Kysely<Tables>;
  readonly #texts: TextSearch;

  constructor(tables: Kysely<Tables>, texts: TextSearch) {
    this.#tables = tables;
    this.#texts = texts;
  }

  async *find(
    selection: ProductSelection,
    after?: SearchPlace,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly FoundProduct[]> {
    const sources = { tables: this.#tables, texts: this.#texts };
    const newest = await this.#newest();
    const last = after?.last ?? newest.sequence;
    let { revision } = newest;
    for await (const candidates of searchCandidates(sources, selection, last, after)) {
      for (const step of parts(candidates, maxStepCandidates)) {
        await callScheduler.nextTurn();
        signal?.throwIfAborted();
        for (const page of parts(await this.#meeting(selection, step), maxPageProducts)) {
          const found = await this.#fetch(selection, page, revision);
          if (found.length > 0) yield found;
        }
      }
      ({ revision } = await this.#newest());
    }
  }

  /** The newest change and the newest product. */
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

  /** Those candidates that meet the conditions, without a look at what makes a product large. */
  async #meeting(selection: ProductSelection, candidates: readonly SearchPlace[]): Promise<readonly SearchPlace[]> {
    if (candidates.length <= maxPageProducts || !isSelective(selection)) return candidates;
    const rows = await this.#tables
      .selectFrom("product")
      .select("sequence")
      .where("sequence", "in", sequencesOf(candidates))
      .where((row) => meets(row, selection))
      .execute();
    const meeting = new Set(rows.map(({ sequence }) => sequence));
    return candidates.filter(({ sequence }) => meeting.has(sequence));
  }

  /** @param revision the newest change before the candidates were looked for */
  async #fetch(
    selection: ProductSelection,
    candidates: readonly SearchPlace[],
    revision: bigint,
  ): Promise<FoundProduct[]> {
    const rows = await this.#tables
      .selectFrom("product")
      .select(["sequence", "body", "revision"])
      .where("sequence", "in", sequencesOf(candidates))
      .where((row) => meets(row, selection))
      .execute();
    const bySequence = new Map(rows.map((row) => [row.sequence, row]));
    const found: FoundProduct[] = [];
    for (const place of candidates) {
      const row = bySequence.get(place.sequence);
      if (row === undefined) continue;
      if (row.revision > revision && !(await this.#stillMatches(selection, place))) continue;
      const product = fromBinary(ProductSchema, row.body);
      found.push({ product, place, ...(place.relevance && { relevance: place.relevance }) });
    }
    return found;
  }

  /** Whether a product that was changed since has the words yet, as well as before. */
  async #stillMatches({ words }: ProductSelection, { sequence, relevance }: SearchPlace): Promise<boolean> {
    if (words === undefined) return true;
    const range = { from: sequence, to: sequence, limit: 1, ...(relevance && { relevance }) };
    return (await this.#texts.find(words, range)).length > 0;
  }
}

// The largest product that the rules allow has some 50 KB: a page is at most 5 MB, and takes a millisecond as a rule.
const maxPageProducts = 100;

function* parts<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** Whether candidates may well fail to meet the conditions. */
function isSelective({ price, brand, minCoreCount, minGhz, minRamBits, order }: ProductSelection): boolean {
  const isPriceMet = order === "cheapest" || order === "dearest";
  return [brand, minCoreCount, minGhz, minRamBits, isPriceMet ? undefined : price].some((each) => each !== undefined);
}

/** As one parameter: a statement with hundreds of them takes longer to make than to run. */
function sequencesOf(places: readonly SearchPlace[]) {
  const list = `[${places.map(({ sequence }) => sequence).join()}]`;
  return sql<bigint>`(select value from json_each(${list}))`;
}

/** The conditions but for the words. */
function meets(row: ExpressionBuilder<Tables, "product">, selection: ProductSelection): Expression<SqlBool> {
  const { price, brand, minCoreCount, minGhz, minRamBits } = selection;
  const conditions: Expression<SqlBool>[] = [row("deleted", "=", sql<bigint>`0`)];
  if (brand !== undefined) conditions.push(row("brand", "=", brand));
  if (minCoreCount !== undefined) conditions.push(row("core_count", ">=", BigInt(minCoreCount)));
  if (minGhz !== undefined) conditions.push(row("min_ghz", ">=", minGhz));
  if (minRamBits !== undefined) conditions.push(row("ram_bits", ">=", sortableBits(minRamBits)));
  if (price !== undefined) conditions.push(row("price_currency", "=", price.currency));
  if (price?.min) conditions.push(sql`(price_units, price_nanos) >= (${price.min.units}, ${price.min.nanos})`);
  if (price?.max) conditions.push(sql`(price_units, price_nanos) <= (${price.max.units}, ${price.max.nanos})`);
  return row.and(conditions);
}
