import type {
  AnyDesc,
  DescEnum,
  DescField,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
  FileRegistry,
} from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, type SourceCodeInfo } from "@bufbuild/protobuf/wkt";
import { DescriptorError, type DescriptorSource } from "./descriptor-source.ts";
import { findMethod } from "./find-method.ts";
import { formatSuggestions } from "./suggest-name.ts";

/** A symbol that has a description. */
export type Described = DescService | DescMethod | DescMessage | DescEnum;

/**
 * Finds a service, a method (`SERVICE/METHOD` or `SERVICE.METHOD`), a message or an enum by its full name. The name of a
 * field or of an enum value finds its message or enum. Throws a {@link DescriptorError} if there is none.
 */
export async function findSymbol(source: DescriptorSource, name: string): Promise<Described> {
  if (name.includes("/")) return (await findMethod(source, name)).method;
  // Some servers do not find members of types.
  const types = (await source.load(name)) ?? (name.includes(".") ? await source.load(parentOf(name)) : undefined);
  const found = types && findInFiles(types, name);
  if (found !== undefined) return found;
  const services = await source.listServices();
  throw new DescriptorError(
    `${source.name} has no symbol ${name}${formatSuggestions(name, services) || "; bourse call --list prints its services"}`,
  );
}

function findInFiles(types: FileRegistry, name: string): Described | undefined {
  const type = types.get(name);
  if (type !== undefined && type.kind !== "extension") return type;
  const parentName = parentOf(name);
  const memberName = name.slice(parentName.length + 1);
  const parent = types.get(parentName);
  switch (parent?.kind) {
    case "service":
      return parent.methods.find((method) => method.name === memberName);
    case "message":
      return parent.proto.field.some((field) => field.name === memberName) ? parent : undefined;
    case "enum":
      return parent.values.some((value) => value.name === memberName) ? parent : undefined;
    default:
      return undefined;
  }
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf("."), 0));
}

/** Formats a symbol in the language of proto files, with its comments if the descriptors have them. Ends with a newline. */
export function describeSymbol(symbol: Described): string {
  const lines = [`// ${kindOf(symbol)} ${nameOf(symbol)}, ${fileOf(symbol).proto.name}`, ...linesOf(symbol)];
  const types = symbol.kind === "rpc" ? [symbol.input, symbol.output] : [];
  for (const type of new Set(types)) {
    if (!type.typeName.startsWith("google.protobuf.")) lines.push("", ...linesOf(type));
  }
  return `${lines.join("\n")}\n`;
}

/** The kind of a method, as proto files and documents name it. */
export function formatMethodKind({ methodKind }: DescMethod): string {
  return methodKind === "bidi_streaming" ? "bidirectional streaming" : methodKind.replace("_", " ");
}

/** Formats a method without its service, as in `rpc Check(HealthCheckRequest) returns (HealthCheckResponse)`. */
export function formatMethodSignature({ name, methodKind, input, output }: DescMethod): string {
  const request = methodKind === "client_streaming" || methodKind === "bidi_streaming" ? "stream " : "";
  const response = methodKind === "server_streaming" || methodKind === "bidi_streaming" ? "stream " : "";
  return `rpc ${name}(${request}${input.typeName}) returns (${response}${output.typeName})`;
}

function kindOf(symbol: Described): string {
  return symbol.kind === "rpc" ? `${formatMethodKind(symbol)} method` : symbol.kind;
}

function nameOf(symbol: Described): string {
  return symbol.kind === "rpc" ? `${symbol.parent.typeName}/${symbol.name}` : symbol.typeName;
}

function fileOf(symbol: Described) {
  return symbol.kind === "rpc" ? symbol.parent.file : symbol.file;
}

function linesOf(symbol: Described): string[] {
  switch (symbol.kind) {
    case "service":
      return block(symbol, `service ${symbol.name}`, symbol.methods.flatMap(linesOf));
    case "rpc":
      return [...commentsOf(symbol), `${formatMethodSignature(symbol)};${deprecation(symbol)}`];
    case "message":
      return linesOfMessage(symbol);
    case "enum":
      return block(
        symbol,
        `enum ${symbol.name}`,
        symbol.values.flatMap((value) => [
          ...commentsOf(value),
          `${value.name} = ${value.number};${deprecation(value)}`,
        ]),
      );
  }
}

