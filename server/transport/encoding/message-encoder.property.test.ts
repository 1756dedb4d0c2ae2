import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { ByteSink } from "./byte-sink.ts";
import { messageEncoder } from "./message-encoder.ts";
import { type AnyMessageOptions, anyMessage } from "./testing/any-message.ts";
import { anySchema } from "./testing/any-schema.ts";

const messagesPerSchema = 10;
const timeout = 60_000; // ms; seconds on a machine that does nothing else

// None is an object with a byte length and no bytes, of which toBinary makes what nobody should rely on.
const wild = fc.constantFrom<unknown[]>(
  ...[undefined, null, true, "", "12", "-1", "x", 1.5, -1, 2 ** 40, Number.NaN, 1e300, -(2n ** 70n), 2n ** 64n, {}, []],
);

const compared = { schemas: 0, bytes: 0, errors: 0 };

describe("messageEncoder, with any messages of any schema", () => {
  test("gives the bytes that toBinary gives, also for what was parsed from them", { tags: ["slow"], timeout }, () => {
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

  test("throws where toBinary throws because a value does not fit, and else gives its bytes", {
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

/** Expects the same outcome of both; returns the bytes, or `undefined` where both throw. */
function compare(desc: DescMessage, message: Message): Buffer | undefined {
  const expected = outcome(() => toBinary(desc, message));
  expect(outcome(() => encode(desc, message))).toEqual(expected);
  if (expected instanceof Buffer) compared.bytes++;
  else compared.errors++;
  return expected instanceof Buffer ? expected : undefined;
}

// Small, so that it grows on the way, and with bytes in front.
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
    // Where several values do not fit, each may report another one.
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
