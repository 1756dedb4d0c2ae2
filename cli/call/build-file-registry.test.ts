import { readFileSync } from "node:fs";
import { clone, create, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { buildFileRegistry } from "./build-file-registry.ts";

const complete = fromBinary(FileDescriptorSetSchema, readFileSync("gen/descriptors.binpb")).file;
const service = "bourse.order.v1.OrderService";

function methodsOf(files: readonly FileDescriptorProto[]): string[] | undefined {
  return buildFileRegistry(files, "the test")
    .getService(service)
    ?.methods.map(({ name }) => name);
}

test("files in any order build the same registry", () => {
  const methods = ["SubmitOrders", "ExportOrders", "GetOrderSummary"];
  expect(methodsOf(complete)).toEqual(methods);
  expect(methodsOf(complete.toReversed())).toEqual(methods);
});

test("files without imports and JSON names, and with relative type names, build the same registry", () => {
  const reduced = complete.map((file) => {
    const copy = clone(FileDescriptorProtoSchema, file);
    copy.dependency = [];
    for (const { method } of copy.service) {
      for (const each of method) {
        each.inputType = each.inputType.replace(`.${file.package}.`, "");
        each.outputType = each.outputType.replace(`.${file.package}.`, "");
      }
    }
    for (const { field } of copy.messageType) {
      for (const each of field) {
        each.typeName = each.typeName.replace(`.${file.package}.`, "");
        each.jsonName = "";
      }
    }
    return copy;
  });
  const registry = buildFileRegistry(reduced, "the test");
  expect(registry.getService(service)?.methods.map(({ input }) => input.typeName)).toEqual([
    "bourse.order.v1.SubmitOrdersRequest",
    "bourse.order.v1.ExportOrdersRequest",
    "bourse.order.v1.GetOrderSummaryRequest",
  ]);
  const order = registry.getMessage("bourse.order.v1.Order");
  expect(order?.fields.map(({ jsonName }) => jsonName)).toContain("unitPrice");
  expect(order?.field.placedAt?.message?.typeName).toBe("google.protobuf.Timestamp");
});

test("files of protobuf itself may be absent, and files that define options only", () => {
  const needless = /^(google\/protobuf|buf\/validate|google\/api)\//;
  expect(methodsOf(complete.filter(({ name }) => !needless.test(name)))).toHaveLength(3);
});

test("a type that no file defines is an error with what to do", () => {
  const incomplete = complete.filter(({ name }) => name !== "google/type/money.proto");
  expect(() => buildFileRegistry(incomplete, "http://127.0.0.1:1")).toThrow(
    /^the descriptors of http:\/\/127\.0\.0\.1:1 are incomplete or invalid: .*google\.type\.Money.*--descriptor-set/,
  );
});

test("files that import each other are an error", () => {
  const file = (name: string, dependency: string) =>
    create(FileDescriptorProtoSchema, { name, dependency: [dependency], syntax: "proto3" });
  expect(() => buildFileRegistry([file("a.proto", "b.proto"), file("b.proto", "a.proto")], "the test")).toThrow(
    "a.proto imports b.proto imports a.proto",
  );
});
