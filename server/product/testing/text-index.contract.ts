import fc from "fast-check";
import type { Kysely } from "kysely";
import { describe, expect, test } from "vitest";
import { splitSearchTerms } from "../search/split-search-terms.ts";
import { relevances, type TextIndex } from "../search/text-index.ts";
import type { ProductTables } from "../store/product-tables.ts";

/** An index and the database that it writes to. */
export interface OpenedTextIndex extends AsyncDisposable {
  readonly textIndex: TextIndex;
  readonly tables: Kysely<ProductTables>;
}

/** Tests the contract of {@link TextIndex}. `open` returns a new, empty index for each test. */
export function textIndexContract(open: () => Promise<OpenedTextIndex>): void {
  describe("a text index", () => {
    test("ranks by the fields that have the terms, and gives each match one relevance", async () => {
      await using opened = await openWith(open, [
        text("Silver Kestrel Air", "", ""), // 1: whole terms, not at the beginning
        text("Kestrel Air 13", "", ""), // 2: begins with the terms
        text("Air Kestrels", "", ""), // 3: a prefix of a word
        text("Air 13", "Kestrel", ""), // 4: needs the maker
        text("Dock", "Kestrel", "for the Air"), // 5: needs the description
        text("Kestrel", "", ""), // 6: lacks a term
        text("Kestrel Airborne", "", ""), // 7: begins with the terms, the last one a prefix
      ]);
      expect(await opened.ranked("kestrel air")).toEqual({ 1: [2n, 7n], 0.8: [1n], 0.6: [3n], 0.4: [4n], 0.2: [5n] });
      expect(await opened.all("kestrel air")).toEqual([1n, 2n, 3n, 4n, 5n, 7n]);
    });

    test("ignores case and accents, and finds terms by prefixes", async () => {
      await using opened = await openWith(open, [text("Crème BRÛLÉE torch", "", "")]);
      for (const query of ["creme", "CRÈME brulee", "bru torc", "torch cre\u0300me"]) {
        expect(await opened.all(query)).toEqual([1n]);
      }
      expect(await opened.all("orch")).toEqual([]);
    });

    test("interprets no term as an operator", async () => {
      await using opened = await openWith(open, [text("salt AND pepper", "", ""), text("salt", "", "pepper")]);
      expect(await opened.all("salt AND pepper")).toEqual([1n]);
      expect(await opened.all("salt NOT pepper")).toEqual([]);
      expect(await opened.all("name:salt")).toEqual([]);
      expect(await opened.all('"salt" + (pepper)*')).toEqual([1n, 2n]);
    });

    test("finds nothing without terms", async () => {
      await using opened = await openWith(open, [text("Lamp", "", "")]);
      expect(await opened.all("")).toEqual([]);
      expect(await opened.all("🚀")).toEqual([]);
    });

    test("finds the current texts, and neither replaced nor removed ones", async () => {
      await using opened = await openWith(open, [text("Lamp", "", ""), text("Lamp shade", "", "")]);
      await opened.textIndex.put(opened.tables, 1n, text("Candle", "", ""));
      await opened.textIndex.remove(opened.tables, 2n);
      await opened.textIndex.remove(opened.tables, 99n);
      expect(await opened.all("lamp")).toEqual([]);
      expect(await opened.all("candle")).toEqual([1n]);
    });

    test("returns a range from either end, up to a limit", async () => {
      await using opened = await openWith(open, Array(20).fill(text("Lamp", "", "")));
      const find = (range: Partial<Parameters<TextIndex["find"]>[1]>) =>
        opened.textIndex.find(["lamp"], { from: 1n, to: 20n, limit: 3, ...range });
      expect(await find({ from: 5n })).toEqual([5n, 6n, 7n]);
      expect(await find({ to: 2n })).toEqual([1n, 2n]);
      expect(await find({ to: 9n, descending: true })).toEqual([9n, 8n, 7n]);
      expect(await find({ from: 19n, relevance: 1 })).toEqual([19n, 20n]);
      expect(await find({ from: 7n, to: 6n })).toEqual([]);
    });

    test("ignores repeated terms and prefixes of other terms", async () => {
      await using opened = await openWith(open, [
        text("salt and salty salt", "", ""),
        text("salty", "", "salt"),
        text("salty", "", ""),
        text("sal", "", ""),
      ]);
      expect(await opened.ranked("salt salty salt sal")).toEqual({
        1: [],
        0.8: [],
        0.6: [1n, 2n, 3n],
        0.4: [],
        0.2: [],
      });
      expect(await opened.ranked("salty salt salt")).toMatchObject({ 0.8: [1n], 0.6: [2n, 3n] });
    });

    test("finds a product by prefixes of its terms (any texts)", { timeout: 60_000 }, async () => {
      await using opened = await openWith(open, []);
      const textOf = fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.lorem({ maxCount: 6 }));
      let sequence = 0n;
      await fc.assert(
        fc.asyncProperty(fc.tuple(textOf, textOf, textOf), fc.nat(), async ([name, maker, description], seed) => {
          sequence++;
          await opened.textIndex.put(opened.tables, sequence, { name, maker, description });
          const terms = splitSearchTerms(`${name} ${maker} ${description}`).filter((term) => /^[a-z]+$/i.test(term));
          if (terms.length === 0) return;
          const chosen = [0, 1, 2].map((n) => terms[(seed + n * 7) % terms.length] ?? "");
          const query = chosen.map((term) => term.slice(0, 1 + (seed % term.length)));
          const range = { from: sequence, to: sequence, limit: 10 };
          expect(await opened.textIndex.find(query, range)).toEqual([sequence]);
          const matches = await Promise.all(
            relevances.map((relevance) => opened.textIndex.find(query, { ...range, relevance })),
          );
          expect(matches.flat()).toEqual([sequence]);
        }),
        { numRuns: 60 },
      );
    });

    test("accepts any text as a query", { timeout: 60_000 }, async () => {
      await using opened = await openWith(open, [text("Lamp", "", "")]);
      const terms = fc.oneof(
        fc.string({ unit: "binary", maxLength: 200 }).map(splitSearchTerms),
        fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 10 }),
        fc.array(fc.constantFrom('"', "*", "^", "NEAR(", "AND", "name:", "\0", "'", ")", "-", "🚀", ""), {
          maxLength: 10,
        }),
      );
      await fc.assert(
        fc.asyncProperty(terms, async (query) => {
          for (const relevance of relevances) {
            await opened.textIndex.find(query, { from: 1n, to: 9n, limit: 1, relevance });
          }
          await opened.textIndex.find(query, { from: 1n, to: 9n, limit: 1 });
        }),
        { numRuns: 200 },
      );
    });

    test("accepts as many terms as fit into a query", async () => {
      const terms = Array.from({ length: 100 }, (_, n) => "abcdefghij"[n % 10] ?? "");
      await using opened = await openWith(open, [text("abc def ghi j", "b c e f h i", "")]);
      expect(await opened.all(terms.join(" "))).toEqual([1n]);
      expect(await opened.ranked(terms.join(" "))).toMatchObject({ 0.4: [1n] });
    });
  });
}

function text(name: string, maker: string, description: string) {
  return { name, maker, description };
}

async function openWith(open: () => Promise<OpenedTextIndex>, all: readonly ReturnType<typeof text>[]) {
  const opened = await open();
  const { textIndex, tables } = opened;
  for (const [index, each] of all.entries()) await textIndex.put(tables, BigInt(index + 1), each);
  const range = { from: 1n, to: 1_000n, limit: 1_000 };
  return {
    textIndex,
    tables,
    all: (query: string) => textIndex.find(splitSearchTerms(query), range),
    async ranked(query: string) {
      const found: Record<number, bigint[]> = {};
      for (const relevance of relevances)
        found[relevance] = await textIndex.find(splitSearchTerms(query), { ...range, relevance });
      return found;
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
