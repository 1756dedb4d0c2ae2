import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import {
  hasElements,
  maxElementsOf,
  maxRequestFields,
  tooManyElements,
  tooManyFields,
  unscannedBytes,
} from "./element-counts.ts";
import { MalformedMessageError } from "./malformed-message-error.ts";

/** https://protobuf.dev/programming-guides/encoding/#structure */
const wire = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

const maxVarintBytes = 10;

/** How a type's messages are scanned. */
interface ScanPlan {
  /** By their numbers. A number that is missing is an unknown field. */
  readonly fields: ReadonlyMap<number, FieldPlan>;
  /** How many of the fields are lists or maps, and how many are messages that have some. */
  readonly lists: number;
  readonly children: number;
}

interface FieldPlan {
  readonly name: string;
  readonly wireType: number;
  /** The place of a list or a map among the counts of its message; -1 for other fields. */
  readonly list: number;
  /** The place of a message with lists among the children of its message; -1 for other fields. */
  readonly child: number;
  readonly maxElements: number;
  /** The wire type of the elements of a list that may be packed. */
  readonly packed: number | undefined;
  /** How the message is scanned; undefined for other fields. */
  readonly plan: ScanPlan | undefined;
}

/**
 * The elements of one message so far. A field that is a message may come in several parts, which are merged: their
 * elements count together.
 */
interface Counts {
  readonly lists: number[];
  readonly children: (Counts | undefined)[];
}

interface ScanState {
  readonly bytes: Uint8Array;
  position: number;
  /** Fields and elements of packed lists so far, at every depth. */
  fields: number;
}

/**
 * Makes a function that counts the fields and elements of a binary message before objects are made of it. Messages of
 * {@link unscannedBytes} or less are not looked at.
 *
 * The function throws an InvalidFieldError at the first list that has more elements than its rules allow, a
 * LimitError if there are too many fields in all, known or not, and a MalformedMessageError for what cannot be
 * counted. That is stricter than the decoder of protobuf-es, which takes a field for what it should be whatever its wire
 * type says, and reads beyond the end of a nested message.
 *
 * @param maxDepth how deep messages and groups may nest
 */
export function createBinaryScan(type: DescMessage, maxDepth: number): (message: Uint8Array) => void {
  const plan = planOf(type, new Map());
  return (bytes) => {
    if (bytes.length <= unscannedBytes) return;
    const scope = { end: bytes.length, depth: maxDepth, counts: newCounts(plan), parent: undefined };
    scanMessage({ bytes, position: 0, fields: 0 }, plan, scope);
  };
}

function planOf(type: DescMessage, known: Map<DescMessage, ScanPlan>): ScanPlan {
  const existing = known.get(type);
  if (existing !== undefined) return existing;
  const fields = new Map<number, FieldPlan>();
  const plan = { fields, lists: 0, children: 0 };
  // Before its fields: a type may contain itself.
  known.set(type, plan);
  for (const field of type.fields) {
    const list = field.fieldKind === "list" || field.fieldKind === "map" ? plan.lists++ : -1;
    // Every entry of a map is counted; what is in its value is not, as no request of ours has a map.
    const message = field.fieldKind === "map" ? undefined : field.message;
    const child = list < 0 && message !== undefined && hasElements(message) ? plan.children++ : -1;
    const maxElements = list < 0 ? 0 : maxElementsOf(field);
    const inside = message && planOf(message, known);
    fields.set(field.number, { ...wireOf(field), name: field.name, list, child, maxElements, plan: inside });
  }
  return plan;
}

function wireOf(field: DescField): Pick<FieldPlan, "wireType" | "packed"> {
  if (field.fieldKind === "map") return { wireType: wire.bytes, packed: undefined };
  if (field.message !== undefined) {
    const delimited = "delimitedEncoding" in field && field.delimitedEncoding;
    return { wireType: delimited ? wire.startGroup : wire.bytes, packed: undefined };
  }
  const wireType = wireOfScalar(field.scalar);
  return { wireType, packed: field.fieldKind === "list" && wireType !== wire.bytes ? wireType : undefined };
}

/** @param type undefined for an enum */
function wireOfScalar(type: ScalarType | undefined): number {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return wire.bytes;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return wire.fixed64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return wire.fixed32;
    default:
      return wire.varint;
  }
}

function newCounts({ lists, children }: ScanPlan): Counts {
  if (lists + children === 0) return noCounts;
  return { lists: new Array<number>(lists).fill(0), children: new Array<undefined>(children) };
}

const noCounts: Counts = { lists: [], children: [] };

/** A message that is being scanned. */
interface Scope {
  readonly end: number;
  /** How many levels of messages and groups may be inside, this one included. */
  readonly depth: number;
  readonly counts: Counts;
  /** The message that it is in, and the field there. */
  readonly parent: { readonly scope: Scope; readonly field: FieldPlan } | undefined;
}

function pathOf({ parent }: Scope, name: string): string {
  if (parent === undefined) return name;
  const { scope, field } = parent;
  const index = field.list < 0 ? "" : `[${(scope.counts.lists[field.list] ?? 0) - 1}]`;
  return `${pathOf(scope, field.name)}${index}.${name}`;
}

