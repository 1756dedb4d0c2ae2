import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProductSchema } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { UpdateProductRequestSchema } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import {
  PublishQuotesRequestSchema,
  WatchQuotesRequestSchema,
} from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { ListUploadsRequestSchema } from "../../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { LimitError } from "../../protection/limit-error.ts";
import { createBinaryMessageScan } from "./binary-message-scan.ts";
import { maxRequestFields, unscannedBytes } from "./field-bounds.ts";

const maxDepth = 100;
const watchScan = createBinaryMessageScan(WatchQuotesRequestSchema, maxDepth);

const symbols = (count: number) => Array.from({ length: count }, () => "A");
const subscribe = (count: number) => ({ command: { case: "subscribe" as const, value: { symbols: symbols(count) } } });
const watchBytes = (init: Parameters<typeof create<typeof WatchQuotesRequestSchema>>[1]) =>
  toBinary(WatchQuotesRequestSchema, create(WatchQuotesRequestSchema, init));

describe("a list that is longer than its rules allow is refused by its path:", () => {
  test.each([
    ["in the message", watchBytes({ symbols: symbols(10_001) }), "symbols"],
    [
      "in an element of a list",
      watchBytes({ commands: [subscribe(1), subscribe(10_001)] }),
      "commands[1].subscribe.symbols",
    ],
    ["in parts that are merged", mergedParts(), "commands[0].subscribe.symbols"],
    ["a list of messages", watchBytes({ commands: Array.from({ length: 101 }, () => subscribe(100)) }), "commands"],
  ])("%s", (_what, bytes, field) => {
    expect(errorOf(() => watchScan(bytes))).toBeInstanceOf(ConnectError);
    expect(errorOf(() => watchScan(bytes))).toMatchObject(invalid(field));
  });

  test("a packed list", () => {
    const scan = createBinaryMessageScan(ListUploadsRequestSchema, maxDepth);
    const packed = Buffer.concat([Buffer.from([0x0a, 0x80, 0x80, 0x02]), Buffer.alloc(32_768)]);
    expect(errorOf(() => scan(packed))).toMatchObject(invalid("states"));
  });

  test("a list of the allowed length is accepted", () => {
    watchScan(watchBytes({ symbols: symbols(10_000), commands: [subscribe(10_000)] }));
  });
});

test("fields are counted at every depth, unknown ones included", () => {
  const scan = createBinaryMessageScan(PublishQuotesRequestSchema, maxDepth);
  const unknown = Buffer.alloc(2 * (maxRequestFields / 2 + 1), Buffer.from([0x78, 0]));
  const length = [0x80 | (unknown.length % 128), 0x80 | ((unknown.length >> 7) % 128), unknown.length >> 14];
  const quote = Buffer.concat([Buffer.from([0x0a, ...length]), unknown]);
  scan(quote);
  expect(errorOf(() => scan(Buffer.concat([quote, quote])))).toBeInstanceOf(LimitError);
});

describe("a message that cannot be scanned is malformed:", () => {
  const padding = Buffer.alloc(unscannedBytes + 2, Buffer.from([0x78, 0]));
  test.each([
    ["a field that ends after the message", [0x0a, 5]],
    ["a nested message that ends after the enclosing one", [0x42, 2, 0x12, 5, 0, 0, 0, 0, 0]],
    ["a wrong wire type", [0x08, 1]],
    ["a tag without a field", [0x00]],
    ["a tag of more than 32 bits", [0x80, 0x80, 0x80, 0x80, 0x10, 0]],
    ["a number of more than ten bytes", [0x78, ...Array<number>(10).fill(0x80), 0]],
    ["the end of a group without a start", [0x7c]],
    ["a group without an end", [0x7b]],
    ["groups that are nested too deeply", Array<number>(101).fill(0x7b)],
  ])("%s", (_what, bytes) => {
    expect(errorOf(() => watchScan(Buffer.concat([padding, Buffer.from(bytes)])))).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(/^the message is not valid protobuf: /),
    });
  });
});

