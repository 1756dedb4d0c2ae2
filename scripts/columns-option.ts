import { InvalidArgumentError, Option } from "commander";
import type { ColumnsOf } from "../client/shared/csv-columns.ts";
import { parseColumns } from "../client/shared/parse-columns.ts";

/**
 * `--columns FIELD=COLUMN,…`: which columns of a CSV file have what.
 *
 * @param fields those that there are
 * @param example what the help and errors show
 */
export function columnsOption<Field extends string>(fields: readonly Field[], example: string): Option {
  const option = new Option("--columns <columns>", `which columns have what, as in ${example}`);
  return option.argParser((text): ColumnsOf<Field> => {
    try {
      return parseColumns(text, fields, example);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  });
}
