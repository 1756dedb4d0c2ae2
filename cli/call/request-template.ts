import { type DescField, type DescMessage, type JsonObject, type JsonValue, ScalarType } from "@bufbuild/protobuf";

/** How many messages are nested in a template. Deeper ones are empty. */
const maxDepth = 6;

/**
 * Returns a JSON value that fits a message: every field with an example value, one item in lists and maps, the first field
 * of each oneof, and the names of the proto.
 */
export function createTemplate(desc: DescMessage): JsonValue {
  return templateOf(desc, []);
}

function templateOf(desc: DescMessage, outer: readonly DescMessage[]): JsonValue {
  const special = specialForms[desc.typeName];
  if (special !== undefined) return special;
  if (outer.length >= maxDepth || outer.includes(desc)) return {};
  const members = desc.members.flatMap((member) => (member.kind === "oneof" ? member.fields.slice(0, 1) : [member]));
  const template: JsonObject = {};
  for (const field of members) template[field.name] = exampleOf(field, [...outer, desc]);
  return template;
}

function exampleOf(field: DescField, outer: readonly DescMessage[]): JsonValue {
  switch (field.fieldKind) {
    case "list":
      return isRecursive(field.message, outer) ? [] : [singleExampleOf(field, outer)];
    case "map":
      return isRecursive(field.message, outer) ? {} : { [keyOf(field.mapKey)]: singleExampleOf(field, outer) };
    case "message":
      return isRecursive(field.message, outer) ? null : singleExampleOf(field, outer);
    default:
      return singleExampleOf(field, outer);
  }
}

function singleExampleOf({ message, enum: enumeration, scalar }: DescField, outer: readonly DescMessage[]): JsonValue {
  if (message !== undefined) return templateOf(message, outer);
  if (enumeration !== undefined) {
    const value = enumeration.values.find(({ number }) => number !== 0) ?? enumeration.values[0];
    return enumeration.typeName === "google.protobuf.NullValue" ? null : (value?.name ?? 0);
  }
  return scalarExampleOf(scalar ?? ScalarType.STRING);
}

function scalarExampleOf(scalar: ScalarType): JsonValue {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return "";
    case ScalarType.BOOL:
      return false;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return "0";
    default:
      return 0;
  }
}

function keyOf(scalar: ScalarType): string {
  if (scalar === ScalarType.BOOL) return "false";
  return scalar === ScalarType.STRING ? "key" : "0";
}

function isRecursive(message: DescMessage | undefined, outer: readonly DescMessage[]): boolean {
  return message !== undefined && outer.includes(message);
}

/** The well-known types whose JSON is not an object with their fields. https://protobuf.dev/programming-guides/json/ */
const specialForms: Readonly<Record<string, JsonValue>> = {
  "google.protobuf.Any": { "@type": "type.googleapis.com/google.protobuf.Empty" },
  "google.protobuf.Timestamp": "2026-01-31T12:00:00Z",
  "google.protobuf.Duration": "1.5s",
  "google.protobuf.FieldMask": "",
  "google.protobuf.Struct": {},
  "google.protobuf.Value": null,
  "google.protobuf.ListValue": [],
  "google.protobuf.BoolValue": false,
  "google.protobuf.StringValue": "",
  "google.protobuf.BytesValue": "",
  "google.protobuf.Int32Value": 0,
  "google.protobuf.UInt32Value": 0,
  "google.protobuf.Int64Value": "0",
  "google.protobuf.UInt64Value": "0",
  "google.protobuf.FloatValue": 0,
  "google.protobuf.DoubleValue": 0,
};
