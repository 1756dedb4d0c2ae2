import { type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { Edition, FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import type { ByteSink } from "./byte-sink.ts";
import type { LengthGuess } from "./length-prefix.ts";
import { localToMessage } from "./local-message.ts";
import { mapKeyOf } from "./map-key.ts";

/** How the messages of one type are encoded. */
export interface MessagePlan {
  readonly desc: DescMessage;
  /** In the order in which they are written: that of their numbers. */
  readonly fields: FieldPlan[];
  /** Whether only a message's own properties count, because create() gives it a prototype with default values. */
  readonly ownOnly: boolean;
  /** The field with the lowest number, which the error for a message of another type names. */
  readonly first: DescField | undefined;
  /** What writes the fields of messages that create() made, once it is compiled. */
  compiled: CompiledFields | undefined;
}

/** Writes a message's fields, or returns false and writes nothing where it cannot tell what it has. */
export type CompiledFields = (message: Message, sink: ByteSink) => boolean;

/** What it takes to write a value without a tag. */
export interface ScalarField {
  readonly scalar: ScalarType;
  /** Message and field, as errors name them. */
  readonly label: string;
}

export type FieldPlan = ScalarFieldPlan | MessageFieldPlan;

/** A field of scalars or enums: one, a list, or a map's values. */
export interface ScalarFieldPlan extends FieldPlanBase, ScalarField {
  readonly child: undefined;
}

/** A field of messages: one, a list, or a map's values. */
export interface MessageFieldPlan extends FieldPlanBase {
  readonly scalar: undefined;
  readonly child: MessagePlan;
}

interface FieldPlanBase extends LengthGuess {
  readonly name: string;
  readonly label: string;
  readonly kind: "single" | "list" | "map";
  /** The property of the oneof that it is in. */
  readonly oneof: string | undefined;
  /** Number and wire type; of packed lists, maps and messages that of the whole. */
  readonly tag: number;
  /** Whether it is left out where it has its zero value. */
  readonly implicit: boolean;
  /** An enum's zero value; `undefined` for what is no enum. */
  readonly enumZero: number | undefined;
  /** What is thrown where it is missing; `undefined` where it may be. */
  readonly missing: string | undefined;
  readonly packed: boolean;
  /** Whether messages stand between a start and an end tag. */
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

/** Compiles how messages of a type are encoded, once. */
export function messagePlan(desc: DescMessage): MessagePlan {
  const known = plans.get(desc);
  if (known !== undefined) return known;
  const sorted = desc.fields.toSorted((a, b) => a.number - b.number);
  const ownOnly = hasDefaultsInPrototype(desc);
  const plan: MessagePlan = { desc, fields: [], ownOnly, first: sorted[0], compiled: undefined };
  plans.set(desc, plan); // before its fields, which may hold messages of the same type
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
  const value = field.message === undefined ? scalarWireType(scalarOf(field)) : WireType.LengthDelimited;
  return {
    scalar: field.mapKey,
    label,
    tag: (1 << 3) | scalarWireType(field.mapKey),
    valueTag: (2 << 3) | value,
    parse: mapKeyOf(field.mapKey),
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
  return scalarWireType(scalarOf(field));
}

function scalarOf(field: DescField): ScalarType {
  return field.scalar ?? ScalarType.INT32; // enums are written as INT32
}

function scalarWireType(type: ScalarType): WireType {
  switch (type) {
    case ScalarType.BYTES:
    case ScalarType.STRING:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}
