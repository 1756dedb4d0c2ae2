import type { Kysely } from "kysely";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { ProductTables } from "../store/product-tables.ts";
import type { ProductCriteria } from "./product-criteria.ts";
import type { SearchPosition } from "./product-finder.ts";
import { scanPriceIndex, startPosition } from "./scan-price-index.ts";
import { relevances, type TextIndex } from "./text-index.ts";

/** The indexes that a search reads. */
export interface CandidateSources {
  readonly tables: Kysely<ProductTables>;
  readonly textIndex: TextIndex;
}

/**
 * Yields the positions of the products that can meet the criteria, in their order, in batches. The candidates match the
 * terms and, in an order by price, the price range; the caller checks the other conditions. Lets the event loop run
 * before each query.
 *
 * @param maxSequence the highest product sequence to yield
 * @param after the position to resume after; absent: from the first candidate
 */
export async function* findSearchCandidates(
  sources: CandidateSources,
  criteria: ProductCriteria,
  maxSequence: bigint,
  after?: SearchPosition,
): AsyncGenerator<readonly SearchPosition[]> {
  const { terms, order } = criteria;
  switch (order) {
    case "relevance":
      yield* byRelevance(sources.textIndex, terms ?? [], maxSequence, after);
      return;
    case "created-ascending":
    case "created-descending": {
      const range =
        order === "created-ascending"
          ? { from: (after?.sequence ?? 0n) + 1n, to: maxSequence, descending: false }
          : { from: 1n, to: (after?.sequence ?? maxSequence + 1n) - 1n, descending: true };
      const batches = terms === undefined ? allSequences(range) : matchingSequences(sources.textIndex, terms, range);
      for await (const batch of batches) yield batch.map((sequence) => ({ maxSequence, sequence }));
      return;
    }
    case "price-ascending":
    case "price-descending":
      yield* byPrice(sources, criteria, maxSequence, after);
  }
}

/** The maximum number of candidates in one step, which takes one or two milliseconds. */
export const maxStepCandidates = 500;

// FTS5 takes some milliseconds to seek into a long list of matches, so one query returns more of them.
const maxStepMatches = 5_000;

/** A range of product sequences. Both bounds are inclusive. */
interface SequenceRange {
  readonly from: bigint;
  readonly to: bigint;
  readonly descending: boolean;
}

async function* byRelevance(
  textIndex: TextIndex,
  terms: readonly string[],
  maxSequence: bigint,
  after: SearchPosition | undefined,
): AsyncGenerator<SearchPosition[]> {
  const first = after?.relevance === undefined ? 0 : relevances.indexOf(after.relevance);
  for (const [index, relevance] of relevances.slice(first).entries()) {
    const from = index === 0 ? (after?.sequence ?? 0n) + 1n : 1n;
    const range = { from, to: maxSequence, descending: false };
    for await (const batch of matchingSequences(textIndex, terms, range, relevance)) {
      yield batch.map((sequence) => ({ maxSequence, relevance, sequence }));
    }
  }
}

async function* matchingSequences(
  textIndex: TextIndex,
  terms: readonly string[],
  { from, to, descending }: SequenceRange,
  relevance?: SearchPosition["relevance"],
): AsyncGenerator<bigint[]> {
  let [low, high] = [from, to];
  while (low <= high) {
    await callScheduler.nextTurn();
    const range = { from: low, to: high, descending, limit: maxStepMatches, ...(relevance && { relevance }) };
    const batch = await textIndex.find(terms, range);
    if (batch.length > 0) yield batch;
    const end = batch.at(-1);
    if (end === undefined || batch.length < maxStepMatches) return;
    if (descending) high = end - 1n;
    else low = end + 1n;
  }
}

async function* allSequences({ from, to, descending }: SequenceRange): AsyncGenerator<bigint[]> {
  const step = BigInt(maxStepCandidates);
  for (let done = 0n; done <= to - from; done += step) {
    const left = to - from - done + 1n;
    const count = Number(left < step ? left : step);
    yield Array.from({ length: count }, (_, n) => (descending ? to - done - BigInt(n) : from + done + BigInt(n)));
  }
}

async function* byPrice(
  { tables, textIndex }: CandidateSources,
  { terms, price, order }: ProductCriteria,
  maxSequence: bigint,
  after: SearchPosition | undefined,
): AsyncGenerator<SearchPosition[]> {
  if (price === undefined) return;
  const matches = terms && (await collectMatches(textIndex, terms, maxSequence));
  const isAscending = order === "price-ascending";
  let position = startPosition(after, price, isAscending);
  for (;;) {
    await callScheduler.nextTurn();
    const rows = await scanPriceIndex(tables, { range: price, position, isAscending, limit: maxStepCandidates });
    yield rows
      .filter(({ sequence }) => sequence <= maxSequence && (matches === undefined || matches.has(sequence)))
      .map((row) => ({ maxSequence, ...row }));
    // A step that is not full ends the scan. Otherwise products whose prices rise during the search would prolong it.
    if (rows.length < maxStepCandidates) return;
    position = rows.at(-1) ?? position;
  }
}

async function collectMatches(
  textIndex: TextIndex,
  terms: readonly string[],
  maxSequence: bigint,
): Promise<SequenceBitmap> {
  const matches = new SequenceBitmap();
  const range = { from: 1n, to: maxSequence, descending: false };
  for await (const batch of matchingSequences(textIndex, terms, range)) {
    for (const sequence of batch) matches.add(sequence);
  }
  return matches;
}

/** A set of product sequences. Takes one bit for each number from 0 to the highest. */
class SequenceBitmap {
  #bits = new Uint8Array(1024);

  add(sequence: bigint): void {
    const byte = Number(sequence >> 3n);
    if (byte >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(byte + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << Number(sequence & 7n));
  }

  has(sequence: bigint): boolean {
    const byte = this.#bits[Number(sequence >> 3n)] ?? 0;
    return (byte & (1 << Number(sequence & 7n))) !== 0;
  }
}
