import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { buildFileRegistry } from "./build-file-registry.ts";
import { describeSymbol, findSymbol } from "./describe-symbol.ts";
import type { DescriptorSource } from "./descriptor-source.ts";

const files = fromBinary(FileDescriptorSetSchema, readFileSync("gen/descriptors.binpb")).file;
const types = buildFileRegistry(files, "gen/descriptors.binpb");
const source: DescriptorSource = {
  name: "gen/descriptors.binpb",
  listServices: async () => [...types].filter(({ kind }) => kind === "service").map(({ typeName }) => typeName),
  load: async () => types,
  loadExtension: async () => types,
};

const describe = async (name: string) => describeSymbol(await findSymbol(source, name));

test("a method is described with its kind, its comment and its messages", async () => {
  const text = await describe("grpc.health.v1.Health/Check");
  expect(text).toMatch(/^\/\/ unary method grpc\.health\.v1\.Health\/Check, .*health\.proto\n\/\/ /);
  expect(text).toContain(
    "\nrpc Check(grpc.health.v1.HealthCheckRequest) returns (grpc.health.v1.HealthCheckResponse);\n",
  );
  expect(text).toContain("\nmessage HealthCheckRequest {\n  string service = 1;\n}\n");
  expect(text).toContain("  enum ServingStatus {\n    UNKNOWN = 0;\n");
  expect(await describe("grpc.health.v1.Health.Check")).toBe(text);
});

test("a message is described with labels, oneofs, maps and comments", async () => {
  const response = await describe("bourse.order.v1.SubmitOrdersResponse");
  expect(response).toContain(
    "  // The result.\n  oneof result {\n    // The order is stored.\n    bourse.order.v1.AcceptedOrder accepted = 2;\n",
  );
  expect(await describe("bourse.order.v1.Order")).toContain("  optional string customer_id = 8;\n");
  expect(await describe("bourse.order.v1.ExportOrdersResponse")).toContain(
    "  repeated bourse.order.v1.Order orders = 1;\n",
  );
  expect(await describe("grpc.health.v1.HealthListResponse")).toContain(
    "  map<string, grpc.health.v1.HealthCheckResponse> statuses = 1;\n",
  );
});

test("a field or an enum value finds its message or enum", async () => {
  expect(await describe("bourse.order.v1.Order.quantity")).toContain("message Order {");
  expect(await describe("bourse.order.v1.Cancellations")).toContain("enum Cancellations {");
});

test("an unknown symbol is refused with a suggestion", async () => {
  await expect(describe("bourse.order.v1.OrdersService")).rejects.toThrow(
    "gen/descriptors.binpb has no symbol bourse.order.v1.OrdersService: did you mean bourse.order.v1.OrderService?",
  );
});

test("every method, message and enum of the server has a description", () => {
  let count = 0;
  for (const type of types) {
    if (type.kind === "extension") continue;
    const described = type.kind === "service" ? [type, ...type.methods] : [type];
    for (const each of described) {
      expect(describeSymbol(each)).toMatch(/^\/\/ .+\n/);
      count++;
    }
  }
  expect(count).toBeGreaterThan(100);
});
