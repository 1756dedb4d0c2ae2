/** Which column has which field, where a file's own names do not tell. Fields that are not named are found as usual. */
export type ColumnsOf<Field extends string> = Readonly<Partial<Record<Field, string>>>;

/** A column of a file. */
export interface Column {
  readonly name: string;
  readonly index: number;
}

/** A row or a header cannot be used. The message says what is wrong with it, and not where it stands. */
export class CsvRowError extends Error {
  override name = "CsvRowError";
}

/**
 * Finds columns by the names in a header. Throws a {@link CsvRowError} where one that the mapping names is not there.
 *
 * @param knownNames what the column of a field may be called, in small letters and nothing else, as case, blanks and
 *   punctuation do not count; the first name that the header has is taken
 */
export function findColumns<Field extends string>(
  header: readonly string[],
  knownNames: Readonly<Record<Field, readonly string[]>>,
  mapping: ColumnsOf<Field>,
): Map<Field, Column> {
  const columns = new Map<Field, Column>();
  for (const field of Object.keys(knownNames) as Field[]) {
    const column = findColumn(header, field, knownNames[field], mapping);
    if (column !== undefined) columns.set(field, column);
  }
  return columns;
}

/** So much of a header is shown, in characters. */
const maxShownChars = 500;

/** For messages: what columns there are. */
export function columnsOf(header: readonly string[]): string {
  return `the header has ${header.join(", ").slice(0, maxShownChars)}`;
}

/** A column's name as known names are written. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}

function findColumn<Field extends string>(
  header: readonly string[],
  field: Field,
  names: readonly string[],
  mapping: ColumnsOf<Field>,
): Column | undefined {
  const wanted = mapping[field];
  if (wanted !== undefined) {
    const index = header.indexOf(wanted);
    if (index < 0) throw new CsvRowError(`no column is called ${wanted}, as ${field} is to be (${columnsOf(header)})`);
    return { name: wanted, index };
  }
  const taken = Object.values<string | undefined>(mapping);
  const cells = header.map((name) => (taken.includes(name) ? undefined : normalName(name)));
  const index = names.map((name) => cells.indexOf(name)).find((each) => each >= 0);
  return index === undefined ? undefined : { name: header[index] ?? "", index };
}
