import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Registry,
} from "@bufbuild/protobuf";
import {
  type AnyNode,
  type ArrayNode,
  evaluate,
  type MemberNode,
  type NumberNode,
  type ObjectNode,
  parse,
  type ValueNode,
} from "@humanwhocodes/momoa";
import { formatSuggestions } from "./suggest-name.ts";

/** Where and why a JSON text does not fit a message. */
export interface Misfit {
  /** The field, as in `orders[3].unit_price.units`. Empty: the message itself, or the JSON text. */
  readonly path: string;
  readonly reason: string;
  /** The position in the text, from 1. */
  readonly line: number;
  readonly column: number;
}

/**
 * Finds the first part of a JSON text that does not fit a message. Returns undefined if the text fits.
 *
 * The library that parses messages names neither the path nor the position. So this parses ever smaller parts with it, until
 * no part of a part fails.
 */
export function findMisfit(desc: DescMessage, text: string, registry: Registry): Misfit | undefined {
  let node: ValueNode;
  try {
    node = parse(text, { mode: "json" }).body;
  } catch (error) {
    const { message, line = 1, column = 1 } = error as Error & { line?: number; column?: number };
    return { path: "", reason: `invalid JSON: ${message.replace(/\s*\(\d+:\d+\)\.?$/, "")}`, line, column };
  }
  const search: Search = { text, registry };
  return findInMessage(search, desc, node, "") ?? findInexactInteger(search, node, "");
}

interface Search {
  readonly text: string;
  readonly registry: Registry;
}

function findInMessage(search: Search, desc: DescMessage, node: ValueNode, path: string): Misfit | undefined {
  const problem = problemOf(search, desc, toJsonValue(node));
  if (problem === undefined && !hasDuplicateNames(node)) return undefined;
  if (node.type === "Object") {
    const inner = isJsonObject(desc)
      ? findInMembers(search, desc, node, path)
      : desc.typeName === "google.protobuf.Any"
        ? findInAny(search, node, path)
        : undefined;
    if (inner !== undefined) return inner;
    const duplicate = findDuplicate(node);
    if (duplicate !== undefined) return at(duplicate, join(path, nameOf(duplicate)), "the key is repeated");
  }
  if (problem === undefined) return undefined;
  if (node.type !== "Object" && isJsonObject(desc)) {
    const hint =
      node.type === "Array" && path === "" ? "; write messages one after the other, without [ ] and commas" : "";
    return at(node, path, `expected an object for message ${desc.typeName}, got ${describe(node)}${hint}`);
  }
  return at(node, path, problem);
}

function findInMembers(search: Search, desc: DescMessage, node: ObjectNode, path: string): Misfit | undefined {
  for (const member of node.members) {
    const name = nameOf(member);
    const problem = problemOf(search, desc, { [name]: toJsonValue(member.value) });
    if (problem === undefined && !hasDuplicateNames(member.value)) continue;
    const field = desc.fields.find((each) => each.name === name || each.jsonName === name);
    const memberPath = join(path, name);
    if (field !== undefined) {
      const inner = findInField(search, desc, field, member, memberPath, problem);
      if (inner !== undefined) return inner;
      continue;
    }
    const names = desc.fields.map((each) => each.name);
    const suggestion = formatSuggestions(name, names) || listOf("its fields are", names);
    return at(member.name, memberPath, `message ${desc.typeName} has no such field${suggestion}`);
  }
  return undefined;
}

function findInField(
  search: Search,
  desc: DescMessage,
  field: DescField,
  { name, value: node }: MemberNode,
  path: string,
  problem: string | undefined,
): Misfit | undefined {
  const key = name.type === "String" ? name.value : name.name;
  switch (field.fieldKind) {
    case "message":
      return (
        findInMessage(search, field.message, node, path) ??
        (problem === undefined ? undefined : at(node, path, problem))
      );
    case "list":
      if (node.type === "Array") return findInList(search, desc, field, key, node, path);
      break;
    case "map":
      if (node.type === "Object") return findInMap(search, desc, field, key, node, path);
      break;
    default:
  }
  if (problem === undefined) return undefined;
  const expected =
    field.fieldKind === "list" ? "expected an array" : field.fieldKind === "map" ? "expected an object" : undefined;
  if (expected !== undefined) return at(node, path, `${expected}, got ${describe(node)}`);
  return at(node, path, field.enum === undefined ? problem : enumProblem(field.enum, node));
}

function findInList(
  search: Search,
  desc: DescMessage,
  field: DescField & { fieldKind: "list" },
  key: string,
  node: ArrayNode,
  path: string,
): Misfit | undefined {
  for (const [index, { value }] of node.elements.entries()) {
    const itemPath = `${path}[${index}]`;
    if (field.listKind === "message") {
      const inner = findInMessage(search, field.message, value, itemPath);
      if (inner !== undefined) return inner;
    }
    const problem = problemOf(search, desc, { [key]: [toJsonValue(value)] });
    if (problem === undefined) continue;
    return at(value, itemPath, field.enum && value.type !== "Null" ? enumProblem(field.enum, value) : problem);
  }
  return undefined;
}

