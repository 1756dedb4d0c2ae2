import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { ByteSink } from "./byte-sink.ts";
import { messageEncoder } from "./message-encoder.ts";
import { type AnyMessageOptions, anyMessage } from "./testing/any-message.ts";
import { anySchema } from "./testing/any-schema.ts";

const messagesPerSchema = 10;
const timeout = 60_000; // in ms; an idle machine takes seconds

// Excludes an object with a byte length and no bytes, because the output of toBinary for it is unspecified.
const wild = fc.constantFrom<unknown[]>(
  ...[undefined, null, true, "", "12", "-1", "x", 1.5, -1, 2 ** 40, Number.NaN, 1e300, -(2n ** 70n), 2n ** 64n, {}, []],
);

const compared = { schemas: 0, bytes: 0, errors: 0 };

describe("messageEncoder, with any messages of any schema", () => {
  test("returns the bytes of toBinary, also for messages that were decoded from them", {
    tags: ["slow"],
    timeout,
  }, () => {
    fc.assert(
      fc.property(anySchemaAndMessages({}), (cases) => {
        compared.schemas++;
        for (const [desc, message] of cases) {
          const bytes = compare(desc, message);
          const parsed = bytes && attempt(() => fromBinary(desc, bytes));
          if (parsed !== undefined) compare(desc, parsed);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("throws if toBinary throws for an invalid value, and else returns its bytes", {
    tags: ["slow"],
    timeout,
  }, () => {
    fc.assert(
      fc.property(anySchemaAndMessages({ wild }), (cases) => {
        compared.schemas++;
        for (const [desc, message] of cases) compare(desc, message);
      }),
      { numRuns: 200 },
    );
  });

  afterAll(() => console.info(`compared with toBinary: ${JSON.stringify(compared)}`));
});

function anySchemaAndMessages(options: AnyMessageOptions): fc.Arbitrary<[DescMessage, Message][]> {
  return anySchema.chain((descs) => {
    const anyCase = descs.map((desc) => fc.tuple(fc.constant(desc), anyMessage(desc, options)));
    return fc.array(fc.oneof(...anyCase), { minLength: messagesPerSchema, maxLength: messagesPerSchema });
  });
}

/** Expects the same outcome of both. Returns the bytes, or undefined if both throw. */
function compare(desc: DescMessage, message: Message): Buffer | undefined {
  const expected = outcome(() => toBinary(desc, message));
  expect(outcome(() => encode(desc, message))).toEqual(expected);
  if (expected instanceof Buffer) compared.bytes++;
  else compared.errors++;
  return expected instanceof Buffer ? expected : undefined;
}

// Small, so that it grows, and with bytes before the message.
function encode(desc: DescMessage, message: Message): Uint8Array {
  const sink = new ByteSink(8);
  sink.position = 3;
  messageEncoder(desc)(message, sink);
  return sink.buffer.subarray(3, sink.position);
}

function outcome(encodeIt: () => Uint8Array): unknown {
  try {
    return Buffer.from(encodeIt());
  } catch (error) {
    // If several values are invalid, the two may report different ones.
    return Error.isError(error) ? "an error" : error;
  }
}

function attempt<T>(what: () => T): T | undefined {
  try {
    return what();
  } catch {
    return undefined;
  }
}
