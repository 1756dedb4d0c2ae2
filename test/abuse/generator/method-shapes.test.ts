import { type DescMessage, type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { QuoteService } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { classicServices } from "../../../server/classic/classic-routes.ts";
import { bourseServices } from "../../../server/routes.ts";
import { allCases, sampledCases } from "./case-selection.ts";
import { messagePaths } from "./field-path.ts";
import { shapesOf } from "./method-shapes.ts";

const methods = [...bourseServices, ...classicServices].flatMap((service) => service.methods);
const maxBytes = 20_000;

test("every field of every message in a request has shapes", () => {
  for (const method of methods) {
    const kinds = shapesOf(method).map(({ kind }) => kind);
    const fields = messagePaths(method.input).flatMap(({ message }) => message.fields);
    const missing = fields.filter(
      (field) => !kinds.some((kind) => kind.startsWith(`${field.parent.typeName}.${field.name}: `)),
    );
    expect(missing).toEqual([]);
  }
});

test("no shape exceeds the requested size, except small and deep shapes", () => {
  const tooLarge = methods
    .flatMap(shapesOf)
    .filter(({ isLarge, build }) => isLarge && build(maxBytes).length > maxBytes)
    .map(({ name }) => name);
  expect(tooLarge).toEqual([]);
});

test("a large shape has the requested size unless validation rules forbid it", () => {
  const small = shapesOf(QuoteService.method.watchQuotes)
    .filter(
      ({ isLarge, name, build }) => isLarge && !name.startsWith("legal") && build(maxBytes).length < 0.9 * maxBytes,
    )
    .map(({ name }) => name);
  expect(small).toEqual([]);
});

test("a shape is valid protobuf unless it is marked as unparsable", () => {
  for (const method of methods) {
    const shapes = shapesOf(method).filter(({ format, isUnparsable }) => format === "binary" && !isUnparsable);
    for (const { name, build } of shapes) {
      expect(() => fromBinary(method.input, build(2_000), { recursionLimit: 100 }), name).not.toThrow();
    }
  }
});

test("a recursive type has nested shapes, and a map has equal, different and dangerous keys", () => {
  const names = shapesOf(taking(StructSchema)).map(({ name }) => name);
  expect(names).toContain("fields: within itself, 10,000 deep");
  expect(names).toEqual(
    expect.arrayContaining(["fields: equal keys", "fields: different keys", 'fields: key "__proto__"']),
  );
});

test("the same seed gives the same sample, which contains every shape of each request", () => {
  const one = sampledCases(methods, 7);
  expect(sampledCases(methods, 7).map(({ name }) => name)).toEqual(one.map(({ name }) => name));
  expect(sampledCases(methods, 8).map(({ name }) => name)).not.toEqual(one.map(({ name }) => name));
  const own = methods.flatMap((method) => shapesOf(method).filter(({ depth }) => depth === 0));
  expect(one.filter(({ shape }) => shape.depth === 0)).toHaveLength(own.length);
});

test("the sample contains every kind of large shape of every message type", () => {
  const kindsOf = (cases: readonly { readonly shape: { readonly kind: string; readonly isLarge: boolean } }[]) =>
    new Set(cases.filter(({ shape }) => shape.isLarge).map(({ shape }) => shape.kind));
  expect(kindsOf(sampledCases(methods, 1))).toEqual(kindsOf(allCases(methods)));
});

/** Creates a method with this request type. */
function taking(input: DescMessage): DescMethod {
  return { ...QuoteService.method.getQuote, input } as DescMethod;
}
