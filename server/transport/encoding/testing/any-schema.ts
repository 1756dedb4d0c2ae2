import { create, createFileRegistry, type DescMessage } from "@bufbuild/protobuf";
import {
  Edition,
  type FeatureSet,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  FeatureSetSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

const wellKnown = [file_google_protobuf_struct, file_google_protobuf_timestamp, file_google_protobuf_wrappers];
const wellKnownTypes = wellKnown.flatMap((file) => file.messages.map((message) => `.${message.typeName}`));

const T = FieldDescriptorProto_Type;
const types = Object.values(T).filter((type) => typeof type === "number");
const scalarTypes = types.filter((type) => type !== T.GROUP && type !== T.MESSAGE && type !== T.ENUM);
const mapKeyTypes = scalarTypes.filter((type) => type !== T.DOUBLE && type !== T.FLOAT && type !== T.BYTES);

const maxFields = 9;

type Syntax = "proto2" | "proto3" | "editions";
type FieldDraft = Readonly<{
  type: FieldDescriptorProto_Type;
  number: number;
  keyType: FieldDescriptorProto_Type;
  cardinality: "single" | "optional" | "required" | "list" | "map" | "oneof";
  flag: boolean | undefined;
  wellKnown: boolean;
  pick: number;
}>;

/**
 * Generates the schema of a file: proto2, proto3 or edition 2023, recursive messages, groups and delimited messages,
 * oneofs, maps, packed and expanded lists, every presence, default values and well-known types. Returns the descriptors
 * of the messages.
 */
export const anySchema: fc.Arbitrary<DescMessage[]> = fc
  .record({
    syntax: fc.constantFrom<Syntax>("proto2", "proto3", "editions"),
    messages: fc.array(anyFieldDrafts(), { minLength: 1, maxLength: 4 }),
  })
  .map(({ syntax, messages }) => compile(fileOf(syntax, messages)));

function anyFieldDrafts(): fc.Arbitrary<FieldDraft[]> {
  const number = fc.oneof(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 15, max: 18_999 }),
    fc.constant(2 ** 29 - 1),
  );
  const draft: fc.Arbitrary<FieldDraft> = fc.record({
    number,
    type: fc.oneof(fc.constantFrom(...types), fc.constantFrom(T.MESSAGE, T.ENUM, T.GROUP)),
    keyType: fc.constantFrom(...mapKeyTypes),
    cardinality: fc.constantFrom("single", "single", "optional", "required", "list", "list", "map", "oneof"),
    flag: fc.constantFrom(true, false, undefined),
    wellKnown: fc.boolean(),
    pick: fc.nat({ max: 99 }),
  });
  const drafts = fc.uniqueArray(draft, { maxLength: maxFields, selector: (field) => field.number });
  // Half of the schemas have the fields in the order of their numbers, like most protos.
  return fc.tuple(drafts, fc.boolean()).map(([fields, sorted]) => (sorted ? fields.toSorted(byNumber) : fields));
}

function byNumber(a: FieldDraft, b: FieldDraft): number {
  return a.number - b.number;
}

function compile(file: FileDescriptorProto): DescMessage[] {
  const registry = createFileRegistry(file, (name) => wellKnown.find((known) => known.proto.name === name)?.proto);
  return [...registry].filter((type) => type.kind === "message" && type.file.proto.name === file.name) as DescMessage[];
}

function fileOf(syntax: Syntax, messages: readonly FieldDraft[][]): FileDescriptorProto {
  const names = messages.map((_, index) => `.any.M${index}`);
  return create(FileDescriptorProtoSchema, {
    name: "any.proto",
    package: "any",
    syntax,
    edition: syntax === "editions" ? Edition.EDITION_2023 : Edition.EDITION_UNKNOWN,
    dependency: wellKnown.map((file) => file.proto.name),
    enumType: [{ name: "E", value: [0, 1, -1, 2 ** 31 - 1].map((number, index) => ({ name: `E${index}`, number })) }],
    messageType: messages.map((drafts, index) => {
      const fields = drafts.map((draft) => fieldOf(syntax, names, index, draft));
      const inOneof = fields.some((field) => field.oneofIndex === 0 && !field.proto3Optional);
      // Oneofs of proto3's optional fields come after the others.
      const optional = fields.filter((field) => field.proto3Optional);
      for (const [place, field] of optional.entries()) field.oneofIndex = place + (inOneof ? 1 : 0);
      return {
        name: `M${index}`,
        field: fields,
        oneofDecl: [...(inOneof ? ["choice"] : []), ...optional.map((field) => `_${field.name}`)].map((name) => ({
          name,
        })),
        nestedType: drafts
          .filter((draft) => draft.cardinality === "map")
          .map((draft) => mapEntryOf(syntax, names, draft)),
      };
    }),
  });
}

