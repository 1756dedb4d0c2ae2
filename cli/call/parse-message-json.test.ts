import { createFileRegistry, type DescMessage, toJson } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  ExportOrdersRequestSchema,
  ExportOrdersResponseSchema,
  file_bourse_order_v1_order_service,
  SubmitOrdersRequestSchema,
} from "../../gen/bourse/order/v1/order_service_pb.ts";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import type { DescriptorSource } from "./descriptor-source.ts";
import { parseMessageJson } from "./parse-message-json.ts";
import { TypeResolver } from "./type-resolver.ts";

const noSource: DescriptorSource = {
  name: "test",
  listServices: async () => [],
  load: async () => undefined,
  loadExtension: async () => undefined,
};

function parse(desc: DescMessage, text: string, line = 1, column = 1) {
  const types = new TypeResolver(createFileRegistry(), noSource);
  return parseMessageJson(desc, { text, line, column }, types);
}

/** The error of a text that does not fit, as `LINE:COLUMN MESSAGE`. */
async function problemOf(desc: DescMessage, text: string, line?: number, column?: number): Promise<string> {
  const error = await parse(desc, text, line, column).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "MessageJsonError" });
  const misfit = error as Error & { line: number; column: number };
  return `${misfit.line}:${misfit.column} ${misfit.message}`;
}

test("field names of the proto and JSON names are both accepted", async () => {
  const message = await parse(ExportOrdersRequestSchema, '{"batch_size": 5, "resumeToken": "AQI="}');
  expect(toJson(ExportOrdersRequestSchema, message as never)).toEqual({ batchSize: 5, resumeToken: "AQI=" });
});

test("a wrong value is reported with the path of its field and its position", async () => {
  expect(await problemOf(ExportOrdersRequestSchema, '{"batch_size": "many"}')).toBe(
    '1:16 field batch_size: expected number (uint32), got "many"',
  );
  expect(
    await problemOf(
      ExportOrdersResponseSchema,
      '{"orders": [\n  {"key": "a"},\n  {"key": "b", "unit_price": {"units": 1.5}}\n]}',
    ),
  ).toMatch(/^3:40 field orders\[1\]\.unit_price\.units: expected bigint \(int64\)/);
  expect(await problemOf(SubmitOrdersRequestSchema, '{"order": {"placed_at": "yesterday"}}')).toBe(
    "1:25 field order.placed_at: invalid RFC 3339 string",
  );
});

test("the position counts from the start of the input, not of the message", async () => {
  expect(await problemOf(ExportOrdersRequestSchema, '{"batch_size": -1}', 7, 20)).toMatch(/^7:35 field batch_size/);
  expect(await problemOf(ExportOrdersRequestSchema, '{\n"batch_size": -1}', 7, 20)).toMatch(/^8:15 field batch_size/);
});

test("an unknown field is reported with similar names, or with all", async () => {
  expect(await problemOf(ExportOrdersRequestSchema, '{"filter": {"country_": "France"}}')).toBe(
    "1:13 field filter.country_: message bourse.order.v1.OrderFilter has no such field: did you mean country?",
  );
  expect(await problemOf(ExportOrdersRequestSchema, '{"zzzzzzzz": 1}')).toBe(
    "1:2 field zzzzzzzz: message bourse.order.v1.ExportOrdersRequest has no such field; " +
      "its fields are filter, batch_size, resume_token",
  );
});

test("an unknown enum value is reported with the values of the enum", async () => {
  expect(await problemOf(ExportOrdersRequestSchema, '{"filter": {"cancellations": "CANCELLATION_ONLY"}}')).toBe(
    '1:30 field filter.cancellations: enum bourse.order.v1.Cancellations has no value "CANCELLATION_ONLY": ' +
      "did you mean CANCELLATIONS_ONLY?",
  );
});

