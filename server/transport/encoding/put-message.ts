import { create, type Message } from "@bufbuild/protobuf";
import { FieldError } from "@bufbuild/protobuf/reflect";
import type { ByteSink } from "./byte-sink.ts";
import { fieldsSource } from "./fields-source.ts";
import { isZeroValue } from "./is-zero-value.ts";
import { keepCopy } from "./keep-copy.ts";
import { closeLength, openLength } from "./length-prefix.ts";
import type { CompiledFields, FieldPlan, MessageFieldPlan, MessagePlan, ScalarFieldPlan } from "./message-plan.ts";
import { putDouble, putInt32, putInt64, putScalar, putString } from "./put-scalar.ts";
import { putUnknown } from "./put-unknown.ts";
import { type SharedBytes, sharedBytesOf } from "./shared-message.ts";
import { putVarint32, tagAndVarintBytes } from "./varint.ts";

type Properties = Readonly<Record<string, unknown>>;
type Oneof = { readonly case: string | undefined; readonly value?: unknown };

const getPrototypeOf = Object.getPrototypeOf;
const hasOwn = Object.prototype.hasOwnProperty;

/** Appends a message, without a tag or a length. */
export function putMessage(plan: MessagePlan, message: Message, sink: ByteSink): void {
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
 * Compiles the plan to a function of its own: in code that all messages share, the engine must look up where each
 * property is, which takes longer than to write it. Where the process may not compile (as with
 * `--disallow-code-generation-from-strings`), all messages are written as those that create() has not made.
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
    return new Function(...Object.keys(scope), fieldsSource(plan))(...Object.values(scope));
  } catch (error) {
    if (error instanceof EvalError) return () => false;
    throw error;
  }
}

/** Asks for each property by its name: for messages of any make, and in any order. */
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
  const place = putVarint32(sink.buffer, sink.position, tag);
  sink.position = putScalar(field, value, sink, place);
}

function putChild(field: MessageFieldPlan, tag: number, local: unknown, sink: ByteSink): void {
  const message = toMessage(field, local);
  sink.ensure(tagAndVarintBytes);
  sink.position = putVarint32(sink.buffer, sink.position, tag);
  if (field.delimited) {
    putMessage(field.child, message, sink);
    sink.ensure(tagAndVarintBytes);
    sink.position = putVarint32(sink.buffer, sink.position, tag + 1); // an end tag's wire type is one above
    return;
  }
  const place = sink.position;
  const start = openLength(field, sink);
  putMessage(field.child, message, sink);
  closeLength(field, place, start, sink);
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
    const place = sink.position;
    const start = openLength(field, sink);
    for (let i = 0; i < items.length; i++) {
      sink.ensure(tagAndVarintBytes);
      sink.position = putScalar(field, items[i], sink, sink.position);
    }
    closeLength(field, place, start, sink);
  }
}

function putMap(field: FieldPlan, record: Properties, sink: ByteSink): void {
  const key = field.key;
  if (key === undefined) return;
  for (const name of Object.keys(record)) {
    sink.ensure(tagAndVarintBytes * 2);
    sink.position = putVarint32(sink.buffer, sink.position, field.tag);
    const place = sink.position;
    const start = openLength(field, sink);
    sink.position = putScalar(key, key.parse(name), sink, putVarint32(sink.buffer, start, key.tag));
    if (field.scalar === undefined) putChild(field, key.valueTag, record[name], sink);
    else putTagged(field, key.valueTag, record[name], sink);
    closeLength(field, place, start, sink);
  }
}
