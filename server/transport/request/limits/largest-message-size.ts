import type { DescField, DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { maxVarintBytes, wireTypeOfScalar } from "../../encoding/protobuf-wire-format.ts";
import { boundsOf, defaultListItems, defaultTextBytes, hasLength } from "./field-bounds.ts";

/**
 * The maximum sizes of texts whose fields have no rule, in bytes, by the full name of the field, as in
 * `a.b.Message.field`.
 */
export type TextBytes = Readonly<Record<string, number>>;

/**
 * Returns the bytes of the largest message of a type that the rules in its proto allow, in protobuf: each list, text and
 * bytes field full, every number of the greatest length, and the largest field of each oneof. Infinity if a type contains
 * itself.
 */
export function largestMessageBytes(type: DescMessage, textBytes: TextBytes = {}): number {
  return bytesOfMessage(type, { textBytes, parents: new Set() });
}

interface Scope {
  readonly textBytes: TextBytes;
  /** The types that the message is a part of. */
  readonly parents: ReadonlySet<DescMessage>;
}

function bytesOfMessage(type: DescMessage, { textBytes, parents }: Scope): number {
  if (parents.has(type)) return Number.POSITIVE_INFINITY;
  const inner = { textBytes, parents: new Set(parents).add(type) };
  let bytes = 0;
  for (const member of type.members) {
    if (member.kind === "field") bytes += bytesOfField(member, inner);
    else bytes += Math.max(0, ...member.fields.map((field) => bytesOfField(field, inner)));
  }
  return bytes;
}

function bytesOfField(field: DescField, scope: Scope): number {
  const { maxItems = defaultListItems } = boundsOf(field);
  const tag = varintBytes(field.number * 8);
  switch (field.fieldKind) {
    case "list":
      return maxItems * (tag + bytesOfValue(field, scope));
    case "map": {
      const key = tag + bytesOfScalar(field.mapKey, defaultTextBytes);
      return maxItems * (tag + withLength(key + tag + bytesOfValue(field, scope)));
    }
    default:
      return tag + bytesOfValue(field, scope);
  }
}

function bytesOfValue(field: DescField, scope: Scope): number {
  if (field.message !== undefined) return withLength(bytesOfMessage(field.message, scope));
  if (field.scalar === undefined) return maxVarintBytes;
  const { maxBytes = scope.textBytes[`${field.parent.typeName}.${field.name}`] ?? defaultTextBytes } = boundsOf(field);
  return bytesOfScalar(field.scalar, hasLength(field) ? maxBytes : 0);
}

function bytesOfScalar(type: ScalarType, maxBytes: number): number {
  switch (wireTypeOfScalar(type)) {
    case WireType.LengthDelimited:
      return withLength(maxBytes);
    case WireType.Bit64:
      return 8;
    case WireType.Bit32:
      return 4;
    default:
      return maxVarintBytes;
  }
}

function withLength(bytes: number): number {
  return bytes === Number.POSITIVE_INFINITY ? bytes : varintBytes(bytes) + bytes;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
