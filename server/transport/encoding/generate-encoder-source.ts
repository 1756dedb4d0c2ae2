import { ScalarType } from "@bufbuild/protobuf";
import type { FieldPlan, MessagePlan, ScalarFieldPlan } from "./message-encoding-plan.ts";
import { tagAndVarintBytes } from "./protobuf-wire-format.ts";

/**
 * Returns the source of a function that writes the fields of `message` to `sink`, and returns false if `create` has not
 * made the message. It uses the plans in `fields` and the writers that are in scope when it is compiled. Names come from
 * descriptors and are quoted; all other text is fixed. docs/decisions/0008-compiled-encoders.md
 */
export function generateEncoderSource({ desc, fields, ownOnly }: MessagePlan): string {
  const lines = [
    '"use strict";',
    ...fields.map((_, index) => `const f${index} = fields[${index}];`),
    "return (message, sink) => {",
    `if (getPrototypeOf(message) !== prototype || message.$typeName !== ${quote(desc.typeName)}) return false;`,
    "let value; let offset = sink.position;",
  ];
  for (const [index, field] of fields.entries()) {
    const property = field.oneof ?? field.name;
    lines.push(`value = message[${quote(property)}];`);
    if (field.oneof !== undefined) {
      const same = `value.case === ${quote(field.name)}`;
      lines.push(`if (${same}) { value = value.value; ${writeField(field, index)} }`);
      continue;
    }
    const isOwn = ownOnly ? ` && hasOwn.call(message, ${quote(property)})` : "";
    const present = field.implicit ? isSet(field, index) : `value !== undefined${isOwn}`;
    const orThrow = field.missing === undefined ? "" : ` else throw new Error(${quote(field.missing)});`;
    lines.push(`if (${present}) { ${writeField(field, index)} }${orThrow}`);
  }
  lines.push("sink.position = offset;", "putUnknown(message.$unknown, sink);", "return true;", "};");
  return lines.join("\n");
}

function writeField(field: FieldPlan, index: number): string {
  if (field.kind === "list") return fromPosition(`putList(f${index}, value, sink);`);
  if (field.kind === "map") return fromPosition(`putMap(f${index}, value, sink);`);
  if (field.scalar === undefined) return fromPosition(`putChild(f${index}, f${index}.tag, value, sink);`);
  const tag = tagBytes(field.tag)
    .map((byte) => `buffer[offset++] = ${byte};`)
    .join(" ");
  const tagged = `sink.ensureAt(offset, ${tagAndVarintBytes}); const buffer = sink.buffer; ${tag}`;
  return `${tagged} offset = ${writerOf(field.scalar)}(f${index}, value, sink, offset);`;
}

/** A call of a writer that starts at `sink.position`. */
function fromPosition(call: string): string {
  return `sink.position = offset; ${call} offset = sink.position;`;
}

function writerOf(scalar: ScalarType): string {
  switch (scalar) {
    case ScalarType.DOUBLE:
      return "putDouble";
    case ScalarType.INT32:
      return "putInt32";
    case ScalarType.INT64:
      return "putInt64";
    case ScalarType.STRING:
      return "putString";
    default:
      return "putScalar";
  }
}

function isSet(field: FieldPlan, index: number): string {
  if (field.kind !== "single" || field.scalar === undefined) return "true";
  const otherwise = `!isZeroValue(f${index}, value)`;
  return zeroTest(field)?.(otherwise) ?? otherwise;
}

/** Tests the usual type first, so that V8 sees one type at each access. */
function zeroTest({ scalar, enumZero }: ScalarFieldPlan): ((otherwise: string) => string) | undefined {
  if (enumZero !== undefined) return () => `value !== ${enumZero}`;
  switch (scalar) {
    case ScalarType.STRING:
      return () => 'value !== ""';
    case ScalarType.BOOL:
      return () => "value !== false";
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.UINT32:
      return (otherwise) => `(typeof value === "number" ? value !== 0 : ${otherwise})`;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
      return (otherwise) => `(typeof value === "bigint" ? !!value : ${otherwise})`;
    default:
      return undefined;
  }
}

function tagBytes(tag: number): number[] {
  const bytes: number[] = [];
  let rest = tag;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function quote(text: string): string {
  return JSON.stringify(text);
}
