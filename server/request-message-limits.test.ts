import { type DescField, type DescMessage, type DescMethod, fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../gen/health/v1/health_pb.ts";
import { classicServices } from "./classic/classic-routes.ts";
import { maxWatchRequestBytes, ownLimits, requestLimits } from "./request-message-limits.ts";
import { bourseServices } from "./routes.ts";
import { defaultLimits } from "./transport/protection/default-limits.ts";
import { maxJsonAllowance, spareRequestBytes } from "./transport/request/limits/derive-request-limits.ts";
import { boundsOf, hasLength } from "./transport/request/limits/field-bounds.ts";
import { largestMessageBytes } from "./transport/request/limits/largest-message-size.ts";

const ownMethods: DescMethod[] = [...bourseServices, ...classicServices].flatMap(({ methods }) => methods);
const methods: DescMethod[] = [...ownMethods, ...Health.methods, ...ServerReflection.methods];

/** Methods that accept larger messages than others, each with its limit. */
const larger: Readonly<Record<string, number>> = {
  "bourse.quote.v1.QuoteService.WatchQuotes": maxWatchRequestBytes,
  "bourse.quote.v1.QuoteService.StreamQuotes": maxWatchRequestBytes,
  // Methods with chunks and files of any size up to the message limit.
  "techschool.pcbook.LaptopService.UploadImage": defaultLimits.readMaxBytes,
  "proto.StreamService.UploadFile": defaultLimits.readMaxBytes,
};

test.each(methods.map((method) => [nameOf(method), method] as const))(
  "the size limit of %s covers its largest valid message and not much more",
  (name, method) => {
    const limit = Math.min(requestLimits(method).maxBytes, defaultLimits.readMaxBytes);
    const most = larger[name] ?? maxJsonAllowance + spareRequestBytes + 100;
    expect(limit).toBeLessThanOrEqual(most);
    if (!(name in larger)) expect(limit).toBeGreaterThanOrEqual(largestMessageBytes(method.input, ownLimits.textBytes));
  },
);

test("every list, text and map of every request of Bourse's own has a bound", () => {
  const unbounded = ownMethods.flatMap(({ input }) => [...fieldsOf(input)].filter(isUnbounded).map(String));
  expect([...new Set(unbounded)]).toEqual([]);
});

test("no request has a map, whose values would not be counted", () => {
  const maps = methods.flatMap(({ input }) => [...fieldsOf(input)].filter(({ fieldKind }) => fieldKind === "map"));
  expect(maps).toEqual([]);
});

test.each(methods.map((method) => [nameOf(method), method] as const))("%s refuses too many fields", (_name, method) => {
  const { maxBytes, checkBinary, checkJson } = requestLimits(method);
  const size = Math.min(maxBytes, defaultLimits.readMaxBytes);
  if (size < 300_000) return;
  const fields = Buffer.alloc(Math.floor(size / 3) * 3, Buffer.from([0xf8, 0x3f, 0]));
  expect(() => checkBinary?.(fields)).toThrow("fields and elements; the limit is");
  expect(fromBinary(method.input, fields.subarray(0, 3)).$unknown).toHaveLength(1);
  expect(() => checkJson?.(Buffer.from(`{"unknown":[${"0,".repeat(size / 2)}0]}`))).toThrow(
    "fields and elements; the limit is",
  );
});

/** Whether a field lacks a required bound. Lists, maps, strings and bytes require one. */
function isUnbounded(field: DescField): boolean {
  const { maxBytes = ownLimits.textBytes[`${field.parent.typeName}.${field.name}`], maxItems } = boundsOf(field);
  if (field.fieldKind === "map") return true;
  if (field.fieldKind === "list") return maxItems === undefined || (hasLength(field) && maxBytes === undefined);
  return hasLength(field) && maxBytes === undefined;
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}

function* fieldsOf(type: DescMessage, seen = new Set<DescMessage>()): Iterable<DescField> {
  if (seen.has(type)) return;
  seen.add(type);
  for (const field of type.fields) {
    yield field;
    if (field.message !== undefined) yield* fieldsOf(field.message, seen);
  }
}
