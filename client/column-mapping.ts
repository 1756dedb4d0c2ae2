import { parseFieldMapping } from "./field-mapping.ts";
import { type ColumnMapping, tickFields } from "./tick-columns.ts";

/** Reads which column of ticks has what, as {@link parseFieldMapping} does. */
export function parseColumnMapping(text: string): ColumnMapping {
  return parseFieldMapping(text, tickFields, "time=ts,bid=b");
}
