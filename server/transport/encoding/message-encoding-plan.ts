import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  protoInt64,
  ScalarType,
} from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import {
  Edition,
  FeatureSet_FieldPresence,
  isWrapperDesc,
  type ListValue,
  type NullValue,
  type Struct,
  type Value,
} from "@bufbuild/protobuf/wkt";
import type { ByteSink } from "./byte-sink.ts";
import { type LengthGuess, wireTypeOfScalar } from "./protobuf-wire-format.ts";

/** The plan by which the messages of one type are encoded. */
export interface MessagePlan {
  readonly desc: DescMessage;
  /** In the order of their numbers, in which they are written. */
  readonly fields: FieldPlan[];
  /** Whether only own properties are set fields, because `create` gives a message a prototype with default values. */
  readonly ownOnly: boolean;
  /** The field with the lowest number, for the error about a message of another type. */
  readonly first: DescField | undefined;
  /** Writes the fields of messages that `create` made. Undefined until the first message. */
  compiled: CompiledFields | undefined;
}

/** Writes the fields of a message. Returns false, and writes nothing, if `create` has not made the message. */
export type CompiledFields = (message: Message, sink: ByteSink) => boolean;

/** The type and the label of a field, with which a value is written without a tag. */
export interface ScalarField {
  readonly scalar: ScalarType;
  /** The names of message and field, for errors. */
  readonly label: string;
}

export type FieldPlan = ScalarFieldPlan | MessageFieldPlan;

/** A field of scalars or enums: a single one, a list, or the values of a map. */
export interface ScalarFieldPlan extends FieldPlanBase, ScalarField {
  readonly child: undefined;
}

/** A field of messages: a single one, a list, or the values of a map. */
export interface MessageFieldPlan extends FieldPlanBase {
  readonly scalar: undefined;
  readonly child: MessagePlan;
}

interface FieldPlanBase extends LengthGuess {
  readonly name: string;
  readonly label: string;
  readonly kind: "single" | "list" | "map";
  /** The property of the oneof that it is in, if any. */
  readonly oneof: string | undefined;
  /** The number and the wire type; for packed lists, maps and messages that of the whole. */
  readonly tag: number;
  /** Whether it is not written if it has its zero value. */
  readonly implicit: boolean;
  /** The zero value of an enum; undefined for other types. */
  readonly enumZero: number | undefined;
  /** The error message if it is missing; undefined if it is optional. */
  readonly missing: string | undefined;
  readonly packed: boolean;
  /** Whether messages are written between a start tag and an end tag. */
  readonly delimited: boolean;
  readonly toMessage: ((local: unknown) => Message) | undefined;
  readonly key: MapKeyPlan | undefined;
}

interface MapKeyPlan extends ScalarField {
  readonly tag: number;
  readonly valueTag: number;
  readonly parse: (key: string) => unknown;
}

const plans = new WeakMap<DescMessage, MessagePlan>();

/** Returns the plan of a type, made on first use. */
export function messagePlan(desc: DescMessage): MessagePlan {
  const known = plans.get(desc);
  if (known !== undefined) return known;
  const sorted = desc.fields.toSorted((a, b) => a.number - b.number);
  const ownOnly = hasDefaultsInPrototype(desc);
  const plan: MessagePlan = { desc, fields: [], ownOnly, first: sorted[0], compiled: undefined };
  plans.set(desc, plan); // before its fields, which may have messages of the same type
  plan.fields.push(...sorted.map(fieldPlan));
  return plan;
}

function hasDefaultsInPrototype(desc: DescMessage): boolean {
  if (desc.file.edition === Edition.EDITION_PROTO3) return false;
  return desc.fields.some((field) => {
    const isScalar = field.fieldKind === "scalar" || field.fieldKind === "enum";
    return isScalar && field.oneof === undefined && field.presence !== FeatureSet_FieldPresence.IMPLICIT;
  });
}

function fieldPlan(field: DescField): FieldPlan {
  const base = {
    name: field.localName,
    label: `${field.parent.typeName}.${field.name}`,
    kind: field.fieldKind === "list" || field.fieldKind === "map" ? field.fieldKind : ("single" as const),
    oneof: field.oneof?.localName,
    tag: ((field.number << 3) | wireTypeOf(field)) >>> 0,
    implicit: field.presence === FeatureSet_FieldPresence.IMPLICIT,
    enumZero: field.enum?.values[0]?.number,
    missing: missingError(field),
    packed: field.fieldKind === "list" && field.packed,
    delimited: isDelimited(field),
    toMessage: localToMessage(field),
    key: field.fieldKind === "map" ? mapKeyPlan(field, `${field.parent.typeName}.${field.name}`) : undefined,
    lengthBytes: 1,
  };
  if (field.message !== undefined) return { ...base, scalar: undefined, child: messagePlan(field.message) };
  return { ...base, scalar: scalarOf(field), child: undefined };
}

