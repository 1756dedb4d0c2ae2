import type { ColumnsOf } from "./csv-columns.ts";

/**
 * Reads which column has what, as in `time=ts,bid=best_bid`. Columns are named exactly as the file names them.
 *
 * Throws an error whose message says what would be right, to be followed by "not …".
 *
 * @param fields those that there are
 * @param example what the error shows
 */
export function parseColumns<Field extends string>(
  text: string,
  fields: readonly Field[],
  example: string,
): ColumnsOf<Field> {
  const columns: Partial<Record<Field, string>> = {};
  for (const part of text.split(",")) {
    const [, name = "", column = ""] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const field = fields.find((each) => each === name);
    if (field === undefined || column === "" || columns[field] !== undefined) {
      throw new Error(`FIELD=COLUMN pairs such as ${example}, each field once and of ${fields.join(", ")}, are needed`);
    }
    columns[field] = column;
  }
  return columns;
}
