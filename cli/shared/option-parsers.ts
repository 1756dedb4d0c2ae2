import { InvalidArgumentError, Option } from "commander";
import { type ColumnMapping, parseColumnMapping } from "../../client/shared/csv-column-mapping.ts";

/** Returns a parser for commander. It reports the error of `parse`, which describes a valid value, as a wrong value. */
export function parseWith<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

/** Parses a URL of a server. */
export function parseAddress(text: string): string {
  if (/^https?:\/\/./.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("expected a URL such as http://127.0.0.1:8080");
}

/** Parses a whole number from 1. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("expected a whole number from 1");
}

/** The longest timer of Node, in seconds. */
const maxSeconds = 2_147_483;

/** Parses a number of seconds above 0. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= 0.001 && seconds <= maxSeconds) return seconds;
  throw new InvalidArgumentError(`expected a number of seconds from 0.001 to ${maxSeconds.toLocaleString("en")}`);
}

/**
 * `--columns FIELD=COLUMN,…`: maps the fields of a CSV file to its columns.
 *
 * @param fields the known fields
 * @param example for the help and for errors
 */
export function columnsOption<Field extends string>(fields: readonly Field[], example: string): Option {
  const option = new Option("--columns <columns>", `the columns of fields, as in ${example}`);
  return option.argParser(parseWith((text): ColumnMapping<Field> => parseColumnMapping(text, fields, example)));
}

/** `--currency CODE`: the currency of the prices in a CSV file without a currency column. */
export function currencyOption(): Option {
  const option = new Option("--currency <code>", "currency of the prices if no column has it, as in GBP");
  return option.argParser((text) => {
    if (/^[A-Z]{3}$/.test(text)) return text;
    throw new InvalidArgumentError("expected three capital letters such as GBP");
  });
}
