import type { ColumnsOf } from "./csv-columns.ts";
import { type ColumnMapping, tickFields } from "./tick-columns.ts";

/** {@link parseColumns} for the fields of a tick. */
export function parseColumnMapping(text: string): ColumnMapping {
  return parseColumns(text, tickFields, "time=ts,bid=b");
}

/**
 * Reads which column has what, as in `time=ts,bid=best_bid`. Columns are named exactly as the file names them.
 *
 * Throws an error whose message says what would be right, to be followed by "not …".
 *
 * @param fields the names that may stand before the `=`
 * @param example what the message shows
 */
export function parseColumns<Field extends string>(
  text: string,
  fields: readonly Field[],
  example: string,
): ColumnsOf<Field> {
  const mapping: Partial<Record<Field, string>> = {};
  for (const part of text.split(",")) {
    const [, name = "", column = ""] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const field = fields.find((each) => each === name);
    if (field === undefined || column === "" || mapping[field] !== undefined) {
      throw new Error(`FIELD=COLUMN pairs such as ${example}, each field once and of ${fields.join(", ")}, are needed`);
    }
    mapping[field] = column;
  }
  return mapping;
}
