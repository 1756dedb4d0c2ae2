import { type ColumnMapping, type TickField, tickFields } from "./tick-columns.ts";

/**
 * Reads which column has what, as in `time=ts,bid=best_bid`. Columns are named exactly as the file names them.
 *
 * Throws an error whose message says what would be right, to be followed by "not …".
 */
export function parseColumnMapping(text: string): ColumnMapping {
  const mapping: Partial<Record<TickField, string>> = {};
  for (const part of text.split(",")) {
    const [, name = "", column = ""] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const field = tickFields.find((each) => each === name);
    if (field === undefined || column === "" || mapping[field] !== undefined) {
      throw new Error(
        `FIELD=COLUMN pairs such as time=ts,bid=b, each field once and of ${tickFields.join(", ")}, are needed`,
      );
    }
    mapping[field] = column;
  }
  return mapping;
}
