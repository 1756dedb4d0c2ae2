import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { ProductColumns, type ProductMapping, type ProductRow } from "../client/product-columns.ts";
import type { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { type CsvRow, csvRows } from "./csv-file.ts";
import { ImportedIds } from "./imported-ids.ts";
import type { RejectedFile } from "./rejected-file.ts";

/** How a file is brought in. */
export interface ImportOptions {
  readonly client: Client<typeof ProductService>;
  /** Where what cannot be taken goes. */
  readonly rejected: RejectedFile;
  readonly currency?: string;
  readonly mapping?: ProductMapping;
  /** Give products that are there already the values of the file; else they stay as they are. */
  readonly update?: boolean;
  readonly signal: AbortSignal;
  /** Called after each row, with how many lines of the file are done. */
  readonly onProgress?: (lines: number) => void;
}

/** What became of a file's rows. */
export interface ImportCounts {
  added: number;
  /** Those that were there already, and have the file's values now. */
  updated: number;
  /** Those that were there already, and were left alone. */
  known: number;
}

/** How many calls are under way at once: the server stores what comes together together. */
const maxCalls = 64;

/**
 * Brings the products of a CSV file into the catalogue. A row that makes no sense, or that the server refuses for what
 * it says, is rejected by itself; everything else that goes wrong ends the import, which can be run again: what is
 * there is not added twice.
 *
 * @param counts is kept up to date, so that it tells what is done also where the import fails
 */
export async function importProducts(path: string, options: ImportOptions, counts: ImportCounts): Promise<void> {
  const { signal, onProgress } = options;
  const ids = new ImportedIds(path);
  const calls = new Set<Promise<void>>();
  let columns: ProductColumns | undefined;
  let failure: unknown;
  try {
    for await (const row of csvRows(path)) {
      signal.throwIfAborted();
      if (failure !== undefined) break;
      if (columns === undefined) {
        columns = headerOf(path, row, options);
        continue;
      }
      const call = importRow(row, columns, ids, options, counts)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => calls.delete(call));
      calls.add(call);
      if (calls.size >= maxCalls) await Promise.race(calls);
      onProgress?.(row.line);
    }
  } finally {
    await Promise.all(calls);
  }
  if (failure !== undefined) throw failure;
}

function headerOf(path: string, { cells, problem }: CsvRow, { currency, mapping }: ImportOptions): ProductColumns {
  try {
    if (problem !== undefined) throw new Error(problem);
    return new ProductColumns(cells, currency, mapping);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function importRow(
  row: CsvRow,
  columns: ProductColumns,
  ids: ImportedIds,
  options: ImportOptions,
  counts: ImportCounts,
): Promise<void> {
  try {
    if (row.problem !== undefined) throw new RowError(row.problem);
    const { product, id } = readRow(row, columns);
    const paths = columns.paths;
    await store({ ...product, id: id || ids.next(product.name ?? "") }, paths, options, counts);
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    await options.rejected.add(row.line, reason, row.text);
  }
}

class RowError extends Error {}

function readRow({ cells }: CsvRow, columns: ProductColumns): ProductRow {
  try {
    return columns.read(cells);
  } catch (error) {
    throw new RowError((error as Error).message);
  }
}

async function store(
  product: ProductRow["product"],
  paths: readonly string[],
  { client, update, signal }: ImportOptions,
  counts: ImportCounts,
): Promise<void> {
  try {
    await client.createProduct({ product }, { signal });
    counts.added++;
    return;
  } catch (error) {
    if (ConnectError.from(error).code !== Code.AlreadyExists) throw error;
  }
  if (update !== true) {
    counts.known++;
    return;
  }
  await client.updateProduct({ product, updateMask: { paths: [...paths] } }, { signal });
  counts.updated++;
}

/** Why a row is rejected; undefined where the error is not the row's. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof RowError) return error.message;
  if (!(error instanceof ConnectError)) return undefined;
  if (error.code === Code.InvalidArgument) return error.rawMessage;
  return error.code === Code.NotFound ? "it was deleted from the catalogue" : undefined;
}
