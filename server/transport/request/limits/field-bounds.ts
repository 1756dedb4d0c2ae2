import { create, type DescField, getOption, ScalarType } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type FieldRules, field as fieldRules } from "../../../../gen/buf/validate/validate_pb.ts";
import { BadRequestSchema } from "../../../../gen/google/rpc/error_details_pb.ts";
import { LimitError } from "../../protection/limit-error.ts";

/** The bounds of a field. An undefined bound does not apply to the type of the field, or has no rule. */
export interface FieldBounds {
  /** The maximum size of a string or of bytes, or of each element of a list of them, in bytes. */
  readonly maxBytes: number | undefined;
  /** The maximum number of elements of a list. */
  readonly maxItems: number | undefined;
}

/**
 * The maximum size of a text without a rule, in bytes, such as a name in a request of the health or the reflection
 * service.
 */
export const defaultTextBytes = 4 * 1024;

/** The maximum number of elements of a list or a map without a rule. */
export const defaultListItems = 1_000;

/**
 * The maximum number of fields of one request, the elements of its lists included. A watch of all 10,000 instruments
 * whose commands name them six times has 70,000. Each takes half a microsecond to decode, even if it is unknown.
 */
export const maxRequestFields = 100_000;

/**
 * The size in bytes up to which messages are not scanned: they have too few fields to take more than some milliseconds
 * to decode and validate.
 */
export const unscannedBytes = 16 * 1024;

/** Bounds of types that other projects define without rules. */
const knownBounds: Readonly<Record<string, FieldBounds>> = {
  // UpdateProduct accepts fewer. A path of several levels is far shorter.
  "google.protobuf.FieldMask.paths": { maxItems: 1_000, maxBytes: 256 },
  // A currency code has three letters, which each service that uses Money checks. This bound only limits the size of a
  // request.
  "google.type.Money.currency_code": { maxItems: undefined, maxBytes: 64 },
};

const maxBytesPerCharacter = 4;
const uuidBytes = 36;

/** Returns the bounds of a field by its rules in the proto: https://github.com/bufbuild/protovalidate */
export function boundsOf(field: DescField): FieldBounds {
  const known = knownBounds[`${field.parent.typeName}.${field.name}`];
  if (known !== undefined) return known;
  const rules = getOption(field, fieldRules);
  if (field.fieldKind !== "list") return { maxItems: undefined, maxBytes: maxBytesOf(rules) };
  const { value } = rules.type.case === "repeated" ? rules.type : { value: undefined };
  return {
    maxItems: value?.maxItems ? Number(value.maxItems) : undefined,
    maxBytes: value?.items && maxBytesOf(value.items),
  };
}

/** Returns the maximum number of elements of a list or of a map. */
export function maxElementsOf(field: DescField): number {
  return boundsOf(field).maxItems ?? defaultListItems;
}

/** Whether the values of a field, or the elements of a list, are texts or bytes. */
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

/** Returns the smallest of the numbers that are set: a rule that is not set is 0. */
function smallest(...numbers: readonly bigint[]): number | undefined {
  const set = numbers.filter((number) => number > 0n).map(Number);
  return set.length === 0 ? undefined : Math.min(...set);
}

/** Makes the error about a field that exceeds a bound: INVALID_ARGUMENT with a `google.rpc.BadRequest`. */
export function invalidField(path: string, problem: string): ConnectError {
  const description = `${path}: ${problem}`;
  const value = create(BadRequestSchema, { fieldViolations: [{ field: path, description }] });
  return new ConnectError(description, Code.InvalidArgument, undefined, [{ desc: BadRequestSchema, value }]);
}

/** Makes the error about a list with too many elements. */
export function tooManyElements(path: string, found: number, max: number): ConnectError {
  const [counted, limit] = [found, max].map((number) => number.toLocaleString("en-US"));
  return invalidField(path, `has at least ${counted} elements; the limit is ${limit}: send fewer`);
}

/** Makes the error about a message with more than {@link maxRequestFields}. */
export function tooManyFields(found: number): LimitError {
  const [counted, limit] = [found, maxRequestFields].map((number) => number.toLocaleString("en-US"));
  return new LimitError(
    { name: "maxRequestFields", value: maxRequestFields },
    `the message has at least ${counted} fields and elements; the limit is ${limit}: send several smaller messages`,
  );
}
