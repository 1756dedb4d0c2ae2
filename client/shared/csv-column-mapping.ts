/**
 * A mapping of fields to column names, for files whose columns do not have the known names. A field without an entry is
 * found by its known names.
 */
export type ColumnMapping<Field extends string> = Readonly<Partial<Record<Field, string>>>;

/** A column of a CSV file. */
export interface Column {
  readonly name: string;
  readonly index: number;
}

/** A row or a header is invalid. The message describes the problem, without the line number. */
export class CsvRowError extends Error {
  override name = "CsvRowError";
}

/** The longest excerpt of a header in a message, in characters. */
const maxHeaderChars = 500;

/**
 * Finds the columns of fields by the names in a header. Throws a {@link CsvRowError} if the mapping names a column that
 * the header does not have.
 *
 * @param knownNames the column names of each field, in the form of {@link normalizeName}; the first match counts
 */
export function findColumns<Field extends string>(
  header: readonly string[],
  knownNames: Readonly<Record<Field, readonly string[]>>,
  mapping: ColumnMapping<Field>,
): Map<Field, Column> {
  const columns = new Map<Field, Column>();
  for (const field of Object.keys(knownNames) as Field[]) {
    const column = findColumn(header, field, knownNames[field], mapping);
    if (column !== undefined) columns.set(field, column);
  }
  return columns;
}

/** Returns the names of the columns of a header that belong to no field. */
export function findUnusedColumns(header: readonly string[], columns: ReadonlyMap<string, Column>): string[] {
  const used = new Set(Array.from(columns.values(), ({ index }) => index));
  return header.filter((name, index) => name !== "" && !used.has(index));
}

/** The columns of a header, for messages. */
export function formatHeader(header: readonly string[]): string {
  return `the header has ${header.join(", ").slice(0, maxHeaderChars)}`;
}

/** Normalizes a column name for comparison: lower-case letters only. */
export function normalizeName(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}

/**
 * Parses a mapping of fields to columns, as in `time=ts,bid=best_bid`. Columns are named exactly as in the header.
 *
 * Throws an error whose message describes a valid mapping, to be followed by `, not …`.
 *
 * @param fields the known fields
 * @param example for the error
 */
export function parseColumnMapping<Field extends string>(
  text: string,
  fields: readonly Field[],
  example: string,
): ColumnMapping<Field> {
  const columns: Partial<Record<Field, string>> = {};
  for (const part of text.split(",")) {
    const [, name = "", column = ""] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const field = fields.find((each) => each === name);
    if (field === undefined || column === "" || columns[field] !== undefined) {
      throw new Error(
        `expected FIELD=COLUMN pairs such as ${example} (each field at most once; fields: ${fields.join(", ")})`,
      );
    }
    columns[field] = column;
  }
  return columns;
}

function findColumn<Field extends string>(
  header: readonly string[],
  field: Field,
  names: readonly string[],
  mapping: ColumnMapping<Field>,
): Column | undefined {
  const mapped = mapping[field];
  if (mapped !== undefined) {
    const index = header.indexOf(mapped);
    if (index < 0)
      throw new CsvRowError(`there is no column ${mapped}, mapped to the field ${field} (${formatHeader(header)})`);
    return { name: mapped, index };
  }
  const mappedNames = Object.values<string | undefined>(mapping);
  const unmapped = header.map((name) => (mappedNames.includes(name) ? undefined : normalizeName(name)));
  const index = names.map((name) => unmapped.indexOf(name)).find((each) => each >= 0);
  return index === undefined ? undefined : { name: header[index] ?? "", index };
}
