import { InvalidArgumentError, Option } from "commander";

/** `--currency CODE`: what the prices of a CSV file are in where no column tells it. */
export function currencyOption(): Option {
  return new Option("--currency <code>", "the currency of the prices where no column tells it, as in GBP").argParser(
    (text) => {
      if (/^[A-Z]{3}$/.test(text)) return text;
      throw new InvalidArgumentError("three capital letters such as GBP are needed");
    },
  );
}