test("another kind of JSON value than the field takes is named", async () => {
  expect(await problemOf(ExportOrdersResponseSchema, '{"orders": {}}')).toBe(
    "1:12 field orders: expected an array, got an object",
  );
  expect(await problemOf(ExportOrdersRequestSchema, '{"filter": 5}')).toBe(
    "1:12 field filter: expected an object for message bourse.order.v1.OrderFilter, got 5",
  );
  expect(await problemOf(ExportOrdersResponseSchema, '{"orders": [null]}')).toMatch(/^1:13 field orders\[0\]: /);
  expect(await problemOf(ExportOrdersRequestSchema, "[{}]")).toBe(
    "1:1 expected an object for message bourse.order.v1.ExportOrdersRequest, got an array; " +
      "write messages one after the other, without [ ] and commas",
  );
});

test("text that is no JSON is reported with its position", async () => {
  expect(await problemOf(ExportOrdersRequestSchema, '{"batch_size": 1,\n  batch}')).toMatch(/^2:\d+ invalid JSON: /);
});

test("a repeated key is refused, also in a nested message", async () => {
  expect(await problemOf(ExportOrdersRequestSchema, '{"batch_size": 1, "batch_size": 2}')).toBe(
    "1:19 field batch_size: the key is repeated",
  );
  expect(await problemOf(ExportOrdersRequestSchema, '{"filter": {"country": "a", "country": "b"}}')).toBe(
    "1:29 field filter.country: the key is repeated",
  );
});

test("an integer that a double cannot hold is refused, and accepted as a string", async () => {
  const tooLong = '{"order": {"sequence": 9007199254740993}}';
  expect(await problemOf(SubmitOrdersRequestSchema, tooLong)).toBe(
    "1:24 field order.sequence: 9007199254740993 is not exact as a JSON number: write it as a string, in quotes",
  );
  const message = await parse(SubmitOrdersRequestSchema, '{"order": {"sequence": "9007199254740993"}}');
  expect(message).toMatchObject({ order: { sequence: 9007199254740993n } });
});

test("a long exact number is accepted", async () => {
  await expect(
    parse(StructSchema, '{"a": 1e300, "b": 0.12345678901234567890, "c": 9007199254740992}'),
  ).resolves.toBeDefined();
});

test("an Any takes the standard error details, and reports a wrong field in them", async () => {
  const details = (fields: string) =>
    `{"details": [{"@type": "type.googleapis.com/google.rpc.BadRequest", ${fields}}]}`;
  const message = await parse(StatusSchema, details('"field_violations": [{"field": "a"}]'));
  expect(message).toMatchObject({ details: [{ typeUrl: `type.googleapis.com/${BadRequestSchema.typeName}` }] });
  expect(await problemOf(StatusSchema, details('"field_violations": [{"fields": "a"}]'))).toContain(
    "field details[0].field_violations[0].fields: message google.rpc.BadRequest.FieldViolation has no such field",
  );
  expect(await problemOf(StatusSchema, '{"details": [{"@type": "example.com/no.Such"}]}')).toBe(
    "1:24 field details[0].@type: there is no message type example.com/no.Such",
  );
});

test("a type that only the source has is loaded for an Any", async () => {
  const loaded: string[] = [];
  const source: DescriptorSource = {
    ...noSource,
    async load(symbol) {
      loaded.push(symbol);
      return registryOfOrders();
    },
  };
  const types = new TypeResolver(createFileRegistry(), source);
  const text = '{"details": [{"@type": "x/bourse.order.v1.OrderFilter", "country": "France"}]}';
  const message = await parseMessageJson(StatusSchema, { text, line: 1, column: 1 }, types);
  expect(loaded).toEqual(["bourse.order.v1.OrderFilter"]);
  const json = await types.convert((registry) => toJson(StatusSchema, message as never, { registry }));
  expect(json).toEqual({
    details: [{ "@type": "type.googleapis.com/bourse.order.v1.OrderFilter", country: "France" }],
  });
});

function registryOfOrders() {
  return createFileRegistry(file_bourse_order_v1_order_service.proto, (name) =>
    file_bourse_order_v1_order_service.dependencies.find(({ proto }) => proto.name === name),
  );
}
