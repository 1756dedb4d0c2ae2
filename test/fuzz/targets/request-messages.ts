import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { ByteSink } from "../../../server/transport/encoding/byte-sink.ts";
import { messageEncoder } from "../../../server/transport/encoding/message-encoder.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";
import { requestMethods, validate } from "../engine/request-types.ts";

// The encoders of Bourse encode a decoded message to the same bytes as toBinary, and the round trip returns the same
// message. Validation accepts or rejects it.

const recursionLimit = 50;

export const target: FuzzTarget = {
  maxBytes: 4_096,
  seeds: requestMethods.map((_, index) => Buffer.from([index, 10, 4, 65, 67, 77, 69, 16, 1, 26, 2, 8, 1])),
  async run(input) {
    const reader = new InputReader(input);
    const method = reader.pick(requestMethods);
    let message: Message;
    try {
      message = fromBinary(method.input, reader.rest(), { recursionLimit });
    } catch (error) {
      // Every thrown error becomes an error of the protocol, but it must not be a defect of the decoder.
      const isText =
        error instanceof TypeError && "code" in error && error.code === "ERR_ENCODING_INVALID_ENCODED_DATA";
      invariant(error instanceof Error && (isText || !(error instanceof TypeError)), () => `fromBinary threw ${error}`);
      return;
    }
    const bytes = Buffer.from(toBinary(method.input, message));
    const sink = new ByteSink(8);
    messageEncoder(method.input)(message, sink);
    const encoded = sink.buffer.subarray(0, sink.position);
    invariant(
      bytes.equals(encoded),
      () => `toBinary returns ${bytes.toString("hex")}, the encoder ${encoded.toString("hex")}`,
    );
    const again = toBinary(method.input, fromBinary(method.input, bytes, { recursionLimit }));
    invariant(bytes.equals(again), () => `${bytes.toString("hex")} became ${Buffer.from(again).toString("hex")}`);
    await validate(method, message);
  },
};
