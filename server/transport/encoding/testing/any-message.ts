import { create, type DescField, type DescMessage, type DescOneof, type Message, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

const maxDepth = 3;

type Values = Record<string, unknown>;

/** The options. `wild` values rarely replace valid ones, because one is enough for an error. */
export interface AnyMessageOptions {
  readonly wild?: fc.Arbitrary<unknown>;
}

/**
 * Generates messages of a type: with and without fields, with edge values of every type and with unknown fields. A
 * message is created with all properties, or its properties are set one after another in any order.
 */
export function anyMessage(desc: DescMessage, options: AnyMessageOptions = {}, depth = 0): fc.Arbitrary<Message> {
  const optional: Record<string, fc.Arbitrary<unknown>> = {};
  for (const member of desc.members) {
    const isTooDeep = depth >= maxDepth && messagesOf(member);
    if (!isTooDeep || isRequired(member))
      optional[member.localName] = orWild(anyMember(member, options, depth), options);
  }
  const required = desc.members.filter(isRequired).map((member) => member.localName);
  const values = fc.record(optional, { requiredKeys: required }) as fc.Arbitrary<Values>;
  const unknown = fc.option(anyUnknownFields, { nil: undefined, freq: 8 });
  return fc.tuple(values, unknown, fc.nat({ max: 5 })).map(([set, unknownFields, order]) => {
    const message = order > 0 ? create(desc, set as never) : assemble(desc, set);
    if (unknownFields !== undefined) message.$unknown = unknownFields;
    return message;
  });
}

function messagesOf(member: DescField | DescOneof): boolean {
  return member.kind === "oneof" ? member.fields.some(messagesOf) : member.message !== undefined;
}

// A message that requires one of the same type would be infinite: the field is left out, and encoding throws.
function isRequired(member: DescField | DescOneof): boolean {
  return member.kind === "field" && member.presence === 3 && member.message === undefined;
}

function assemble(desc: DescMessage, values: Values): Message {
  const message = create(desc);
  for (const [name, value] of Object.entries(values).reverse()) Object.assign(message, { [name]: value });
  return message;
}

function orWild(usual: fc.Arbitrary<unknown>, options: AnyMessageOptions): fc.Arbitrary<unknown> {
  if (options.wild === undefined) return usual;
  return fc.oneof({ weight: 15, arbitrary: usual }, { weight: 1, arbitrary: options.wild });
}

function anyMember(member: DescField | DescOneof, options: AnyMessageOptions, depth: number): fc.Arbitrary<unknown> {
  if (member.kind === "oneof") return anyOneof(member, options, depth);
  const value = orWild(anyValue(member, options, depth), options);
  switch (member.fieldKind) {
    case "list":
      return fc.array(value, { maxLength: 4 });
    case "map":
      return fc.dictionary(anyMapKey(member.mapKey, options), value, { maxKeys: 3 });
    default:
      return value;
  }
}

function anyOneof(oneof: DescOneof, options: AnyMessageOptions, depth: number): fc.Arbitrary<unknown> {
  const cases = oneof.fields.filter((field) => depth < maxDepth || field.message === undefined);
  const set = cases.map((field) =>
    fc.record({ case: fc.constant(field.localName), value: anyValue(field, options, depth) }),
  );
  return fc.oneof(fc.constant({ case: undefined }), ...set);
}

function anyValue(field: DescField, options: AnyMessageOptions, depth: number): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return anyLocalMessage(field, field.message, options, depth);
  if (field.enum !== undefined)
    return fc.oneof(fc.constantFrom(...field.enum.values.map((value) => value.number)), int32);
  return anyScalar(field.scalar as ScalarType);
}

function anyLocalMessage(field: DescField, desc: DescMessage, options: AnyMessageOptions, depth: number) {
  if (desc.typeName === "google.protobuf.Struct" && field.parent.typeName !== "google.protobuf.Value") {
    return fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 });
  }
  const wrapped = desc.fields[0];
  const isWrapped = field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(desc);
  if (isWrapped && wrapped !== undefined) return anyValue(wrapped, options, depth);
  if (depth >= maxDepth) return fc.constant(create(desc));
  return anyMessage(desc, options, depth + 1);
}

const int32 = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 127, 128, 16_383, 16_384, 2 ** 21, 2 ** 28, 2 ** 31 - 1, -(2 ** 31)),
  fc.integer(),
);
const uint32 = fc.oneof(fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32 - 1), fc.nat({ max: 2 ** 32 - 1 }));
const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 127n, 128n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const uint64 = fc.oneof(
  fc.constantFrom(0n, 127n, 128n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ minLength: 30, maxLength: 150 }),
  fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\ud800", "\udc00"), maxLength: 60 }),
);

function anyScalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.DOUBLE:
      return fc.double();
    case ScalarType.FLOAT:
      return fc.oneof(fc.float(), fc.constantFrom(0.1, 1e-50, -0));
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 200 });
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return uint32;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return int32;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return orOtherNotation(uint64);
    default:
      return orOtherNotation(int64);
  }
}

/** Generates the forms of a 64-bit integer in a message: a bigint, a string of digits, or a small number. */
function orOtherNotation(usual: fc.Arbitrary<bigint>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: usual }, usual.map(String), fc.nat());
}

function anyMapKey(type: ScalarType, options: AnyMessageOptions): fc.Arbitrary<string> {
  const usual = type === ScalarType.STRING ? text : anyScalar(type).map(String);
  return options.wild === undefined ? usual : fc.oneof({ weight: 9, arbitrary: usual }, fc.string({ maxLength: 3 }));
}

const anyUnknownFields = fc.array(
  fc.record({
    no: fc.integer({ min: 1, max: 2 ** 29 - 1 }),
    wireType: fc.constantFrom(0, 1, 2, 3, 5),
    data: fc.uint8Array({ maxLength: 12 }),
  }),
  { maxLength: 3 },
);
