import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { ByteSink } from "./byte-sink.ts";
import { messagePlan } from "./message-plan.ts";
import { putMessage } from "./put-message.ts";

/**
 * Appends the binary encoding of a message: byte for byte what toBinary gives. Throws what toBinary would throw where a
 * value does not fit its field (one of them, where several do not); `sink.position` may then be anywhere behind where
 * it was.
 */
export type MessageEncoder = (message: Message, sink: ByteSink) => void;

const encoders = new WeakMap<DescMessage, MessageEncoder>();

/**
 * The encoder of a type's messages, compiled on first use. It takes any message that toBinary takes, as long as the
 * fields are enumerable properties, which those of create() are.
 */
export function messageEncoder(desc: DescMessage): MessageEncoder {
  const known = encoders.get(desc);
  if (known !== undefined) return known;
  const plan = messagePlan(desc);
  const encoder: MessageEncoder = (message, sink) => putMessage(plan, message, sink);
  encoders.set(desc, encoder);
  return encoder;
}
