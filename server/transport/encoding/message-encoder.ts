import { type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import type { ByteSink } from "./byte-sink.ts";

/** Appends the binary encoding of a message. */
export type MessageEncoder = (message: Message, sink: ByteSink) => void;

/** The encoder of a message type. */
export function messageEncoder(desc: DescMessage): MessageEncoder {
  return (message, sink) => {
    const bytes = toBinary(desc, message);
    sink.ensure(bytes.byteLength);
    sink.buffer.set(bytes, sink.position);
    sink.position += bytes.byteLength;
  };
}
