import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  setExtension,
  toBinary,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import {
  AnySchema,
  anyPack,
  DoubleValueSchema,
  EnumValueOptionsSchema,
  FieldDescriptorProto_Label,
  type FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  StructSchema,
  TimestampSchema,
  FieldDescriptorProto_Type as Type,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QuoteSchema } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { WatchQuotesResponseSchema } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { FieldRulesSchema, field as fieldRules } from "../../../gen/buf/validate/validate_pb.ts";
import { BadRequestSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.ts";
import { ByteSink } from "./byte-sink.ts";
import { messageEncoder } from "./message-encoder.ts";
import { anyMessage } from "./testing/any-message.ts";

const descriptors = fromBinary(FileDescriptorSetSchema, readFileSync("gen/descriptors.binpb"));

describe("messageEncoder", () => {
  test("writes the same bytes if the process forbids compilation", async () => {
    const program = `
      import { create, toBinary } from "@bufbuild/protobuf";
      import { QuoteSchema } from "./gen/bourse/quote/v1/quote_pb.ts";
      import { ByteSink } from "./server/transport/encoding/byte-sink.ts";
      import { messageEncoder } from "./server/transport/encoding/message-encoder.ts";
      const quote = create(QuoteSchema, { symbol: "ACME", bid: 101.25, bidSize: 1_200n, sourceTime: { seconds: 5n } });
      const sink = new ByteSink(1024);
      messageEncoder(QuoteSchema)(quote, sink);
      console.log(Buffer.compare(sink.buffer.subarray(0, sink.position), toBinary(QuoteSchema, quote)));
    `;
    const flags = ["--disallow-code-generation-from-strings", "--input-type=module-typescript"];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, "-e", program]);
    expect(stdout.trim()).toBe("0");
  });

  test("is compiled once for a descriptor", () => {
    expect(messageEncoder(QuoteSchema)).toBe(messageEncoder(QuoteSchema));
  });

  test("appends to the bytes of the sink", () => {
    const sink = new ByteSink(16);
    messageEncoder(TimestampSchema)(create(TimestampSchema, { seconds: 1n }), sink);
    messageEncoder(TimestampSchema)(create(TimestampSchema, { nanos: 2 }), sink);
    expect([...sink.buffer.subarray(0, sink.position)]).toEqual([0x08, 1, 0x10, 2]);
  });

  test("encodes every descriptor of the project's own protos as toBinary does", () => {
    expect(descriptors.file.length).toBeGreaterThan(10);
    for (const file of descriptors.file) expectSameBytes(FileDescriptorProtoSchema, file);
    expectSameBytes(FileDescriptorSetSchema, descriptors);
  });

  test("encodes any message of the project's own protos as toBinary does", () => {
    const registry = createFileRegistry(descriptors);
    for (const type of registry) {
      if (type.kind !== "message") continue;
      const check = (message: Message) => expectSameBytes(type, message);
      fc.assert(fc.property(anyMessage(type), check), { numRuns: 3 });
    }
  });

  test.each([1, 50])("encodes a response with %i quotes as toBinary does", (count) => {
    const quotes = Array.from({ length: count }, (_, i) => ({ symbol: `S${i}`, bid: i / 3, volume: BigInt(i) ** 9n }));
    expectSameBytes(WatchQuotesResponseSchema, create(WatchQuotesResponseSchema, { quotes, cursor: { seq: 7n } }));
  });

  test("encodes errors with details as toBinary does", () => {
    const fieldViolations = [{ field: "symbols", description: "too many" }];
    const details = [anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations }))];
    expectSameBytes(StatusSchema, create(StatusSchema, { code: 3, message: "naïve – 😀 \ud800", details }));
  });

  test("writes extensions", () => {
    const options = create(FieldOptionsSchema, { deprecated: true });
    setExtension(
      options,
      fieldRules,
      create(FieldRulesSchema, { type: { case: "repeated", value: { maxItems: 5n } } }),
    );
    expectSameBytes(FieldOptionsSchema, options);
  });

  test("writes unknown fields last", () => {
    const unknown = fromBinary(EnumValueOptionsSchema, Uint8Array.of(0xf8, 0x7f, 5, 0x08, 1, 0xf3, 0x7f, 0xf4, 0x7f));
    expect(unknown.$unknown).toHaveLength(2);
    expectSameBytes(EnumValueOptionsSchema, unknown);
  });

  test.each([0, -0, 5e-324, Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1])(
    "encodes the double %d",
    (value) => expectSameBytes(DoubleValueSchema, create(DoubleValueSchema, { value })),
  );

  test.each([0, 1, 30, 31, 32, 33, 42, 43, 127, 128, 5_461, 5_462, 16_383, 16_384, 100_000])(
    "encodes texts of %i characters",
    (length) => {
      for (const unit of ["a", "é", "€", "😀", "\ud800", "\udc00\ud800"]) {
        expectSameBytes(ValueSchema, textValue(unit.repeat(length)));
        expectSameBytes(ValueSchema, textValue(`${"a".repeat(length)}${unit}`));
      }
    },
  );

  test("encodes the same field with lengths of one, two and three bytes, in any order", () => {
    for (const length of [1, 200, 1, 20_000, 200, 20_000, 1]) {
      expectSameBytes(AnySchema, create(AnySchema, { value: new Uint8Array(length) }));
      const listValue = { values: [textValue("x".repeat(length)), textValue("y")] };
      expectSameBytes(ValueSchema, create(ValueSchema, { kind: { case: "listValue", value: listValue } }));
    }
  });

  test("encodes a Struct, which messages represent as JSON, as toBinary does", () => {
    const json = JSON.parse('{"a": [1, null, {"b": "c"}, []], "__proto__": true, "2": {}, "1": -0}');
    const holder = structHolder();
    const [list, single] = [holder.fields[0], holder.fields[1]].map((field) => field?.localName ?? "");
    for (const value of [json, {}, null, [], "x", { odd: undefined }, { big: 1n }]) {
      expectSameBytes(holder, Object.assign(create(holder), { [list as string]: [value, undefined] }));
      expectSameBytes(holder, Object.assign(create(holder), { [single as string]: value }));
    }
  });

  test("encodes messages without a prototype, with another one, frozen, and with foreign properties", () => {
    const quote = create(QuoteSchema, { symbol: "A", bid: 1, seq: 2n });
    for (const message of [
      Object.assign(Object.create(null), quote),
      Object.assign(Object.create({ ask: 3 }), quote),
      Object.create(quote),
      Object.freeze({ ...quote }),
      { foreign: 1, ...quote },
      { ...quote, ask: undefined, foreign: { deep: 1 } },
      reflect(QuoteSchema, quote).message,
    ]) {
      expectSameBytes(QuoteSchema, message as Message);
    }
  });

  test("encodes nested messages with properties in any order", () => {
    const node = recursiveMessage();
    let message = create(node);
    for (let depth = 0; depth < 300; depth++) message = Object.assign(create(node), { child: message, y: 1, x: 2 });
    expectSameBytes(node, message);
  });

  test.each<[string, DescMessage, object]>([
    ["a message of another type", QuoteSchema, create(TimestampSchema)],
    ["no message", QuoteSchema, {}],
    ["an integer out of range", TimestampSchema, { ...create(TimestampSchema), nanos: 2 ** 31 }],
    ["a fraction", TimestampSchema, { ...create(TimestampSchema), nanos: 0.5 }],
    ["a bigint out of range", TimestampSchema, { ...create(TimestampSchema), seconds: 2n ** 63n }],
    ["a text that is not a number", TimestampSchema, { ...create(TimestampSchema), seconds: "soon" }],
    ["a nested message of another type", QuoteSchema, { ...create(QuoteSchema), sourceTime: create(AnySchema) }],
  ])("throws what toBinary throws for %s", (_, desc, message) => {
    const expected = errorOf(() => toBinary(desc, message as Message));
    const error = errorOf(() => messageEncoder(desc)(message as Message, new ByteSink(0)));
    expect(`${error}`).toBe(`${expected}`);
  });

  test("continues after an error from the restored position", () => {
    const sink = new ByteSink(0);
    const encode = messageEncoder(WatchQuotesResponseSchema);
    const good = create(WatchQuotesResponseSchema, { quotes: [{ symbol: "A" }] });
    const bad = create(WatchQuotesResponseSchema, { quotes: [{ symbol: "B" }, { symbol: "C", bidSize: 2n ** 64n }] });
    encode(good, sink);
    const whole = sink.position;
    expect(() => encode(bad, sink)).toThrow("cannot encode field bourse.quote.v1.Quote.bid_size to binary");
    sink.position = whole;
    encode(good, sink);
    const bytes = toBinary(WatchQuotesResponseSchema, good);
    expect(sink.buffer.subarray(0, sink.position)).toEqual(Buffer.concat([bytes, bytes]));
  });
});

