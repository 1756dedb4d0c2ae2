import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { lengthDelimited, maxPrefixBytes, tag, varint, wireTypes } from "./wire-writer.ts";

/** A message type inside a request, with the fields that lead to it from the outside in. */
export interface MessagePath {
  readonly message: DescMessage;
  readonly parents: readonly DescField[];
}

/** Every message type that a message can hold, itself first, each by its shortest path. */
export function messagePaths(root: DescMessage): MessagePath[] {
  const paths: MessagePath[] = [{ message: root, parents: [] }];
  const visited = new Set([root.typeName]);
  for (const { message, parents } of paths) {
    for (const field of message.fields) {
      const child = messageOf(field);
      if (child === undefined || visited.has(child.typeName)) continue;
      visited.add(child.typeName);
      paths.push({ message: child, parents: [...parents, field] });
    }
  }
  return paths;
}

/** The message type of a field, of its elements, or of its map's values. */
export function messageOf(field: DescField): DescMessage | undefined {
  return field.message;
}

/** The field numbers by which a message type can hold itself, or nothing. */
export function recursionOf(message: DescMessage): number[] | undefined {
  const queue: { at: DescMessage; numbers: number[] }[] = [{ at: message, numbers: [] }];
  const visited = new Set<string>();
  for (const { at, numbers } of queue) {
    for (const field of at.fields) {
      const child = field.fieldKind === "map" ? undefined : messageOf(field);
      if (child === undefined) continue;
      if (child.typeName === message.typeName) return [...numbers, field.number];
      if (visited.has(child.typeName)) continue;
      visited.add(child.typeName);
      queue.push({ at: child, numbers: [...numbers, field.number] });
    }
  }
  return undefined;
}

/** The path as text, as in `commands.subscribe`. */
export function formatPath(parents: readonly DescField[], field?: DescField): string {
  return [...parents, ...(field === undefined ? [] : [field])].map(({ name }) => name).join(".");
}

/** The maximum number of bytes that {@link wrapBinary} adds. */
export function wrapperBytes(parents: readonly DescField[]): number {
  return parents.length * 2 * maxPrefixBytes;
}

/** Puts the fields of the innermost message into its parents. */
export function wrapBinary(parents: readonly DescField[], fields: Buffer): Buffer {
  const before: Buffer[] = [];
  const after: Buffer[] = [];
  let length = fields.length;
  for (const parent of parents.toReversed()) {
    const isGroup = "delimitedEncoding" in parent && parent.delimitedEncoding;
    const prefix = isGroup
      ? tag(parent.number, wireTypes.startGroup)
      : Buffer.concat([tag(parent.number, wireTypes.lengthDelimited), lengthIn(parent, length)]);
    before.unshift(prefix);
    length += prefix.length;
    if (!isGroup) continue;
    after.push(tag(parent.number, wireTypes.endGroup));
    length += after.at(-1)?.length ?? 0;
  }
  return Buffer.concat([...before, fields, ...after]);
}

/** The length of a message field; of a map, also the entry's tag and length of the value. */
function lengthIn(parent: DescField, length: number): Buffer {
  if (parent.fieldKind !== "map") return varint(length);
  const value = Buffer.concat([tag(2, wireTypes.lengthDelimited), varint(length)]);
  return Buffer.concat([varint(value.length + length), value]);
}

/** Puts the members of the innermost JSON object into its parents. */
export function wrapJson(parents: readonly DescField[], members: Buffer): Buffer {
  let before = "{";
  let after = "}";
  for (const parent of parents.toReversed()) {
    const [open, close] = jsonBrackets(parent);
    before = `{"${parent.jsonName}":${open}${before}`;
    after = `${after}${close}}`;
  }
  return Buffer.concat([Buffer.from(before), members, Buffer.from(after)]);
}

function jsonBrackets({ fieldKind }: DescField): readonly [open: string, close: string] {
  if (fieldKind === "list") return ["[", "]"];
  return fieldKind === "map" ? ['{"1":', "}"] : ["", ""];
}

/** An entry of a map, as bytes of the field that is the map. */
export function mapEntry(fieldNumber: number, key: Buffer, value: Buffer): Buffer {
  return lengthDelimited(fieldNumber, Buffer.concat([key, value]));
}
