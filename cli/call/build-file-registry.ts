import { clone, create, createFileRegistry, type FileRegistry, isFieldSet } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import { DescriptorError } from "./descriptor-source.ts";

/** The files of protobuf itself, by name. A server need not send them. */
const standardFiles: ReadonlyMap<string, FileDescriptorProto> = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_api,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_source_context,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_type,
    file_google_protobuf_wrappers,
  ].map(({ proto }) => [proto.name, proto]),
);

/** Whether a file is one of protobuf's own, as in `google/protobuf/any.proto`. */
export function isStandardFile(name: string): boolean {
  return standardFiles.has(name);
}

/**
 * Builds a registry from files in any order. Also accepts what a server may send that a compiler would not write: relative
 * type names and absent imports and JSON names (https://github.com/grpc/grpc-node/issues/2595), and imports of files that
 * the server does not have, if no message uses their types.
 *
 * @param origin where they come from, for a {@link DescriptorError}
 */
export function buildFileRegistry(files: Iterable<FileDescriptorProto>, origin: string): FileRegistry {
  const received = new Map(Array.from(files, (file) => [file.name, file]));
  const available = new Map([...standardFiles, ...received]);
  const definitions = findDefinitions(available.values());
  const complete = new Map(
    available.entries().map(([name, file]) => [name, completeFile(file, available, definitions)]),
  );
  try {
    const ordered = importedFirst(received.keys(), complete);
    return createFileRegistry(create(FileDescriptorSetSchema, { file: ordered }));
  } catch (error) {
    throw new DescriptorError(
      `the descriptors of ${origin} are incomplete or invalid: ${(error as Error).message}. ` +
        "Pass complete ones with --descriptor-set FILE; buf build -o FILE makes such a file from protos",
    );
  }
}

/** The name of the file that defines a type, by the full name of the type. */
type Definitions = ReadonlyMap<string, string>;

function findDefinitions(files: Iterable<FileDescriptorProto>): Definitions {
  const definitions = new Map<string, string>();
  for (const file of files) {
    const addMessage = (message: DescriptorProto, scope: string) => {
      const name = join(scope, message.name);
      definitions.set(name, file.name);
      for (const each of message.enumType) definitions.set(join(name, each.name), file.name);
      for (const each of message.nestedType) addMessage(each, name);
    };
    for (const each of file.messageType) addMessage(each, file.package);
    for (const each of file.enumType) definitions.set(join(file.package, each.name), file.name);
  }
  return definitions;
}

/** Returns a file with full type names, JSON names, and an import for each type that it uses. */
function completeFile(
  original: FileDescriptorProto,
  files: ReadonlyMap<string, FileDescriptorProto>,
  definitions: Definitions,
): FileDescriptorProto {
  if (standardFiles.get(original.name) === original) return original;
  const file = clone(FileDescriptorProtoSchema, original);
  const imports = new Set(file.dependency.filter((name) => files.has(name)));
  const resolve = (typeName: string, scope: string): string => {
    const fullName = resolveTypeName(typeName, scope, definitions);
    const definedIn = definitions.get(fullName);
    if (definedIn !== undefined && definedIn !== file.name) imports.add(definedIn);
    return `.${fullName}`;
  };
  const completeField = (field: FieldDescriptorProto, scope: string) => {
    if (field.typeName !== "") field.typeName = resolve(field.typeName, scope);
    if (field.extendee !== "") field.extendee = resolve(field.extendee, scope);
    else if (field.jsonName === "") field.jsonName = protoCamelCase(field.name);
  };
  const completeMessage = (message: DescriptorProto, parent: string) => {
    const scope = join(parent, message.name);
    if (file.syntax === "proto3") markOptionalFields(message);
    for (const field of [...message.field, ...message.extension]) completeField(field, scope);
    for (const nested of message.nestedType) completeMessage(nested, scope);
  };
  for (const message of file.messageType) completeMessage(message, file.package);
  for (const extension of file.extension) completeField(extension, file.package);
  for (const service of file.service) {
    for (const method of service.method) {
      method.inputType = resolve(method.inputType, file.package);
      method.outputType = resolve(method.outputType, file.package);
    }
  }
  file.dependency = [...imports];
  return file;
}

/**
 * Marks `optional` fields. protobuf.js omits the mark, and leaves the oneof that represents it.
 * https://github.com/protocolbuffers/protobuf/blob/main/docs/implementing_proto3_presence.md
 */
function markOptionalFields({ field: fields, oneofDecl }: DescriptorProto): void {
  for (const field of fields) {
    if (!isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)) continue;
    const isOnly = fields.every((each) => each === field || !sharesOneof(each, field));
    if (isOnly && oneofDecl[field.oneofIndex]?.name === `_${field.name}`) field.proto3Optional = true;
  }
}

function sharesOneof(a: FieldDescriptorProto, b: FieldDescriptorProto): boolean {
  return isFieldSet(a, FieldDescriptorProtoSchema.field.oneofIndex) && a.oneofIndex === b.oneofIndex;
}

/**
 * Returns the full name of a type. A relative name is searched from the innermost scope outwards.
 * https://protobuf.dev/programming-guides/proto3/#name-resolution
 */
function resolveTypeName(typeName: string, scope: string, definitions: Definitions): string {
  if (typeName.startsWith(".")) return typeName.slice(1);
  for (let outer = scope; outer !== ""; outer = outer.slice(0, Math.max(outer.lastIndexOf("."), 0))) {
    const candidate = join(outer, typeName);
    if (definitions.has(candidate)) return candidate;
  }
  return typeName;
}

/** Returns files with all that they import. Each follows those that it imports. */
function importedFirst(
  names: Iterable<string>,
  files: ReadonlyMap<string, FileDescriptorProto>,
): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const active = new Set<string>();
  const add = (name: string) => {
    const file = files.get(name);
    if (file === undefined || ordered.has(file)) return;
    if (active.has(name)) throw new Error([...active, name].join(" imports "));
    active.add(name);
    for (const each of file.dependency) add(each);
    active.delete(name);
    ordered.add(file);
  };
  for (const name of names) add(name);
  return [...ordered];
}

function join(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}
