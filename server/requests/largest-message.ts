import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { boundsOf, defaultListItems, defaultTextBytes, hasLength } from "./field-bounds.ts";

/**
 * The bytes of the largest message of a type that the rules in its proto allow, in protobuf: each list, text and bytes
 * full, every number as long as it can be, and the largest field of each oneof. Infinity if a type contains itself.
 */
export function largestMessageBytes(type: DescMessage): number {
  return bytesOfMessage(type, new Set());
}

/** @param within the types that the message is part of */
function bytesOfMessage(type: DescMessage, within: ReadonlySet<DescMessage>): number {
  if (within.has(type)) return Number.POSITIVE_INFINITY;
  const inside = new Set(within).add(type);
  let bytes = 0;
  for (const member of type.members) {
    if (member.kind === "field") bytes += bytesOfField(member, inside);
    else bytes += Math.max(0, ...member.fields.map((field) => bytesOfField(field, inside)));
  }
  return bytes;
}

function bytesOfField(field: DescField, within: ReadonlySet<DescMessage>): number {
  const { maxItems = defaultListItems } = boundsOf(field);
  const tag = varintBytes(field.number * 8);
  switch (field.fieldKind) {
    case "list":
      return maxItems * (tag + bytesOfValue(field, within));
    case "map": {
      const key = tag + bytesOfScalar(field.mapKey, defaultTextBytes);
      return maxItems * (tag + withLength(key + tag + bytesOfValue(field, within)));
    }
    default:
      return tag + bytesOfValue(field, within);
  }
}

function bytesOfValue(field: DescField, within: ReadonlySet<DescMessage>): number {
  if (field.message !== undefined) return withLength(bytesOfMessage(field.message, within));
  if (field.scalar === undefined) return maxVarintBytes;
  const { maxBytes = defaultTextBytes } = boundsOf(field);
  return bytesOfScalar(field.scalar, hasLength(field) ? maxBytes : 0);
}

const maxVarintBytes = 10;

function bytesOfScalar(type: ScalarType, maxBytes: number): number {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return withLength(maxBytes);
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 8;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
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
  for (let left = value; left >= 128; left = Math.floor(left / 128)) bytes++;
  return bytes;
}