function findInMap(
  search: Search,
  desc: DescMessage,
  field: DescField & { fieldKind: "map" },
  key: string,
  node: ObjectNode,
  path: string,
): Misfit | undefined {
  for (const member of node.members) {
    const name = nameOf(member);
    const entryPath = `${path}[${JSON.stringify(name)}]`;
    if (field.mapKind === "message") {
      const inner = findInMessage(search, field.message, member.value, entryPath);
      if (inner !== undefined) return inner;
    }
    const problem = problemOf(search, desc, { [key]: { [name]: toJsonValue(member.value) } });
    if (problem === undefined) continue;
    const isEnum = field.enum !== undefined && member.value.type !== "Null";
    return at(member, entryPath, isEnum ? enumProblem(field.enum, member.value) : problem);
  }
  const duplicate = findDuplicate(node);
  return duplicate && at(duplicate, `${path}[${JSON.stringify(nameOf(duplicate))}]`, "the key is repeated");
}

/** An Any is the message of its `@type`, with that key added. */
function findInAny(search: Search, node: ObjectNode, path: string): Misfit | undefined {
  const typeMember = node.members.find((member) => nameOf(member) === "@type");
  if (typeMember?.value.type !== "String") return undefined;
  const type = search.registry.getMessage(typeMember.value.value.replace(/^.*\//, ""));
  if (type === undefined) {
    return at(typeMember.value, join(path, "@type"), `there is no message type ${typeMember.value.value}`);
  }
  if (!isJsonObject(type)) return undefined;
  const members = node.members.filter((member) => member !== typeMember);
  return findInMembers(search, type, { ...node, members }, path);
}

/** A JSON integer beyond 2^53 may be another number as a double. https://protobuf.dev/programming-guides/json/ */
function findInexactInteger(search: Search, node: AnyNode, path: string): Misfit | undefined {
  switch (node.type) {
    case "Object":
      return firstOf(node.members, (member) => findInexactInteger(search, member.value, join(path, nameOf(member))));
    case "Array":
      return firstOf(node.elements, ({ value }, index) => findInexactInteger(search, value, `${path}[${index}]`));
    case "Number":
      return isInexact(search, node)
        ? at(node, path, `${sourceOf(search, node)} is not exact as a JSON number: write it as a string, in quotes`)
        : undefined;
    default:
      return undefined;
  }
}

function isInexact(search: Search, node: NumberNode): boolean {
  const source = sourceOf(search, node);
  return /^-?\d+$/.test(source) && BigInt(source) !== BigInt(node.value);
}

function sourceOf({ text }: Search, { loc }: NumberNode): string {
  return text.slice(loc.start.offset, loc.end.offset);
}

/** Returns why a value does not fit a message, or undefined if it fits. */
function problemOf({ registry }: Search, desc: DescMessage, value: JsonValue): string | undefined {
  try {
    fromJson(desc, value, { registry });
    return undefined;
  } catch (error) {
    const { message, cause } = error as Error;
    const problem = cause instanceof Error ? cause.message : message;
    return problem.replace(/^cannot decode (?:message|enum|field) \S+ from JSON: /, "");
  }
}

/** Whether the JSON of a message is an object with its fields. Well-known types have other forms. */
function isJsonObject({ typeName }: DescMessage): boolean {
  return !typeName.startsWith("google.protobuf.") || plainStandardMessages.has(typeName);
}

/** Messages of protobuf itself without a special form in JSON. */
const plainStandardMessages: ReadonlySet<string> = new Set(
  ["Empty", "SourceContext", "Type", "Field", "Enum", "EnumValue", "Option", "Api", "Method", "Mixin"].map(
    (name) => `google.protobuf.${name}`,
  ),
);

function enumProblem({ typeName, values }: DescEnum, node: ValueNode): string {
  const names = values.map(({ name }) => name);
  const value = node.type === "String" ? node.value : undefined;
  if (value === undefined) return `expected a value of enum ${typeName}, got ${describe(node)}`;
  return `enum ${typeName} has no value ${JSON.stringify(value)}${formatSuggestions(value, names) || listOf("its values are", names)}`;
}

/** The maximum number of names in a list. */
const maxNames = 12;

function listOf(start: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  return `; ${start} ${names.slice(0, maxNames).join(", ")}${names.length > maxNames ? ", …" : ""}`;
}

function describe(node: ValueNode): string {
  switch (node.type) {
    case "Object":
      return "an object";
    case "Array":
      return "an array";
    case "String":
      return node.value.length > 40 ? "a string" : JSON.stringify(node.value);
    default:
      return String(toJsonValue(node));
  }
}

function hasDuplicateNames(node: ValueNode): boolean {
  switch (node.type) {
    case "Object":
      return findDuplicate(node) !== undefined || node.members.some(({ value }) => hasDuplicateNames(value));
    case "Array":
      return node.elements.some(({ value }) => hasDuplicateNames(value));
    default:
      return false;
  }
}

function findDuplicate({ members }: ObjectNode): MemberNode | undefined {
  const names = new Set<string>();
  return members.find((member) => {
    const isDuplicate = names.has(nameOf(member));
    names.add(nameOf(member));
    return isDuplicate;
  });
}

function firstOf<T>(items: readonly T[], find: (item: T, index: number) => Misfit | undefined): Misfit | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function toJsonValue(node: ValueNode): JsonValue {
  return evaluate(node) as JsonValue;
}

function nameOf({ name }: MemberNode): string {
  return name.type === "String" ? name.value : name.name;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function at({ loc }: AnyNode, path: string, reason: string): Misfit {
  return { path, reason, line: loc.start.line, column: loc.start.column };
}