function mapEntryOf(syntax: Syntax, names: readonly string[], draft: FieldDraft) {
  const plain = { ...draft, flag: undefined, cardinality: "single" as const };
  const key = fieldOf(syntax, names, 0, { ...plain, number: 1, type: draft.keyType });
  const value = fieldOf(syntax, names, 0, {
    ...plain,
    number: 2,
    type: draft.type === T.GROUP ? T.MESSAGE : draft.type,
  });
  return {
    name: `F${draft.number}Entry`,
    field: [
      { ...key, name: "key" },
      { ...value, name: "value" },
    ],
    options: { mapEntry: true },
  };
}

function fieldOf(syntax: Syntax, names: readonly string[], parent: number, draft: FieldDraft): FieldDescriptorProto {
  const isMap = draft.cardinality === "map";
  const isList = draft.cardinality === "list";
  const type = isMap || (draft.type === T.GROUP && syntax !== "proto2") ? T.MESSAGE : draft.type;
  const typeName = isMap ? `${names[parent]}.F${draft.number}Entry` : typeNameOf(names, { ...draft, type });
  const isRequired = draft.cardinality === "required" && syntax === "proto2";
  const isOptional = draft.cardinality === "optional" && syntax === "proto3";
  const field = create(FieldDescriptorProtoSchema, {
    name: `f_${draft.number}`,
    number: draft.number,
    label: isList || isMap ? label.REPEATED : isRequired ? label.REQUIRED : label.OPTIONAL,
    type,
    typeName,
    proto3Optional: isOptional,
  });
  if (draft.cardinality === "oneof" || isOptional) field.oneofIndex = 0;
  if (syntax === "proto2" && draft.cardinality === "single" && draft.flag === true) setDefault(field);
  const isPackable = isList && ![T.STRING, T.BYTES, T.GROUP, T.MESSAGE].includes(type);
  if (syntax === "editions") field.options = create(FieldOptionsSchema, { features: featuresOf(draft, isPackable) });
  else if (isPackable && draft.flag !== undefined) field.options = create(FieldOptionsSchema, { packed: draft.flag });
  return field;
}

const label = {
  OPTIONAL: FieldDescriptorProto_Label.OPTIONAL,
  REQUIRED: FieldDescriptorProto_Label.REQUIRED,
  REPEATED: FieldDescriptorProto_Label.REPEATED,
};

function typeNameOf(names: readonly string[], draft: FieldDraft): string {
  if (draft.type === T.ENUM) return ".any.E";
  if (draft.type !== T.MESSAGE && draft.type !== T.GROUP) return "";
  const choice = draft.wellKnown && draft.type === T.MESSAGE ? wellKnownTypes : names;
  return choice[draft.pick % choice.length] ?? "";
}

function setDefault(field: FieldDescriptorProto): void {
  if (field.type === T.STRING) field.defaultValue = "default";
  else if (field.type === T.BOOL) field.defaultValue = "true";
  else if (field.type === T.ENUM) field.defaultValue = "E1";
  else if (field.type !== T.MESSAGE && field.type !== T.GROUP) field.defaultValue = "7";
}

function featuresOf(draft: FieldDraft, isPackable: boolean): FeatureSet {
  const features = create(FeatureSetSchema);
  const isMessage = draft.type === T.MESSAGE || draft.type === T.GROUP;
  if (draft.cardinality === "required") features.fieldPresence = FeatureSet_FieldPresence.LEGACY_REQUIRED;
  else if (draft.cardinality === "single" && draft.flag === true && !isMessage) {
    features.fieldPresence = FeatureSet_FieldPresence.IMPLICIT;
  }
  if (isPackable && draft.flag === false) features.repeatedFieldEncoding = FeatureSet_RepeatedFieldEncoding.EXPANDED;
  if (draft.type === T.GROUP) features.messageEncoding = FeatureSet_MessageEncoding.DELIMITED;
  return features;
}
