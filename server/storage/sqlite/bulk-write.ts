import { setImmediate } from "node:timers/promises";
import type { CompiledQuery } from "kysely";

/** The maximum number of rows of a statement, a power of two: about a millisecond of work. */
const maxRowsPerStatement = 256;

type Row = Readonly<Record<string, unknown>>;

/** A Kysely instance or transaction. */
interface StatementExecutor {
  executeQuery(statement: CompiledQuery): Promise<unknown>;
}

/**
 * Writes any number of rows with few statements, and compiles each statement once: Kysely takes longer to compile a
 * statement than SQLite to run it. The numbers of rows are powers of two, so that few statements are cached.
 */
export class BulkWrite<R extends Row> {
  readonly #compile: (rows: R[]) => CompiledQuery;
  readonly #bySize = new Map<number, CompiledQuery>();

  /** @param compile compiles the statement that writes some rows; its parameters are their values, row by row */
  constructor(compile: (rows: R[]) => CompiledQuery) {
    this.#compile = compile;
  }

  /** Writes rows, all with the same columns in the same order. Yields to the event loop after each statement. */
  async run(tables: StatementExecutor, rows: readonly R[]): Promise<void> {
    for (let start = 0; start < rows.length; ) {
      const part = rows.slice(start, start + statementSize(rows.length - start));
      const statement = this.#statement(part);
      await tables.executeQuery({ ...statement, parameters: part.flatMap((row) => Object.values(row)) });
      await setImmediate();
      start += part.length;
    }
  }

  #statement(rows: R[]): CompiledQuery {
    const cached = this.#bySize.get(rows.length);
    if (cached !== undefined) return cached;
    const compiled = this.#compile(rows);
    this.#bySize.set(rows.length, compiled);
    return compiled;
  }
}

/** Returns the largest power of two up to `count` and {@link maxRowsPerStatement}. */
function statementSize(count: number): number {
  return count >= maxRowsPerStatement ? maxRowsPerStatement : 2 ** Math.floor(Math.log2(count));
}
