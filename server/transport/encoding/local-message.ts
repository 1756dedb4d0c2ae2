import type { DescField, JsonObject, JsonValue, Message } from "@bufbuild/protobuf";
import { isWrapperDesc, type ListValue, type NullValue, type Struct, type Value } from "@bufbuild/protobuf/wkt";

/**
 * How a value of a message field becomes the message that it stands for: protobuf-es keeps a singular wrapper as its
 * bare value, and a Struct as JSON. `undefined` for all other fields, whose values are their messages.
 */
export function localToMessage(field: DescField): ((local: unknown) => Message) | undefined {
  const desc = field.message;
  if (desc === undefined) return undefined;
  if (desc.typeName === "google.protobuf.Struct" && field.parent.typeName !== "google.protobuf.Value") {
    return (local) => structMessage(local);
  }
  const wrapped = desc.fields[0];
  if (wrapped === undefined || field.fieldKind !== "message" || field.oneof !== undefined || !isWrapperDesc(desc)) {
    return undefined;
  }
  return (local) => ({ $typeName: desc.typeName, [wrapped.localName]: local });
}

function structMessage(json: unknown): Struct {
  const isJsonObject = typeof json === "object" && json !== null && !Array.isArray(json);
  const entries = isJsonObject ? Object.entries(json as JsonObject) : [];
  const fields = Object.fromEntries(entries.map(([key, value]) => [key, valueMessage(value)]));
  return { $typeName: "google.protobuf.Struct", fields };
}

function valueMessage(json: JsonValue): Value {
  return { $typeName: "google.protobuf.Value", kind: kindOf(json) };
}

function kindOf(json: JsonValue): Value["kind"] {
  switch (typeof json) {
    case "number":
      return { case: "numberValue", value: json };
    case "string":
      return { case: "stringValue", value: json };
    case "boolean":
      return { case: "boolValue", value: json };
    case "object":
      if (json === null) return { case: "nullValue", value: nullValue };
      return Array.isArray(json)
        ? { case: "listValue", value: listMessage(json) }
        : { case: "structValue", value: structMessage(json) };
    default:
      return { case: undefined }; // no JSON, and toBinary lets it pass
  }
}

function listMessage(json: JsonValue[]): ListValue {
  return { $typeName: "google.protobuf.ListValue", values: json.map(valueMessage) };
}

const nullValue: NullValue = 0;
