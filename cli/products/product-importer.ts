import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { type ColumnMapping, CsvRowError } from "../../client/shared/csv-column-mapping.ts";
import type { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { type CsvFile, CsvFileError, type CsvFileOptions } from "../csv/csv-file.ts";
import type { CsvRow } from "../csv/csv-row-parser.ts";
import type { RejectsFile } from "../csv/rejects-file.ts";
import { ProductCsvColumns, type ProductField, type ProductRow } from "./product-csv-columns.ts";
import { ProductIdGenerator } from "./product-id-generator.ts";

/** The dialect of product files: spaces around cells are ignored, and the last line may have no line end. */
export const productFileOptions = { trim: true, mayEndOpen: true } as const satisfies CsvFileOptions;

/** The options of an import. */
export interface ImportOptions {
  readonly client: Client<typeof ProductService>;
  /** Receives the rejected lines. */
  readonly rejects: RejectsFile;
  readonly currency?: string;
  readonly mapping?: ColumnMapping<ProductField>;
  /** Whether existing products get the values of the file. Default: they stay unchanged. */
  readonly update?: boolean;
  readonly signal: AbortSignal;
  /** Called with the columns of the file that are not imported, if there are some. */
  readonly onUnusedColumns?: (names: readonly string[]) => void;
  /** Called for each row, with its line number. */
  readonly onProgress?: (lines: number) => void;
}

/** The number of rows by result. */
export interface ProductCounts {
  added: number;
  /** Existing products that have the values of the file now. */
  updated: number;
  /** Existing products that are unchanged. */
  present: number;
  rejected: number;
}

export function newProductCounts(): ProductCounts {
  return { added: 0, updated: 0, present: 0, rejected: 0 };
}

/** The maximum number of calls in flight. The server stores the products of concurrent calls in groups. */
const maxCallsInFlight = 64;

/**
 * Imports the products of a CSV file. A row that is invalid, or that the server refuses as invalid, is rejected. Any
 * other error ends the import. It can be repeated: no product is added twice.
 *
 * @param counts is updated for each row, and valid after a failure too
 */
export async function importProductFile(file: CsvFile, options: ImportOptions, counts: ProductCounts): Promise<void> {
  const { signal, onProgress } = options;
  const ids = new ProductIdGenerator(file.path);
  const calls = new Set<Promise<void>>();
  let columns: ProductCsvColumns | undefined;
  let failure: unknown;
  try {
    for await (const row of file.rows(signal)) {
      signal.throwIfAborted();
      if (failure !== undefined) break;
      if (columns === undefined) {
        columns = readHeader(file, row, options);
        if (columns.unused.length > 0) options.onUnusedColumns?.(columns.unused);
        continue;
      }
      const call = importRow({ file, row, columns, ids }, options, counts)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => calls.delete(call));
      calls.add(call);
      if (calls.size >= maxCallsInFlight) await Promise.race(calls);
      onProgress?.(row.line);
    }
  } finally {
    await Promise.all(calls);
  }
  if (failure !== undefined) throw failure;
}

function readHeader({ path }: CsvFile, header: CsvRow, { currency, mapping }: ImportOptions): ProductCsvColumns {
  try {
    if ("problem" in header) throw new CsvRowError(header.problem);
    return new ProductCsvColumns(header.cells, currency, mapping);
  } catch (error) {
    throw new CsvFileError(`${path}: line ${header.line}: ${(error as Error).message}`);
  }
}

interface ProductLine {
  readonly file: CsvFile;
  readonly row: CsvRow;
  readonly columns: ProductCsvColumns;
  readonly ids: ProductIdGenerator;
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
    const reason = rejectReason(error);
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
    counts.present++;
    return;
  }
  await client.updateProduct({ product, updateMask: { paths: [...paths] } }, { signal });
  counts.updated++;
}

/** Why a row is rejected. Undefined if the error is not caused by the row. */
function rejectReason(error: unknown): string | undefined {
  if (error instanceof CsvRowError) return error.message;
  if (!(error instanceof ConnectError)) return undefined;
  if (error.code === Code.InvalidArgument) return error.rawMessage;
  return error.code === Code.NotFound ? "the product was deleted from the catalogue" : undefined;
}