function missingError(field: DescField): string | undefined {
  if (field.presence !== FeatureSet_FieldPresence.LEGACY_REQUIRED || field.oneof !== undefined) return undefined;
  return `cannot encode ${field} to binary: required field not set`;
}

function mapKeyPlan(field: DescField & { fieldKind: "map" }, label: string): MapKeyPlan {
  const value = field.message === undefined ? wireTypeOfScalar(scalarOf(field)) : WireType.LengthDelimited;
  return {
    scalar: field.mapKey,
    label,
    tag: (1 << 3) | wireTypeOfScalar(field.mapKey),
    valueTag: (2 << 3) | value,
    parse: mapKeyParser(field.mapKey),
  };
}

function isDelimited(field: DescField): boolean {
  const isMessage = field.fieldKind === "message" || (field.fieldKind === "list" && field.listKind === "message");
  return isMessage && field.delimitedEncoding;
}

function wireTypeOf(field: DescField): WireType {
  if (isDelimited(field)) return WireType.StartGroup;
  if (field.message !== undefined || field.fieldKind === "map") return WireType.LengthDelimited;
  if (field.fieldKind === "list" && field.packed) return WireType.LengthDelimited;
  return wireTypeOfScalar(scalarOf(field));
}

function scalarOf(field: DescField): ScalarType {
  return field.scalar ?? ScalarType.INT32; // enums are written as INT32
}

/**
 * Returns a function that makes a message of the value of a field: protobuf-es represents a singular wrapper by its bare
 * value, and a Struct by JSON. Returns undefined for all other fields, whose values are messages.
 */
export function localToMessage(field: DescField): ((local: unknown) => Message) | undefined {
  const desc = field.message;
  if (desc === undefined) return undefined;
  if (desc.typeName === "google.protobuf.Struct" && field.parent.typeName !== "google.protobuf.Value") {
    return (local) => structMessage(local);
  }
  const wrapped = desc.fields[0];
  if (wrapped === undefined || field.fieldKind !== "message" || field.oneof !== undefined || !isWrapperDesc(desc)) {
    return undefined;
  }
  return (local) => ({ $typeName: desc.typeName, [wrapped.localName]: local });
}

function structMessage(json: unknown): Struct {
  const isJsonObject = typeof json === "object" && json !== null && !Array.isArray(json);
  const entries = isJsonObject ? Object.entries(json as JsonObject) : [];
  const fields = Object.fromEntries(entries.map(([key, value]) => [key, valueMessage(value)]));
  return { $typeName: "google.protobuf.Struct", fields };
}

function valueMessage(json: JsonValue): Value {
  return { $typeName: "google.protobuf.Value", kind: kindOf(json) };
}

function kindOf(json: JsonValue): Value["kind"] {
  switch (typeof json) {
    case "number":
      return { case: "numberValue", value: json };
    case "string":
      return { case: "stringValue", value: json };
    case "boolean":
      return { case: "boolValue", value: json };
    case "object":
      if (json === null) return { case: "nullValue", value: nullValue };
      return Array.isArray(json)
        ? { case: "listValue", value: listMessage(json) }
        : { case: "structValue", value: structMessage(json) };
    default:
      return { case: undefined }; // not JSON, but toBinary accepts it
  }
}

function listMessage(json: JsonValue[]): ListValue {
  return { $typeName: "google.protobuf.ListValue", values: json.map(valueMessage) };
}

const nullValue: NullValue = 0;

/**
 * Returns a function that parses the key of a map, which is text in the message. It returns a malformed key unchanged;
 * the encoder then throws when it writes the key.
 */
export function mapKeyParser(type: ScalarType): (key: string) => unknown {
  switch (type) {
    case ScalarType.STRING:
      return (key) => key;
    case ScalarType.BOOL:
      return (key) => (key === "true" ? true : key === "false" ? false : key);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return orText((key) => protoInt64.uParse(key));
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return orText((key) => protoInt64.parse(key));
    default:
      return (key) => {
        const number = Number.parseInt(key, 10);
        return Number.isFinite(number) ? number : key;
      };
  }
}

function orText(parse: (key: string) => unknown): (key: string) => unknown {
  return (key) => {
    try {
      return parse(key);
    } catch {
      return key;
    }
  };
}
