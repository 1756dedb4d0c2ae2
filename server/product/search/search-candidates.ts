import type { Kysely } from "kysely";
import type { Tables } from "../../storage/tables.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import { NumberSet } from "./number-set.ts";
import { firstPosition, pricedProducts, pricePosition } from "./price-order.ts";
import type { SearchPlace } from "./product-finder.ts";
import type { ProductSelection } from "./product-selection.ts";
import { relevances, type TextSearch } from "./text-search.ts";

/** Where candidates come from. */
export interface CandidateSources {
  readonly tables: Kysely<Tables>;
  readonly texts: TextSearch;
}

/**
 * The places of the products that a search has to look at, in its order, some at a time: those that match the words and,
 * in an order by price, have a price in the range. The other conditions are left to the caller. Gives the event loop a
 * turn before each query.
 *
 * @param after where to go on; absent: from the first
 */
export async function* searchCandidates(
  sources: CandidateSources,
  selection: ProductSelection,
  last: bigint,
  after?: SearchPlace,
): AsyncGenerator<readonly SearchPlace[]> {
  const { words, order } = selection;
  switch (order) {
    case "relevance":
      yield* byRelevance(sources.texts, words ?? [], last, after);
      return;
    case "oldest":
    case "newest": {
      const range =
        order === "oldest"
          ? { from: (after?.sequence ?? 0n) + 1n, to: last }
          : { from: 1n, to: (after?.sequence ?? last + 1n) - 1n };
      const sequences = words === undefined ? numbers(range, order) : matches(sources.texts, words, range, order);
      for await (const part of sequences) yield part.map((sequence) => ({ last, sequence }));
      return;
    }
    case "cheapest":
    case "dearest":
      yield* byPrice(sources, selection, last, after);
  }
}

/** How many candidates one step looks at: a millisecond or two. */
export const maxStepCandidates = 500;

// Beginning to read in the middle of a long list of matches takes FTS5 some milliseconds, which so many more share.
const maxStepMatches = 5_000;

interface SequenceRange {
  readonly from: bigint;
  readonly to: bigint;
}

async function* byRelevance(
  texts: TextSearch,
  words: readonly string[],
  last: bigint,
  after: SearchPlace | undefined,
): AsyncGenerator<SearchPlace[]> {
  const first = after?.relevance === undefined ? 0 : relevances.indexOf(after.relevance);
  for (const [index, relevance] of relevances.slice(first).entries()) {
    const from = index === 0 ? (after?.sequence ?? 0n) + 1n : 1n;
    for await (const part of matches(texts, words, { from, to: last }, "oldest", relevance)) {
      yield part.map((sequence) => ({ last, relevance, sequence }));
    }
  }
}

async function* matches(
  texts: TextSearch,
  words: readonly string[],
  { from, to }: SequenceRange,
  order: "oldest" | "newest",
  relevance?: SearchPlace["relevance"],
): AsyncGenerator<bigint[]> {
  const descending = order === "newest";
  let [low, high] = [from, to];
  while (low <= high) {
    await callScheduler.nextTurn();
    const range = { from: low, to: high, descending, limit: maxStepMatches, ...(relevance && { relevance }) };
    const part = await texts.find(words, range);
    if (part.length > 0) yield part;
    const end = part.at(-1);
    if (end === undefined || part.length < maxStepMatches) return;
    if (descending) high = end - 1n;
    else low = end + 1n;
  }
}

async function* numbers({ from, to }: SequenceRange, order: "oldest" | "newest"): AsyncGenerator<bigint[]> {
  const step = BigInt(maxStepCandidates);
  for (let done = 0n; done <= to - from; done += step) {
    const count = Number(to - from - done + 1n < step ? to - from - done + 1n : step);
    yield Array.from({ length: count }, (_, n) =>
      order === "oldest" ? from + done + BigInt(n) : to - done - BigInt(n),
    );
  }
}

async function* byPrice(
  { tables, texts }: CandidateSources,
  { words, price, order }: ProductSelection,
  last: bigint,
  after: SearchPlace | undefined,
): AsyncGenerator<SearchPlace[]> {
  if (price === undefined) return;
  const matching = words && (await allMatches(texts, words, last));
  const isAscending = order === "cheapest";
  let position = pricePosition(after) ?? firstPosition(price, isAscending);
  for (;;) {
    await callScheduler.nextTurn();
    const rows = await pricedProducts(tables, { range: price, position, isAscending, limit: maxStepCandidates });
    yield rows
      .filter(({ sequence }) => sequence <= last && (matching === undefined || matching.has(sequence)))
      .map((row) => ({ last, ...row }));
    // A step that is not full was the last: what moves behind it from now on does not keep the search going for ever.
    if (rows.length < maxStepCandidates) return;
    position = rows.at(-1) ?? position;
  }
}

/** The products that match, by their sequence numbers: a bit for each product that there is. */
async function allMatches(texts: TextSearch, words: readonly string[], last: bigint): Promise<NumberSet> {
  const all = new NumberSet();
  for await (const part of matches(texts, words, { from: 1n, to: last }, "oldest")) {
    for (const sequence of part) all.add(sequence);
  }
  return all;
}