function linesOfMessage(message: DescMessage): string[] {
  return block(message, `message ${message.name}`, [
    ...message.members.flatMap((member) => (member.kind === "oneof" ? linesOfOneof(member) : linesOfField(member))),
    ...message.nestedMessages.flatMap(linesOfMessage),
    ...message.nestedEnums.flatMap(linesOf),
  ]);
}

function linesOfOneof(oneof: DescOneof): string[] {
  return block(oneof, `oneof ${oneof.name}`, oneof.fields.flatMap(linesOfField));
}

function linesOfField(field: DescField): string[] {
  return [
    ...commentsOf(field),
    `${labelOf(field)}${typeOf(field)} ${field.name} = ${field.number};${deprecation(field)}`,
  ];
}

function labelOf(field: DescField): string {
  if (field.fieldKind === "list") return "repeated ";
  if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) return "required ";
  return field.proto.proto3Optional ? "optional " : "";
}

function typeOf(field: DescField): string {
  if (field.fieldKind === "map") return `map<${scalarName(field.mapKey)}, ${singleTypeOf(field)}>`;
  return singleTypeOf(field);
}

function singleTypeOf({ message, enum: enumeration, scalar }: DescField): string {
  return message?.typeName ?? enumeration?.typeName ?? scalarName(scalar ?? ScalarType.STRING);
}

function scalarName(scalar: ScalarType): string {
  return ScalarType[scalar].toLowerCase();
}

function deprecation({ deprecated }: { readonly deprecated: boolean }): string {
  return deprecated ? " // deprecated" : "";
}

function block(desc: AnyDesc, heading: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [...commentsOf(desc), `${heading} {}`];
  return [...commentsOf(desc), `${heading} {`, ...lines.map((line) => (line === "" ? "" : `  ${line}`)), "}"];
}

function commentsOf(desc: AnyDesc): string[] {
  const path = sourcePathOf(desc);
  const info = path && sourceInfoOf(desc);
  const location = info?.location.find((each) => each.path.join() === path?.join());
  const text = location?.leadingComments ?? "";
  return text === ""
    ? []
    : text
        .trimEnd()
        .split("\n")
        .map((line) => `//${line.trimEnd()}`);
}

function sourceInfoOf(desc: AnyDesc): SourceCodeInfo | undefined {
  if (desc.kind === "file") return desc.proto.sourceCodeInfo;
  return sourceInfoOf("file" in desc ? desc.file : desc.parent);
}

/** The path of a definition in its file: field numbers of descriptor.proto and indexes. */
function sourcePathOf(desc: AnyDesc): number[] | undefined {
  switch (desc.kind) {
    case "service":
      return [6, desc.file.proto.service.indexOf(desc.proto)];
    case "rpc":
      return pathIn(desc.parent, 2, desc.parent.proto.method.indexOf(desc.proto));
    case "message":
      return desc.parent
        ? pathIn(desc.parent, 3, desc.parent.proto.nestedType.indexOf(desc.proto))
        : [4, desc.file.proto.messageType.indexOf(desc.proto)];
    case "enum":
      return desc.parent
        ? pathIn(desc.parent, 4, desc.parent.proto.enumType.indexOf(desc.proto))
        : [5, desc.file.proto.enumType.indexOf(desc.proto)];
    case "enum_value":
      return pathIn(desc.parent, 2, desc.parent.proto.value.indexOf(desc.proto));
    case "field":
      return pathIn(desc.parent, 2, desc.parent.proto.field.indexOf(desc.proto));
    case "oneof":
      return pathIn(desc.parent, 8, desc.parent.proto.oneofDecl.indexOf(desc.proto));
    default:
      return undefined;
  }
}

function pathIn(parent: AnyDesc, fieldNumber: number, index: number): number[] | undefined {
  const path = sourcePathOf(parent);
  return path && [...path, fieldNumber, index];
}