function expectSameBytes(desc: DescMessage, message: Message): void {
  const sink = new ByteSink(1);
  messageEncoder(desc)(message, sink);
  const bytes = toBinary(desc, message);
  expect(Buffer.compare(sink.buffer.subarray(0, sink.position), bytes), `${message.$typeName} differs`).toBe(0);
}

function textValue(text: string) {
  return create(ValueSchema, { kind: { case: "stringValue", value: text } });
}

/** A message with a list of Struct, and a single one. */
function structHolder(): DescMessage {
  const struct = { type: Type.MESSAGE, typeName: ".google.protobuf.Struct" };
  return onlyMessage([
    { name: "list", number: 1, label: FieldDescriptorProto_Label.REPEATED, ...struct },
    { name: "single", number: 2, ...struct },
  ]);
}

function recursiveMessage(): DescMessage {
  const optional = { type: Type.INT32, proto3Optional: true };
  return onlyMessage([
    { name: "child", number: 1, type: Type.MESSAGE, typeName: ".Only" },
    { name: "x", number: 2, oneofIndex: 0, ...optional },
    { name: "y", number: 3, oneofIndex: 1, ...optional },
  ]);
}

function onlyMessage(fields: MessageInitShape<typeof FieldDescriptorProtoSchema>[]): DescMessage {
  const file = create(FileDescriptorProtoSchema, {
    name: "only.proto",
    syntax: "proto3",
    dependency: [StructSchema.file.proto.name],
    messageType: [
      {
        name: "Only",
        field: fields.map((field) => ({ label: FieldDescriptorProto_Label.OPTIONAL, ...field })),
        oneofDecl: fields.filter((field) => field.proto3Optional).map((field) => ({ name: `_${field.name}` })),
      },
    ],
  });
  return createFileRegistry(file, () => StructSchema.file.proto).getMessage("Only") as DescMessage;
}

function errorOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("no error was thrown");
}
