import { type DescMessage, type MessageShape, toJsonString } from "@bufbuild/protobuf";

/** Formats a message as a JSON object on one line, with the field names of the proto. */
export function formatMessageJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return toJsonString(schema, message, { useProtoFieldName: true });
}
