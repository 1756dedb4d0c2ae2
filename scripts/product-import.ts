import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { ProductColumns, type ProductField, type ProductRow } from "../client/product/product-columns.ts";
import { type ColumnsOf, CsvRowError } from "../client/shared/csv-columns.ts";
import type { ProductService } from "../gen/bourse/product/v1/product_service_pb.ts";
import { type CsvFile, CsvFileError, type CsvFileOptions } from "./csv-file.ts";
import type { CsvRow } from "./csv-rows.ts";
import { ProductIds } from "./product-ids.ts";
import type { RejectsFile } from "./rejects-file.ts";

/** How files of products are read: blanks around cells say nothing, and the last line may lack its end. */
export const productFileOptions = { trim: true, mayEndOpen: true } as const satisfies CsvFileOptions;

/** How a file is brought in. */
export interface ImportOptions {
  readonly client: Client<typeof ProductService>;
  /** Where what cannot be taken goes. */
  readonly rejects: RejectsFile;
  readonly currency?: string;
  readonly mapping?: ColumnsOf<ProductField>;
  /** Give products that are there already the values of the file; else they stay as they are. */
  readonly update?: boolean;
  readonly signal: AbortSignal;
  /** Called after each row, with how many lines of the file are done. */
  readonly onProgress?: (lines: number) => void;
}

/** What became of a file's rows. */
export interface ProductCounts {
  added: number;
  /** Those that were there already, and have the file's values now. */
  updated: number;
  /** Those that were there already, and were left alone. */
  known: number;
  rejected: number;
}

/** Those of a file of which nothing was read yet. */
export function newProductCounts(): ProductCounts {
  return { added: 0, updated: 0, known: 0, rejected: 0 };
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
export async function importProducts(file: CsvFile, options: ImportOptions, counts: ProductCounts): Promise<void> {
  const { signal, onProgress } = options;
  const ids = new ProductIds(file.path);
  const calls = new Set<Promise<void>>();
  let columns: ProductColumns | undefined;
  let failure: unknown;
  try {
    for await (const row of file.rows(signal)) {
      signal.throwIfAborted();
      if (failure !== undefined) break;
      if (columns === undefined) {
        columns = headerOf(file, row, options);
        continue;
      }
      const call = importRow({ file, row, columns, ids }, options, counts)
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

function headerOf({ path }: CsvFile, header: CsvRow, { currency, mapping }: ImportOptions): ProductColumns {
  try {
    if ("problem" in header) throw new CsvRowError(header.problem);
    return new ProductColumns(header.cells, currency, mapping);
  } catch (error) {
    throw new CsvFileError(`${path}: line ${header.line}: ${(error as Error).message}`);
  }
}

interface ProductLine {
  readonly file: CsvFile;
  readonly row: CsvRow;
  readonly columns: ProductColumns;
  readonly ids: ProductIds;
}

async function importRow(
  { file, row, columns, ids }: ProductLine,
  options: ImportOptions,
  counts: ProductCounts,
): Promise<void> {
  try {
    if ("problem" in row) throw new CsvRowError(row.problem);
    const { product, id } = columns.read(row.cells);
    await store({ ...product, id: id || ids.next(product.name ?? "") }, columns.paths, options, counts);
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    counts.rejected++;
    options.rejects.add({ file: file.path, line: row.line, reason, text: row.text });
  }
}

async function store(
  product: ProductRow["product"],
  paths: readonly string[],
  { client, update, signal }: ImportOptions,
  counts: ProductCounts,
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
  if (error instanceof CsvRowError) return error.message;
  if (!(error instanceof ConnectError)) return undefined;
  if (error.code === Code.InvalidArgument) return error.rawMessage;
  return error.code === Code.NotFound ? "it was deleted from the catalogue" : undefined;
}
