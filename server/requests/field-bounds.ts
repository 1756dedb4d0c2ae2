import { type DescField, getOption, ScalarType } from "@bufbuild/protobuf";
import { type FieldRules, field as fieldRules } from "../../gen/buf/validate/validate_pb.ts";

/** What the rules of a field allow. Undefined: the rules set no bound, or the field is of another kind. */
export interface FieldBounds {
  /** The most bytes of a string or of bytes, or of each in a list. */
  readonly maxBytes: number | undefined;
  /** The most elements of a list. */
  readonly maxItems: number | undefined;
}

/** Bytes of a text without a rule: the names in requests of the health and the reflection service. */
export const defaultTextBytes = 4 * 1024;

/** Elements of a list without a rule. No request of Bourse's own has one. */
export const defaultListItems = 1_000;

/** Bounds of fields that have no rules in their protos. */
const statedBounds: Readonly<Record<string, FieldBounds>> = {
  // Not Bourse's own. UpdateProduct takes fewer, and says so itself; a path of several levels is far shorter.
  "google.protobuf.FieldMask.paths": { maxItems: 1_000, maxBytes: 256 },
  // Not Bourse's own. Three letters, with rules in the messages that have it.
  "google.type.Money.currency_code": { maxItems: undefined, maxBytes: 64 },
  // A rule would be checked for each of the quotes that are published; the intake refuses what is no instrument.
  "bourse.quote.v1.Quote.symbol": { maxItems: undefined, maxBytes: 256 },
};

const maxBytesPerCharacter = 4;
const uuidBytes = 36;

/** The bounds of a field, by its rules in the proto, or as they are stated here. */
export function boundsOf(field: DescField): FieldBounds {
  const stated = statedBounds[`${field.parent.typeName}.${field.name}`];
  if (stated !== undefined) return stated;
  const rules = getOption(field, fieldRules);
  if (field.fieldKind !== "list") return { maxItems: undefined, maxBytes: maxBytesOf(rules) };
  const { value } = rules.type.case === "repeated" ? rules.type : { value: undefined };
  return {
    maxItems: value?.maxItems ? Number(value.maxItems) : undefined,
    maxBytes: value?.items && maxBytesOf(value.items),
  };
}

/** Whether a field needs a bound and has none: a list of anything, a map, text or bytes. */
export function isUnbounded(field: DescField): boolean {
  const { maxBytes, maxItems } = boundsOf(field);
  if (field.fieldKind === "map") return true;
  if (field.fieldKind === "list") return maxItems === undefined || (hasLength(field) && maxBytes === undefined);
  return hasLength(field) && maxBytes === undefined;
}

/** Whether the values of a field, or of a list, are texts or bytes. */
export function hasLength({ scalar }: DescField): boolean {
  return scalar === ScalarType.STRING || scalar === ScalarType.BYTES;
}

function maxBytesOf({ type }: FieldRules): number | undefined {
  if (type.case === "bytes") return smallest(type.value.maxLen, type.value.len);
  if (type.case !== "string") return undefined;
  const { maxBytes, maxLen, uuid } = type.value;
  if (uuid) return uuidBytes;
  return smallest(maxBytes, maxLen * BigInt(maxBytesPerCharacter));
}

/** The smallest of the numbers that are set; 0 is what a rule has that is not. */
function smallest(...numbers: readonly bigint[]): number | undefined {
  const set = numbers.filter((number) => number > 0n).map(Number);
  return set.length === 0 ? undefined : Math.min(...set);
}
