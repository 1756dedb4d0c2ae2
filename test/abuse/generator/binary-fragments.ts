import { type DescField, type DescMessage, type DescOneof, ScalarType } from "@bufbuild/protobuf";
import { mapEntry, recursionOf } from "./field-path.ts";
import { edgeValues, oddTexts, oddVarints, textFillings, wireTypeOf } from "./hostile-values.ts";
import { deep, type Fragment, large, small, unparsable } from "./shape.ts";
import {
  filled,
  filledField,
  lengthDelimited,
  maxPrefixBytes,
  nestedGroups,
  nestedMessages,
  tag,
  varint,
  varintField,
  wireTypes,
} from "./wire-writer.ts";

const maxFieldNumber = 2 ** 29 - 1;

/** Deeper than the nesting limit of messages, but small enough for the size limit. */
const groupDepth = 10_000;

/** The fragments for any message: unknown fields, groups, and bytes that are not a message. */
export function messageFragments(message: DescMessage): Fragment[] {
  const unknown = unusedNumber(message);
  const emptyGroup = Buffer.concat([tag(unknown, wireTypes.startGroup), tag(unknown, wireTypes.endGroup)]);
  const many = (pattern: Buffer) => (maxBytes: number) => filled(pattern, maxBytes);
  return [
    large("unknown varints", many(varintField(unknown, 0))),
    large("unknown varints of 10 bytes", many(varintField(unknown, 2n ** 64n - 1n))),
    large("unknown empty strings", many(lengthDelimited(unknown, Buffer.of()))),
    large("unknown fixed32", many(Buffer.concat([tag(unknown, wireTypes.fixed32), Buffer.alloc(4)]))),
    large("unknown empty groups", many(emptyGroup)),
    large("unknown fields of the largest number", many(varintField(maxFieldNumber, 0))),
    large("one unknown field", (maxBytes) => filledField(unknown, Buffer.of(0), maxBytes)),
    large("unknown fields in a group", (maxBytes) => {
      const inside = filled(varintField(unknown, 0), maxBytes - 2 * maxTagBytes);
      return Buffer.concat([tag(unknown, wireTypes.startGroup), inside, tag(unknown, wireTypes.endGroup)]);
    }),
    deep("groups in groups", () => nestedGroups(unknown, groupDepth, true)),
    deep("unclosed groups", () => nestedGroups(unknown, groupDepth, false)),
    {
      ...large("unclosed groups, many", (maxBytes) => filled(tag(unknown, wireTypes.startGroup), maxBytes)),
      isUnparsable: true,
    },
    large("unknown messages in messages", (maxBytes) => nestedMessages([unknown], maxBytes)),
    unparsable("end of a group without a start", tag(unknown, wireTypes.endGroup)),
    unparsable("field number 0", varintField(0, 0)),
    unparsable("wire type 6", tag(unknown, 6)),
    unparsable("wire type 7", tag(unknown, 7)),
    unparsable("overlong tag", Buffer.concat([varint(unknown << 3, 10), Buffer.of(0)])),
    unparsable("tag beyond 32 bits", Buffer.concat([varint(2n ** 35n), Buffer.of(0)])),
    unparsable("tag that does not end", oddVarints.tooLong),
    unparsable("unfinished tag", oddVarints.unfinished),
    unparsable("length beyond the message", Buffer.concat([tag(unknown, wireTypes.lengthDelimited), varint(1_000)])),
    unparsable("length of -1", Buffer.concat([tag(unknown, wireTypes.lengthDelimited), varint(2n ** 64n - 1n)])),
    unparsable("length of 2 GiB", Buffer.concat([tag(unknown, wireTypes.lengthDelimited), varint(2 ** 31)])),
    ...message.oneofs.filter(({ fields }) => fields.length > 1).map(alternatingOneof),
    ...recursion(message),
  ];
}

/** The fragments for one field, as bytes of its message. */
export function fieldFragments(field: DescField): Fragment[] {
  return [...wrongWireTypes(field), ...byKind(field)];
}

const maxTagBytes = 5;

function byKind(field: DescField): Fragment[] {
  switch (field.fieldKind) {
    case "scalar":
      return [...scalarFragments(field.number, field.scalar), setMany(field.number, field.scalar)];
    case "enum":
      return [...scalarFragments(field.number, ScalarType.INT32), setMany(field.number, ScalarType.INT32)];
    case "message":
      return [
        large("empty, set many times", (maxBytes) => filled(lengthDelimited(field.number, Buffer.of()), maxBytes)),
        large("set many times", (maxBytes) => filled(lengthDelimited(field.number, oneField(field.message)), maxBytes)),
      ];
    case "list":
      return listFragments(field);
    case "map":
      return mapFragments(field);
  }
}

