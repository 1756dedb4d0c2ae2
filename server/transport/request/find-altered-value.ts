import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

/**
 * What a text has if a value could be altered: an integer of 16 digits or more, a day that some months do not have, hour 24,
 * or a surrogate in an escape. Few texts have one, so that the others are parsed only once.
 */
const suspicious = /\d{16}|-\d\d-(?:29|30|31)[Tt]|[Tt]24:|\\u[dD][89a-fA-F]/;

/**
 * Finds a value of a JSON text that the conversion to a message would alter without an error, and returns the reason to
 * refuse it, with the path of the field:
 *
 * - an integer that a double cannot hold exactly (https://protobuf.dev/programming-guides/json/),
 * - a time that does not exist, such as February 30 or hour 24, which JavaScript moves to the next day,
 * - text with half of a surrogate pair, which UTF-8 cannot represent.
 *
 * Returns undefined if there is none, or if the text is not valid JSON.
 */
export function findAlteredValue(desc: DescMessage, text: string): string | undefined {
  if (!suspicious.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text, keepInexactIntegers);
  } catch {
    return undefined;
  }
  return findInMessage(desc, value, "");
}

/** An integer that a double cannot hold exactly, as it is written. */
class InexactInteger {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** https://tc39.es/proposal-json-parse-with-source/ */
function keepInexactIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || !/^-?\d{16,}$/.test(source)) return value;
  return Number.isFinite(value) && BigInt(value) === BigInt(source) ? value : new InexactInteger(source);
}

function findInMessage(desc: DescMessage, value: unknown, path: string): string | undefined {
  if (desc.typeName === "google.protobuf.Timestamp")
    return typeof value === "string" ? timeProblem(value, path) : undefined;
  if (desc.typeName.startsWith("google.protobuf.") || !isObject(value)) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const field = desc.fields.find(({ name, jsonName }) => name === key || jsonName === key);
    if (field === undefined) continue; // the decoder refuses it
    const problem = findInField(field, member, path === "" ? key : `${path}.${key}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function findInField(field: DescField, value: unknown, path: string): string | undefined {
  if (field.fieldKind === "list" && Array.isArray(value)) {
    return firstOf(value.entries(), ([index, item]) => findInValue(field, item, `${path}[${index}]`));
  }
  if (field.fieldKind === "map" && isObject(value)) {
    return firstOf(Object.entries(value), ([key, item]) => {
      const entryPath = `${path}[${JSON.stringify(key)}]`;
      return (key.isWellFormed() ? undefined : surrogateProblem(entryPath)) ?? findInValue(field, item, entryPath);
    });
  }
  return findInValue(field, value, path);
}

function findInValue(field: DescField, value: unknown, path: string): string | undefined {
  if (field.message !== undefined) return findInMessage(field.message, value, path);
  if (typeof value === "string" && field.scalar === ScalarType.STRING && !value.isWellFormed())
    return surrogateProblem(path);
  const isFloat = field.scalar === ScalarType.DOUBLE || field.scalar === ScalarType.FLOAT;
  if (!(value instanceof InexactInteger) || isFloat) return undefined;
  return `field ${path}: ${value.source.slice(0, maxShown)} is not exact as a JSON number; write it as a string, in quotes`;
}

/** The number of characters of a value in a message. */
const maxShown = 40;

function timeProblem(value: string, path: string): string | undefined {
  const [, year, month, day, hour] = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):/.exec(value) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined; // the decoder refuses it
  const daysOfMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(day) <= daysOfMonth && Number(hour) < 24) return undefined;
  return `field ${path}: the time ${value.slice(0, maxShown)} does not exist; check the day and the hour`;
}

function surrogateProblem(path: string): string {
  return `field ${path}: the text has half of a surrogate pair; send both halves, or the character itself`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function firstOf<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
