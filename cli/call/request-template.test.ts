import { readFileSync } from "node:fs";
import { createFileRegistry, createRegistry, fromBinary, fromJson } from "@bufbuild/protobuf";
import { AnySchema, EmptySchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { SubmitOrdersRequestSchema } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { createTemplate } from "./request-template.ts";

const types = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync("gen/descriptors.binpb")));
const messages = [...types].filter((type) => type.kind === "message");

test("a template has every field, with an example value", () => {
  expect(createTemplate(SubmitOrdersRequestSchema)).toEqual({
    order: {
      sequence: "0",
      key: "",
      order_number: "",
      product_code: "",
      description: "",
      quantity: 0,
      unit_price: { currency_code: "", units: "0", nanos: 0 },
      customer_id: "",
      country: "",
      placed_at: "2026-01-31T12:00:00Z",
    },
  });
});

test("the template of each message of the server and of protobuf fits the message", () => {
  expect(messages.length).toBeGreaterThan(100);
  const registry = createRegistry(EmptySchema, AnySchema);
  for (const message of messages) {
    expect(() => fromJson(message, createTemplate(message), { registry }), message.typeName).not.toThrow();
  }
});
