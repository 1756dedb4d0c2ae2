import { setImmediate } from "node:timers/promises";
import type { CompiledQuery, Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** How many rows one statement writes, a power of two: about a millisecond, after which others have their turn. */
const maxRowsPerStatement = 256;

type Row = Readonly<Record<string, unknown>>;

/**
 * Writes any number of rows with few statements, each compiled once: compiling takes Kysely longer than SQLite needs
 * to write. Statements come in the sizes of powers of two, so that few are kept.
 */
export class BulkWrite<R extends Row> {
  readonly #compile: (rows: R[]) => CompiledQuery;
  readonly #bySize = new Map<number, CompiledQuery>();

  /** @param compile makes the statement that writes some rows, whose parameters are their values, row by row */
  constructor(compile: (rows: R[]) => CompiledQuery) {
    this.#compile = compile;
  }

  /** Writes rows, which have the same columns in the same order. The event loop has a turn after each statement. */
  async run(tables: Kysely<Tables>, rows: readonly R[]): Promise<void> {
    for (let start = 0; start < rows.length; ) {
      const part = rows.slice(start, start + largestPowerOfTwo(rows.length - start));
      const statement = this.#statement(part);
      await tables.executeQuery({ ...statement, parameters: part.flatMap((row) => Object.values(row)) });
      await setImmediate();
      start += part.length;
    }
  }

  #statement(rows: R[]): CompiledQuery {
    const known = this.#bySize.get(rows.length);
    if (known !== undefined) return known;
    const compiled = this.#compile(rows);
    this.#bySize.set(rows.length, compiled);
    return compiled;
  }
}

/** The largest that is not above `count`, nor above the limit. */
function largestPowerOfTwo(count: number): number {
  return count >= maxRowsPerStatement ? maxRowsPerStatement : 2 ** Math.floor(Math.log2(count));
}
