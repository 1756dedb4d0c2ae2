import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { FieldError } from "@bufbuild/protobuf/reflect";
import type { ByteSink } from "./byte-sink.ts";
import { generateEncoderSource } from "./generate-encoder-source.ts";
import {
  type CompiledFields,
  type FieldPlan,
  type MessageFieldPlan,
  type MessagePlan,
  messagePlan,
  type ScalarFieldPlan,
} from "./message-encoding-plan.ts";
import { closeLength, openLength, putVarint32, tagAndVarintBytes } from "./protobuf-wire-format.ts";
import { isZeroValue, putDouble, putInt32, putInt64, putScalar, putString } from "./scalar-encoder.ts";
import { keepCopy, type SharedBytes, sharedBytesOf } from "./shared-message.ts";

/**
 * Appends the binary encoding of a message: byte for byte the output of toBinary. Throws the error of toBinary for an
 * invalid value (for one of them, if there are several); `sink.position` is then unspecified, but not lower than before.
 */
export type MessageEncoder = (message: Message, sink: ByteSink) => void;

const encoders = new WeakMap<DescMessage, MessageEncoder>();

/**
 * Returns the encoder of a type, compiled on first use. It accepts every message that toBinary accepts, if the fields are
 * enumerable properties, as in messages that `create` made. docs/decisions/0008-compiled-encoders.md
 */
export function messageEncoder(desc: DescMessage): MessageEncoder {
  const known = encoders.get(desc);
  if (known !== undefined) return known;
  const plan = messagePlan(desc);
  const encoder: MessageEncoder = (message, sink) => putMessage(plan, message, sink);
  encoders.set(desc, encoder);
  return encoder;
}

type Properties = Readonly<Record<string, unknown>>;
type Oneof = { readonly case: string | undefined; readonly value?: unknown };

const getPrototypeOf = Object.getPrototypeOf;
const hasOwn = Object.prototype.hasOwnProperty;

/** Appends a message, without a tag or a length. */
function putMessage(plan: MessagePlan, message: Message, sink: ByteSink): void {
  const shared = sharedBytesOf(message);
  if (shared === undefined) putFields(plan, message, sink);
  else putShared(plan, message, shared, sink);
}

function putShared(plan: MessagePlan, message: Message, shared: SharedBytes, sink: ByteSink): void {
  const start = sink.position;
  if (shared.bytes === undefined || shared.encodedBy !== plan) {
    putFields(plan, message, sink);
    shared.bytes = keepCopy(sink.buffer.subarray(start, sink.position));
    shared.encodedBy = plan;
    return;
  }
  sink.ensure(shared.bytes.length);
  sink.buffer.set(shared.bytes, start);
  sink.position = start + shared.bytes.length;
}

function putFields(plan: MessagePlan, message: Message, sink: ByteSink): void {
  plan.compiled ??= compile(plan);
  if (!plan.compiled(message, sink)) putByName(plan, message as unknown as Properties & Message, sink);
}

/**
 * Compiles the plan to a function. In code that all types share, V8 looks each property up by its name, which takes longer
 * than to write it. If the process forbids compilation (`--disallow-code-generation-from-strings`), all messages are
 * written by {@link putByName}.
 */
function compile(plan: MessagePlan): CompiledFields {
  const scope = {
    ...{
      fields: plan.fields,
      prototype: Object.getPrototypeOf(create(plan.desc)),
      getPrototypeOf,
      hasOwn,
      isZeroValue,
    },
    ...{ putChild, putDouble, putInt32, putInt64, putList, putMap, putScalar, putString, putUnknown },
  };
  try {
    return new Function(...Object.keys(scope), generateEncoderSource(plan))(...Object.values(scope));
  } catch (error) {
    if (error instanceof EvalError) return () => false;
    throw error;
  }
}