function scanMessage(state: ScanState, plan: ScanPlan, scope: Scope): void {
  if (scope.depth <= 0) throw new MalformedMessageError("it is nested too deeply");
  const { end } = scope;
  while (state.position < end) {
    const tag = readTag(state, end);
    countFields(state, 1);
    const wireType = tag & 7;
    const field = plan.fields.get(tag >>> 3);
    if (field === undefined) skip(state, tag, end, scope.depth);
    else if (field.packed !== undefined && wireType === wire.bytes) countPacked(state, field, scope, field.packed);
    else if (wireType !== field.wireType) {
      const path = pathOf(scope, field.name);
      throw new MalformedMessageError(`${path} has the wire type ${wireType}, and ${field.wireType} is its own`);
    } else {
      if (field.list >= 0) countElements(field, scope, 1);
      if (field.plan !== undefined && wireType === wire.bytes) scanNested(state, field, field.plan, scope);
      else skip(state, tag, end, scope.depth);
    }
  }
}

function scanNested(state: ScanState, field: FieldPlan, plan: ScanPlan, scope: Scope): void {
  const end = readEnd(state, scope.end);
  let counts = field.child >= 0 ? scope.counts.children[field.child] : undefined;
  if (counts === undefined) {
    counts = newCounts(plan);
    if (field.child >= 0) scope.counts.children[field.child] = counts;
  }
  scanMessage(state, plan, { end, depth: scope.depth - 1, counts, parent: { scope, field } });
}

function countFields(state: ScanState, added: number): void {
  state.fields += added;
  if (state.fields > maxRequestFields) throw tooManyFields(state.fields);
}

function countElements(field: FieldPlan, scope: Scope, added: number): void {
  const found = (scope.counts.lists[field.list] ?? 0) + added;
  scope.counts.lists[field.list] = found;
  if (found > field.maxElements) throw tooManyElements(pathOf(scope, field.name), found, field.maxElements);
}

function countPacked(state: ScanState, field: FieldPlan, scope: Scope, elementWireType: number): void {
  const { bytes } = state;
  const end = readEnd(state, scope.end);
  const length = end - state.position;
  let elements = 0;
  let isWhole = true;
  if (elementWireType === wire.varint) {
    for (let at = state.position; at < end; at++) if ((bytes[at] ?? 0) < 0x80) elements++;
    isWhole = length === 0 || (bytes[end - 1] ?? 0) < 0x80;
  } else {
    const size = elementWireType === wire.fixed64 ? 8 : 4;
    elements = Math.floor(length / size);
    isWhole = length % size === 0;
  }
  countElements(field, scope, elements);
  countFields(state, elements);
  if (!isWhole) throw new MalformedMessageError(`${pathOf(scope, field.name)} ends within an element`);
  state.position = end;
}

function readTag(state: ScanState, end: number): number {
  const start = state.position;
  const tag = readVarint(state, end);
  const length = state.position - start;
  const overflows = length > 5 || (length === 5 && (state.bytes[state.position - 1] ?? 0) > 0x0f);
  if (overflows || tag >>> 3 === 0 || (tag & 7) > wire.fixed32)
    throw new MalformedMessageError("it has an illegal tag");
  return tag;
}

/** Reads a length, and returns where what has it ends. */
function readEnd(state: ScanState, end: number): number {
  const length = readVarint(state, end);
  const inner = state.position + length;
  if (inner > end) throw endsEarly();
  return inner;
}

/** The lower 32 bits of a varint, unsigned. */
function readVarint(state: ScanState, end: number): number {
  const { bytes } = state;
  let value = 0;
  for (let read = 0; read < maxVarintBytes; read++) {
    if (state.position >= end) throw endsEarly();
    const byte = bytes[state.position++] ?? 0;
    if (read < 5) value |= (byte & 0x7f) << (7 * read);
    if (byte < 0x80) return value >>> 0;
  }
  throw new MalformedMessageError("it has a number of more than ten bytes");
}

function skip(state: ScanState, tag: number, end: number, depth: number): void {
  switch (tag & 7) {
    case wire.varint:
      readVarint(state, end);
      return;
    case wire.fixed64:
      state.position += 8;
      break;
    case wire.bytes:
      state.position = readEnd(state, end);
      break;
    case wire.startGroup:
      skipGroup(state, tag >>> 3, end, depth - 1);
      break;
    case wire.fixed32:
      state.position += 4;
      break;
    default:
      throw new MalformedMessageError("it has the end of a group that has not begun");
  }
  if (state.position > end) throw endsEarly();
}

function skipGroup(state: ScanState, number: number, end: number, depth: number): void {
  if (depth <= 0) throw new MalformedMessageError("it is nested too deeply");
  for (;;) {
    const tag = readTag(state, end);
    countFields(state, 1);
    if ((tag & 7) !== wire.endGroup) skip(state, tag, end, depth);
    else if (tag >>> 3 === number) return;
    else throw new MalformedMessageError("it has the end of another group than the one that has begun");
  }
}

function endsEarly(): MalformedMessageError {
  return new MalformedMessageError("it ends within a field");
}
