import {
  create,
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type FieldRules, field as fieldRules } from "../../../gen/buf/validate/validate_pb.ts";

/** The size of a legal message, and its oneof members. */
export interface Filling {
  /** The maximum numbers of elements of a repeated field and of characters of a string. */
  readonly maxElements: number;
  readonly maxCharacters: number;
  /** The index of the member that is set in each oneof, modulo the number of members. */
  readonly member: number;
}

/** The maximum nesting depth. */
const maxDepth = 6;

/** The limits for fields without a validation rule. */
const unboundedElements = 100_000;
const unboundedCharacters = 100_000;

/**
 * Creates a message with as many elements and characters as `filling` and the validation rules permit. Ignores CEL
 * rules: the server rejects a message that violates them, at the same cost.
 */
export function legalMessage(desc: DescMessage, filling: Filling): Message {
  const message = reflect(desc, create(desc), false);
  fill(message, filling, 0);
  return message.message;
}

function fill(message: ReflectMessage, filling: Filling, depth: number): void {
  const known = knownMessages[message.desc.typeName];
  for (const field of message.desc.fields) {
    if (field.oneof !== undefined && field.oneof.fields[filling.member % field.oneof.fields.length] !== field) continue;
    const value = known?.[field.name] ?? legalValue(field, filling, depth);
    if (value !== undefined) setField(message, field, value);
  }
}

/** The values of messages without validation rules in their proto. */
const knownMessages: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "google.type.Money": { currency_code: "USD", units: 1n, nanos: 999_999_999 },
  "google.protobuf.Timestamp": { seconds: 1_700_000_000n, nanos: 999_999_999 },
  "google.protobuf.Duration": { seconds: 1n, nanos: 0 },
};

function setField(message: ReflectMessage, field: DescField, value: unknown): void {
  if (field.fieldKind !== "list") {
    message.set(field, value as never);
    return;
  }
  for (const element of value as unknown[]) message.get(field).add(element);
}

function legalValue(field: DescField, filling: Filling, depth: number): unknown {
  const rules = rulesOf(field);
  switch (field.fieldKind) {
    case "scalar":
      return scalarOf(field.scalar, rules, filling);
    case "enum":
      return enumOf(field);
    case "message":
      return depth < maxDepth ? nestedMessage(field.message, filling, depth) : undefined;
    case "list":
      return elementsOf(field, rules, filling, depth);
    case "map":
      return undefined;
  }
}

function nestedMessage(desc: DescMessage, filling: Filling, depth: number): ReflectMessage {
  const message = reflect(desc, create(desc), false);
  fill(message, filling, depth + 1);
  return message;
}

function elementsOf(
  field: DescField & { fieldKind: "list" },
  rules: FieldRules | undefined,
  filling: Filling,
  depth: number,
): unknown[] {
  const list = rules?.type.case === "repeated" ? rules.type.value : undefined;
  const count = Math.min(filling.maxElements, Number(list?.maxItems ?? unboundedElements));
  if (field.listKind === "message") {
    if (depth >= maxDepth) return [];
    const element = nestedMessage(field.message, filling, depth);
    return Array.from({ length: count }, () => element);
  }
  if (field.listKind === "enum")
    return list?.unique ? field.enum.values.slice(1).map(({ number }) => number) : Array(count).fill(enumOf(field));
  return Array(count).fill(scalarOf(field.scalar, list?.items, filling));
}

function enumOf({ enum: desc }: DescField & { enum: { values: readonly { number: number }[] } }): number {
  return desc.values.at(-1)?.number ?? 0;
}

function scalarOf(scalar: ScalarType, rules: FieldRules | undefined, filling: Filling): unknown {
  const rule = rules?.type;
  switch (scalar) {
    case ScalarType.STRING: {
      const text = rule?.case === "string" ? rule.value : undefined;
      if (text?.uuid) return "11111111-1111-4111-8111-111111111111";
      const most = Number((text?.maxBytes || text?.maxLen) ?? unboundedCharacters) || unboundedCharacters;
      return "*".repeat(Math.max(1, Math.min(filling.maxCharacters, most)));
    }
    case ScalarType.BYTES: {
      const bytes = rule?.case === "bytes" ? rule.value : undefined;
      const exact = Number(bytes?.len ?? 0);
      const most = Number(bytes?.maxLen ?? 0) || unboundedCharacters;
      return new Uint8Array(exact || Math.min(filling.maxCharacters, most));
    }
    case ScalarType.BOOL:
      return true;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return rule?.case === "int64" && rule.value.lte ? rule.value.lte : 1n;
    default:
      return largestOf(rule) ?? 1;
  }
}

function largestOf(rule: FieldRules["type"] | undefined): number | undefined {
  switch (rule?.case) {
    case "double":
    case "float":
    case "int32":
    case "sint32":
    case "uint32":
      return rule.value.lte || undefined;
    default:
      return undefined;
  }
}

function rulesOf(field: DescField): FieldRules | undefined {
  return hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
}