function scalarFragments(fieldNumber: number, scalar: ScalarType): Fragment[] {
  if (scalar === ScalarType.STRING) return textFragments(fieldNumber);
  if (scalar === ScalarType.BYTES) {
    return [
      large("bytes", (maxBytes) => filledField(fieldNumber, Buffer.of(0xff), maxBytes)),
      small("no bytes", lengthDelimited(fieldNumber, Buffer.of())),
    ];
  }
  const start = tag(fieldNumber, wireTypeOf(scalar));
  const edges = edgeValues(scalar).map(({ name, bytes }) => small(name, Buffer.concat([start, bytes])));
  if (wireTypeOf(scalar) !== wireTypes.varint) return edges;
  return [
    ...edges,
    unparsable("overlong varint", Buffer.concat([start, oddVarints.overlong])),
    unparsable("varint that does not end", Buffer.concat([start, oddVarints.tooLong])),
    unparsable("unfinished varint", Buffer.concat([start, oddVarints.unfinished])),
  ];
}

function textFragments(fieldNumber: number): Fragment[] {
  return [
    ...textFillings.map(({ name, bytes, isUtf8 }) => ({
      ...large(name, (maxBytes: number) => filledField(fieldNumber, bytes, maxBytes)),
      isUnparsable: !isUtf8,
    })),
    ...oddTexts.map((text) => small(JSON.stringify(text), lengthDelimited(fieldNumber, Buffer.from(text)))),
    unparsable("half a character", lengthDelimited(fieldNumber, Buffer.of(0xf0, 0x9f))),
  ];
}

/** A singular field that occurs many times. The last occurrence counts. */
function setMany(fieldNumber: number, scalar: ScalarType): Fragment {
  return large("set many times", (maxBytes) => filled(zeroField(fieldNumber, scalar), maxBytes));
}

function listFragments(field: DescField & { fieldKind: "list" }): Fragment[] {
  const { number: fieldNumber } = field;
  const many = (name: string, pattern: Buffer) => large(name, (maxBytes) => filled(pattern, maxBytes));
  if (field.listKind === "message") {
    return [
      many("empty messages", lengthDelimited(fieldNumber, Buffer.of())),
      many("messages with a field", lengthDelimited(fieldNumber, oneField(field.message))),
      many("messages with an unknown field", lengthDelimited(fieldNumber, varintField(unusedNumber(field.message), 0))),
    ];
  }
  const scalar = field.listKind === "enum" ? ScalarType.INT32 : field.scalar;
  if (scalar === ScalarType.STRING || scalar === ScalarType.BYTES) {
    return [
      many("empty strings", lengthDelimited(fieldNumber, Buffer.of())),
      many("strings of one letter", lengthDelimited(fieldNumber, Buffer.from("a"))),
      many("wildcards", lengthDelimited(fieldNumber, Buffer.from("*"))),
      many("strings of 64 letters", lengthDelimited(fieldNumber, Buffer.alloc(64, "a"))),
      large("different strings", (maxBytes) =>
        upTo(maxBytes, (index) => lengthDelimited(fieldNumber, Buffer.from(index.toString(36)))),
      ),
      ...scalarFragments(fieldNumber, scalar),
    ];
  }
  const zero = Buffer.alloc(wireTypeOf(scalar) === wireTypes.varint ? 1 : zeroField(1, scalar).length - 1);
  return [
    many("zeros", zeroField(fieldNumber, scalar)),
    large("packed zeros", (maxBytes) => filledField(fieldNumber, zero, maxBytes)),
    large("packed zeros and ones", (maxBytes) =>
      filledField(fieldNumber, Buffer.concat([zero, Buffer.alloc(zero.length, 1)]), maxBytes),
    ),
    many("empty packed fields", lengthDelimited(fieldNumber, Buffer.of())),
    ...edgeValues(scalar).map(({ name, bytes }) =>
      large(`packed ${name}`, (maxBytes) => filledField(fieldNumber, bytes, maxBytes)),
    ),
    ...scalarFragments(fieldNumber, scalar),
  ];
}

