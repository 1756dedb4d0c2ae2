import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { lengthDelimited, maxPrefixBytes, tag, varint, wireTypes } from "./wire-writer.ts";

/** A message type inside a request, with the path of fields from the request to it. */
export interface MessagePath {
  readonly message: DescMessage;
  readonly parents: readonly DescField[];
}

/** Returns every message type that a message can contain, itself first, each with its shortest path. */
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

/** Returns the message type of a field, of its elements, or of its map values. */
export function messageOf(field: DescField): DescMessage | undefined {
  return field.message;
}

/** Returns the field numbers on a path from a message type to itself, or undefined if it is not recursive. */
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

/** Formats a path, for example `commands.subscribe`. */
export function formatPath(parents: readonly DescField[], field?: DescField): string {
  return [...parents, ...(field === undefined ? [] : [field])].map(({ name }) => name).join(".");
}

/** The maximum number of bytes that {@link wrapBinary} adds. */
export function wrapperBytes(parents: readonly DescField[]): number {
  return parents.length * 2 * maxPrefixBytes;
}

/** Wraps the fields of the innermost message in its parents. */
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

/** Returns the length of a message field. For a map it includes the tag and the length of the entry's value. */
function lengthIn(parent: DescField, length: number): Buffer {
  if (parent.fieldKind !== "map") return varint(length);
  const value = Buffer.concat([tag(2, wireTypes.lengthDelimited), varint(length)]);
  return Buffer.concat([varint(value.length + length), value]);
}

/** Wraps the members of the innermost JSON object in its parents. */
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

/** Encodes a map entry as bytes of the map field. */
export function mapEntry(fieldNumber: number, key: Buffer, value: Buffer): Buffer {
  return lengthDelimited(fieldNumber, Buffer.concat([key, value]));
}
