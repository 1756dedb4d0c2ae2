import { type DescField, type DescMessage, type JsonObject, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import {
  invalidField,
  maxElementsOf,
  maxRequestFields,
  tooManyElements,
  tooManyFields,
  unscannedBytes,
} from "./field-bounds.ts";

/**
 * The maximum number of characters of a 64-bit integer that is a string in JSON: enough for a decimal fraction with as
 * many digits, and for whitespace. To parse a number of a million digits takes a fifth of a second.
 */
export const maxIntegerCharacters = 100;

const character = { quote: 0x22, comma: 0x2c, bracket: 0x5b, backslash: 0x5c, brace: 0x7b } as const;

/**
 * Makes a function that counts the values of a message in JSON before it is decoded. It does not scan texts of
 * {@link unscannedBytes} or less.
 *
 * The function throws a LimitError, before the text is parsed, if there are too many values in all, unknown fields
 * included. It throws a ConnectError with INVALID_ARGUMENT at the first list with more elements than its rules allow,
 * and for a 64-bit integer that is a string of more than {@link maxIntegerCharacters}. Invalid JSON is left to the
 * decoder.
 *
 * @param maxDepth the maximum number of levels of nested messages: deeper ones are not scanned
 */
export function createJsonMessageScan(type: DescMessage, maxDepth: number): (text: Uint8Array) => void {
  const counted = new Map<DescMessage, readonly DescField[]>();
  const isScanned = needsScan(type);
  return (text) => {
    if (text.length <= unscannedBytes) return;
    countValues(text);
    const value = isScanned ? parse(text) : undefined;
    if (value !== undefined) scanMessage(value, type, { path: "", depth: maxDepth, counted });
  };
}

function countValues(text: Uint8Array): void {
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (byte === character.quote) at = endOfString(text, at);
    else if (byte === character.comma || byte === character.bracket || byte === character.brace) values++;
    if (values > maxRequestFields) throw tooManyFields(values);
  }
}

/** Returns the offset of the quote that ends the string which begins at an offset; the end of the text if none does. */
function endOfString(text: Uint8Array, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf(character.quote, at);
    if (at < 0) return text.length;
    let backslashes = 0;
    while (text[at - 1 - backslashes] === character.backslash) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
}

/** Returns the value of a JSON text; undefined if it is invalid. */
function parse(text: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(Buffer.from(text.buffer, text.byteOffset, text.length).toString());
  } catch {
    return undefined;
  }
}

interface Scope {
  /** The path of the message, with a dot at its end; empty for the outermost message. */
  readonly path: string;
  readonly depth: number;
  /**
   * For each type, the fields that are lists, maps or 64-bit integers, and the message fields whose messages have such
   * fields, at any depth.
   */
  readonly counted: Map<DescMessage, readonly DescField[]>;
}

function scanMessage(value: JsonValue, type: DescMessage, scope: Scope): void {
  if (scope.depth <= 0) return;
  if (type.typeName === FieldMaskSchema.typeName) scanFieldMask(value, scope);
  if (!isObject(value)) return;
  for (const field of countedFields(type, scope)) {
    // JSON may have either name: https://protobuf.dev/programming-guides/json/
    for (const name of new Set([field.jsonName, field.name])) {
      const member = value[name];
      if (member !== undefined) scanField(member, field, scope);
    }
  }
}

function countedFields(type: DescMessage, { counted }: Scope): readonly DescField[] {
  const known = counted.get(type);
  if (known !== undefined) return known;
  const fields = type.fields.filter((field) => isCounted(field) || (field.message && needsScan(field.message)));
  counted.set(type, fields);
  return fields;
}

/** Whether messages of a type may have a list, a map or a 64-bit integer, at any depth. */
function needsScan(type: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  return type.fields.some((field) => isCounted(field) || (field.message && needsScan(field.message, seen)));
}

/** Whether a field is a list or a map, or a 64-bit integer. */
function isCounted(field: DescField): boolean {
  return field.fieldKind === "list" || field.fieldKind === "map" || isInteger64(field);
}

function isInteger64({ scalar }: DescField): boolean {
  return scalar !== undefined && integers64.has(scalar);
}

const integers64: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

function scanField(value: JsonValue, field: DescField, scope: Scope): void {
  const path = `${scope.path}${field.name}`;
  if (field.fieldKind === "map") {
    if (isObject(value)) count(path, Object.keys(value).length, maxElementsOf(field));
  } else if (field.fieldKind === "list") {
    if (!Array.isArray(value)) return;
    count(path, value.length, maxElementsOf(field));
    if (isInteger64(field)) for (const element of value) checkInteger(element, path);
    const { message } = field;
    if (message === undefined || !needsScan(message)) return;
    for (const [index, element] of value.entries()) {
      scanMessage(element, message, { ...scope, path: `${path}[${index}].`, depth: scope.depth - 1 });
    }
  } else if (field.message !== undefined) {
    scanMessage(value, field.message, { ...scope, path: `${path}.`, depth: scope.depth - 1 });
  } else {
    checkInteger(value, path);
  }
}

function checkInteger(value: JsonValue, path: string): void {
  if (typeof value !== "string" || value.length <= maxIntegerCharacters) return;
  throw invalidField(path, `is a text of ${value.length} characters: a 64-bit integer has 20 at most`);
}

/** In JSON the paths of a field mask are one string, separated by commas: https://protobuf.dev/programming-guides/json/ */
function scanFieldMask(value: JsonValue, scope: Scope): void {
  if (typeof value !== "string" || value === "") return;
  let paths = 1;
  for (let at = value.indexOf(","); at >= 0; at = value.indexOf(",", at + 1)) paths++;
  count(`${scope.path}paths`, paths, maxElementsOf(FieldMaskSchema.field.paths));
}

function count(path: string, found: number, max: number): void {
  if (found > max) throw tooManyElements(path, found, max);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