function mapFragments(field: DescField & { fieldKind: "map" }): Fragment[] {
  const { number: fieldNumber, mapKey } = field;
  const none = Buffer.of();
  const isText = mapKey === ScalarType.STRING;
  const key = (index: number) =>
    isText
      ? lengthDelimited(1, Buffer.from(String(index)))
      : Buffer.concat([tag(1, wireTypeOf(mapKey)), keyBytes(mapKey, index)]);
  return [
    large("empty entries", (maxBytes) => filled(lengthDelimited(fieldNumber, none), maxBytes)),
    large("equal keys", (maxBytes) => filled(mapEntry(fieldNumber, key(1), none), maxBytes)),
    large("different keys", (maxBytes) => upTo(maxBytes, (index) => mapEntry(fieldNumber, key(index), none))),
    ...(isText
      ? ["__proto__", "constructor", ""].map((text) =>
          small(`key ${JSON.stringify(text)}`, mapEntry(fieldNumber, lengthDelimited(1, Buffer.from(text)), none)),
        )
      : []),
  ];
}

function keyBytes(scalar: ScalarType, index: number): Buffer {
  if (wireTypeOf(scalar) === wireTypes.varint) return varint(index);
  const bytes = Buffer.alloc(wireTypeOf(scalar) === wireTypes.fixed64 ? 8 : 4);
  bytes.writeUInt32LE(index);
  return bytes;
}

/** Alternating members of a oneof. Each replaces the previous one. */
function alternatingOneof({ name, fields }: DescOneof): Fragment {
  const turn = Buffer.concat(
    fields.map((field) =>
      field.fieldKind === "scalar"
        ? zeroField(field.number, field.scalar)
        : field.fieldKind === "enum"
          ? varintField(field.number, 0)
          : lengthDelimited(field.number, Buffer.of()),
    ),
  );
  return large(`members of ${name}, alternating`, (maxBytes) => filled(turn, maxBytes));
}

function recursion(message: DescMessage): Fragment[] {
  const numbers = recursionOf(message);
  if (numbers === undefined) return [];
  return [
    deep("within itself, 10,000 deep", () => nestedMessages(numbers, maxPrefixBytes * groupDepth, groupDepth)),
    { ...large("within itself", (maxBytes) => nestedMessages(numbers, maxBytes)), isUnparsable: true },
  ];
}

/** The field with a wrong wire type. */
function wrongWireTypes(field: DescField): Fragment[] {
  return [
    unparsable("as a varint", varintField(field.number, 1)),
    unparsable("as fixed64", Buffer.concat([tag(field.number, wireTypes.fixed64), Buffer.alloc(8, 1)])),
    unparsable("as bytes", lengthDelimited(field.number, Buffer.of(0xff, 0xff))),
    unparsable("as an empty group", nestedGroups(field.number, 1, true)),
  ];
}

function zeroField(fieldNumber: number, scalar: ScalarType): Buffer {
  const wireType = wireTypeOf(scalar);
  const length = { [wireTypes.fixed64]: 8, [wireTypes.fixed32]: 4 }[wireType] ?? 1;
  return Buffer.concat([tag(fieldNumber, wireType), Buffer.alloc(length)]);
}

/** Encodes the first field of a message with its zero value. Returns no bytes if the message has no fields. */
function oneField({ fields: [first] }: DescMessage): Buffer {
  if (first === undefined) return Buffer.of();
  const scalar =
    first.fieldKind === "scalar" ? first.scalar : first.fieldKind === "enum" ? ScalarType.INT32 : undefined;
  return scalar === undefined ? lengthDelimited(first.number, Buffer.of()) : zeroField(first.number, scalar);
}

/** Returns the unused field number of the message with the shortest tag. */
function unusedNumber({ fields }: DescMessage): number {
  const used = new Set(fields.map((field) => field.number));
  for (let candidate = 15; candidate > 0; candidate--) if (!used.has(candidate)) return candidate;
  return 2_000;
}

/** As many different fields as fit, at most {@link maxDistinct}, so that creating them is cheaper than parsing them. */
function upTo(maxBytes: number, field: (index: number) => Buffer): Buffer {
  const fields: Buffer[] = [];
  let bytes = 0;
  for (let index = 0; index < maxDistinct; index++) {
    const next = field(index);
    bytes += next.length;
    if (bytes > maxBytes) break;
    fields.push(next);
  }
  return Buffer.concat(fields);
}

const maxDistinct = 50_000;
