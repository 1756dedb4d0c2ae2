import { type DescMessage, equals, fromBinary, fromJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { requestLimits } from "../../../server/request-message-limits.ts";
import { toConnectError } from "../../../server/shared/to-connect-error.ts";
import { defaultLimits } from "../../../server/transport/protection/default-limits.ts";
import { MessageDecoder } from "../../../server/transport/request/message-decoder.ts";
import { declared, type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";
import { registry, requestMethods, validate } from "../engine/request-types.ts";

// The transport decodes a request to the same message as protobuf-es, or rejects it with INVALID_ARGUMENT or
// RESOURCE_EXHAUSTED. Its limits do not reject a request that passes validation.

const { maxMessageDepth } = defaultLimits;
const decoders = requestMethods.map((method) => {
  const options = {
    limits: requestLimits(method),
    maxMessageDepth,
    jsonOptions: { registry },
    mapError: toConnectError,
  };
  return { method, decoder: new MessageDecoder(method, options) };
});

/**
 * The number of repetitions of an input's body, so many that lists reach their limits and small messages are scanned.
 */
const repetitions = [1, 1, 1, 50, 500, 3_000] as const;

/** Larger inputs are slow. */
const maxBytes = 128 * 1024;

export const target: FuzzTarget = {
  maxBytes: 1_024,
  seeds: requestMethods.flatMap((method, index) => [
    Buffer.concat([Buffer.from([index, 1, 5]), Buffer.from([10, 4, 65, 67, 77, 69])]),
    Buffer.concat([Buffer.from([index, 1, 3]), Buffer.from([18, 2, 8, 1, 26, 0, 0x23, 0x24])]),
    Buffer.from(`${String.fromCharCode(index, 0, 0)}{"${method.input.fields[0]?.jsonName ?? "x"}":["ACME",{}]}`),
  ]),
  async run(input) {
    const reader = new InputReader(input);
    const { method, decoder } = reader.pick(decoders);
    const binary = reader.byte() % 2 === 1;
    const times = reader.pick(repetitions);
    const body = reader.rest();
    const bytes = repeat(body, binary ? times : 1).subarray(0, maxBytes);
    const decoded = declared<Message, ConnectError>(() => decoder.decode(bytes, binary), ConnectError);
    const plain = plainly(method.input, bytes, binary);
    if (!(decoded instanceof Error)) {
      invariant(
        plain !== undefined && equals(method.input, decoded, plain, { registry }),
        "the decoded message differs",
      );
      await validate(method, decoded);
      return;
    }
    const known = [Code.InvalidArgument, Code.ResourceExhausted].includes(decoded.code);
    invariant(known && decoded.message.length <= 2_000, () => `${decoded.code} ${decoded.message.slice(0, 4_000)}`);
    const isForSize = / than the \d+ bytes that | has \d+ elements|fields/.test(decoded.message);
    if (plain !== undefined && isForSize && decoded.code === Code.InvalidArgument) {
      invariant(!(await validate(method, plain)), () => `the request is valid, but: ${decoded.message}`);
    }
  },
};

function repeat(body: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => body));
}

/** Returns undefined if the bytes cannot be decoded. */
function plainly(schema: DescMessage, bytes: Buffer, binary: boolean): Message | undefined {
  try {
    if (binary) return fromBinary(schema, bytes, { readUnknownFields: false, recursionLimit: maxMessageDepth });
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as JsonValue;
    return fromJson(schema, value, { ignoreUnknownFields: true, registry, recursionLimit: maxMessageDepth });
  } catch {
    return undefined;
  }
}
