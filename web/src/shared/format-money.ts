import type { Money } from "../../../../gen/google/type/money_pb.ts";
import { locale } from "../../shared/locale.ts";

const formats = new Map<string, Intl.NumberFormat>();

/** Writes an amount with its currency, exactly: units are not turned into floating point. */
export function formatMoney(money: Money): string {
  const format = formatOf(money.currencyCode);
  return format === undefined
    ? `${decimalText(money)} ${money.currencyCode}`.trim()
    : format.format(decimalText(money));
}

/** The amount as a decimal number, such as `-1.5`. */
function decimalText({ units, nanos }: Money): `${number}` {
  const sign = units < 0n || nanos < 0 ? "-" : "";
  const whole = units < 0n ? -units : units;
  const fraction = String(Math.abs(nanos)).padStart(9, "0").replace(/0+$/, "");
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}` as `${number}`;
}

// Undefined for what is no currency code.
function formatOf(currency: string): Intl.NumberFormat | undefined {
  const known = formats.get(currency);
  if (known !== undefined || !/^[A-Z]{3}$/.test(currency)) return known;
  const made = new Intl.NumberFormat(locale, { style: "currency", currency });
  formats.set(currency, made);
  return made;
}
