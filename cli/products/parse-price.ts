import type { MessageInitShape } from "@bufbuild/protobuf";
import { InvalidArgumentError } from "commander";
import { parseMoney } from "../../client/shared/money-text.ts";
import type { MoneySchema } from "../../gen/google/type/money_pb.ts";

export type Money = MessageInitShape<typeof MoneySchema>;

/** Parses an amount with its currency, such as `500EUR`. */
export function parsePrice(text: string): Money {
  const [, amount = "", currency = ""] = /^([\d.]+)\s*([A-Z]{3})$/.exec(text) ?? [];
  try {
    if (currency !== "") return parseMoney(amount, currency);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  throw new InvalidArgumentError("expected an amount with its currency, such as 500EUR");
}