test("a message that is accepted has the elements that the decoder finds, or the decoder refuses it", () => {
  const types: DescMessage[] = [
    WatchQuotesRequestSchema,
    UpdateProductRequestSchema,
    ProductSchema,
    ListUploadsRequestSchema,
  ];
  const scans = new Map(types.map((type) => [type, createBinaryMessageScan(type, maxDepth)]));
  const input = fc.tuple(fc.constantFrom(...types), fc.array(piece(), { maxLength: 60 }));
  let passed = 0;
  fc.assert(
    fc.property(input, ([type, pieces]) => {
      // Adds unknown fields, so that the message is long enough for a scan.
      const padding = Buffer.alloc(unscannedBytes + 2, Buffer.from([0xf8, 0x3f, 0]));
      const bytes = Buffer.concat([padding.subarray(0, Math.floor(padding.length / 3) * 3), ...pieces]);
      const error = errorOf(() => scans.get(type)?.(bytes));
      if (error !== undefined) {
        expect(error instanceof ConnectError || error instanceof LimitError).toBe(true);
        return;
      }
      const message = decoded(type, bytes);
      if (message === undefined) return;
      passed++;
      // The scan also counts elements that are cleared or merged later, so it never counts fewer than the decoder.
      expect(withinRules(message)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
  expect(passed).toBeGreaterThan(100);
});

/** Generates bytes that may be fields of the types: tags, lengths, and random bytes. */
function piece(): fc.Arbitrary<Uint8Array> {
  const field = fc
    .tuple(fc.integer({ min: 1, max: 11 }), fc.constantFrom(0, 1, 2, 3, 5), fc.uint8Array({ maxLength: 12 }))
    .map(([number, wireType, bytes]) =>
      Buffer.from([number * 8 + wireType, ...(wireType === 2 ? [bytes.length] : []), ...bytes]),
    );
  const states = fc
    .integer({ min: 1, max: 9 })
    .map((count) => Buffer.from([0x0a, count, ...Array<number>(count).fill(1)]));
  return fc.oneof(field, states, fc.uint8Array({ maxLength: 8 }));
}

/** Whether the lists of a message, at every depth, have no more elements than the smallest of their bounds. */
function withinRules(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(withinRules);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return true;
  const { $typeName, states, gpus, storages, commands } = value as Record<string, unknown[] | undefined>;
  const lists: [unknown[] | undefined, number][] = [
    [states, 6],
    [gpus, 16],
    [storages, 64],
    [commands, 100],
  ];
  if (($typeName as unknown) !== undefined && lists.some(([list, max]) => list !== undefined && list.length > max))
    return false;
  return Object.values(value).every(withinRules);
}

function decoded(type: DescMessage, bytes: Uint8Array): MessageShape<DescMessage> | undefined {
  try {
    return fromBinary(type, bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}

/** A command whose subscription is encoded in two parts, which decoders merge. */
function mergedParts(): Uint8Array {
  const part = Buffer.concat([
    Buffer.from([0x12, 0x84, 0x87, 0x01]),
    Buffer.alloc(3 * 5_764, Buffer.from([0x0a, 1, 0x41])),
  ]);
  const length = part.subarray(4).length;
  part.set([0x80 | (length % 128), 0x80 | ((length >> 7) % 128), length >> 14], 1);
  const both = Buffer.concat([part, part]);
  return Buffer.concat([
    Buffer.from([0x42, 0x80 | (both.length % 128), 0x80 | ((both.length >> 7) % 128), both.length >> 14]),
    both,
  ]);
}

/** The error about a field: INVALID_ARGUMENT with a BadRequest. */
function invalid(field: string) {
  return { code: Code.InvalidArgument, details: [{ value: { fieldViolations: [{ field }] } }] };
}

function errorOf(run: () => void): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}