/** Looks each property up by its name: for messages that `create` has not made. */
function putByName(plan: MessagePlan, message: Properties & Message, sink: ByteSink): void {
  const { desc, fields, first } = plan;
  if (message.$typeName !== desc.typeName && first !== undefined) {
    throw new FieldError(first, `cannot use ${first} with message ${message.$typeName}`, "ForeignFieldError");
  }
  for (const field of fields) {
    if (field.oneof !== undefined) {
      const group = message[field.oneof] as Oneof;
      if (group.case === field.name) putSingle(field, group.value, sink);
      continue;
    }
    const value = message[field.name];
    if (field.implicit || (value !== undefined && Object.hasOwn(message, field.name))) {
      putField(field, value, sink);
    } else if (field.missing !== undefined) {
      throw new Error(field.missing);
    }
  }
  putUnknown(message.$unknown, sink);
}

function putField(field: FieldPlan, value: unknown, sink: ByteSink): void {
  if (field.kind === "list") putList(field, value as readonly unknown[], sink);
  else if (field.kind === "map") putMap(field, value as Properties, sink);
  else if (field.scalar === undefined || !field.implicit || !isZeroValue(field, value)) putSingle(field, value, sink);
}

function putSingle(field: FieldPlan, value: unknown, sink: ByteSink): void {
  if (field.scalar === undefined) putChild(field, field.tag, value, sink);
  else putTagged(field, field.tag, value, sink);
}

function putTagged(field: ScalarFieldPlan, tag: number, value: unknown, sink: ByteSink): void {
  sink.ensure(tagAndVarintBytes);
  const offset = putVarint32(sink.buffer, sink.position, tag);
  sink.position = putScalar(field, value, sink, offset);
}

function putChild(field: MessageFieldPlan, tag: number, local: unknown, sink: ByteSink): void {
  const message = toMessage(field, local);
  sink.ensure(tagAndVarintBytes);
  sink.position = putVarint32(sink.buffer, sink.position, tag);
  if (field.delimited) {
    putMessage(field.child, message, sink);
    sink.ensure(tagAndVarintBytes);
    sink.position = putVarint32(sink.buffer, sink.position, tag + 1); // the wire type of an end tag is one higher
    return;
  }
  const offset = sink.position;
  const start = openLength(field, sink);
  putMessage(field.child, message, sink);
  closeLength(field, offset, start, sink);
}

function toMessage(field: MessageFieldPlan, local: unknown): Message {
  if (field.toMessage !== undefined) return field.toMessage(local);
  return local === undefined ? create(field.child.desc) : (local as Message);
}

function putList(field: FieldPlan, items: readonly unknown[], sink: ByteSink): void {
  if (field.scalar === undefined) {
    for (let i = 0; i < items.length; i++) putChild(field, field.tag, items[i], sink);
  } else if (!field.packed) {
    for (let i = 0; i < items.length; i++) putTagged(field, field.tag, items[i], sink);
  } else if (items.length !== 0) {
    sink.ensure(tagAndVarintBytes);
    sink.position = putVarint32(sink.buffer, sink.position, field.tag);
    const offset = sink.position;
    const start = openLength(field, sink);
    for (let i = 0; i < items.length; i++) {
      sink.ensure(tagAndVarintBytes);
      sink.position = putScalar(field, items[i], sink, sink.position);
    }
    closeLength(field, offset, start, sink);
  }
}

function putMap(field: FieldPlan, record: Properties, sink: ByteSink): void {
  const key = field.key;
  if (key === undefined) return;
  for (const name of Object.keys(record)) {
    sink.ensure(tagAndVarintBytes * 2);
    sink.position = putVarint32(sink.buffer, sink.position, field.tag);
    const offset = sink.position;
    const start = openLength(field, sink);
    sink.position = putScalar(key, key.parse(name), sink, putVarint32(sink.buffer, start, key.tag));
    if (field.scalar === undefined) putChild(field, key.valueTag, record[name], sink);
    else putTagged(field, key.valueTag, record[name], sink);
    closeLength(field, offset, start, sink);
  }
}

/** Appends the unknown fields of a message, extensions included. */
function putUnknown(unknown: Message["$unknown"], sink: ByteSink): void {
  if (unknown === undefined) return;
  for (const { no, wireType, data } of unknown) {
    sink.ensure(tagAndVarintBytes + data.length);
    const offset = putVarint32(sink.buffer, sink.position, ((no << 3) | wireType) >>> 0);
    sink.buffer.set(data, offset);
    sink.position = offset + data.length;
  }
}
