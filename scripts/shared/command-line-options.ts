import { InvalidArgumentError, Option } from "commander";
import { type ColumnMapping, parseColumnMapping } from "../../client/shared/csv-column-mapping.ts";

/** `--address URL`: the server. Default: the one of `npm start`. */
export function addressOption(): Option {
  return new Option("--address <url>", "URL of the server").default("http://127.0.0.1:8080").argParser((text) => {
    if (/^https?:\/\/./.test(text) && URL.canParse(text)) return text;
    throw new InvalidArgumentError("expected a URL such as http://127.0.0.1:8080");
  });
}

/**
 * `--columns FIELD=COLUMN,…`: maps the fields of a CSV file to its columns.
 *
 * @param fields the known fields
 * @param example for the help and for errors
 */
export function columnsOption<Field extends string>(fields: readonly Field[], example: string): Option {
  const option = new Option("--columns <columns>", `the columns of fields, as in ${example}`);
  return option.argParser((text): ColumnMapping<Field> => {
    try {
      return parseColumnMapping(text, fields, example);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  });
}

/** `--currency CODE`: the currency of the prices in a CSV file without a currency column. */
export function currencyOption(): Option {
  const option = new Option("--currency <code>", "currency of the prices if no column has it, as in GBP");
  return option.argParser((text) => {
    if (/^[A-Z]{3}$/.test(text)) return text;
    throw new InvalidArgumentError("expected three capital letters such as GBP");
  });
}
