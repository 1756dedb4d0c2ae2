import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { maxVarintBytes, wireTypeOfScalar } from "../../encoding/protobuf-wire-format.ts";
import { maxElementsOf, maxRequestFields, tooManyElements, tooManyFields, unscannedBytes } from "./field-bounds.ts";

/** The wire types, in short: https://protobuf.dev/programming-guides/encoding/#structure */
const wire = {
  varint: WireType.Varint,
  fixed64: WireType.Bit64,
  bytes: WireType.LengthDelimited,
  startGroup: WireType.StartGroup,
  endGroup: WireType.EndGroup,
  fixed32: WireType.Bit32,
} as const;

/** The plan by which messages of one type are scanned. */
interface ScanPlan {
  /** The known fields, by number. */
  readonly fields: ReadonlyMap<number, FieldPlan>;
  /** The number of fields that are lists or maps. */
  readonly lists: number;
  /** The number of message fields whose messages have lists or maps, at any depth. */
  readonly children: number;
}

interface FieldPlan {
  readonly name: string;
  readonly wireType: number;
  /** The index of a list or a map in {@link Counts.lists}; -1 for other fields. */
  readonly list: number;
  /** The index of a message with lists in {@link Counts.children}; -1 for other fields. */
  readonly child: number;
  readonly maxElements: number;
  /** The wire type of the elements, if the field is a list that may be packed. */
  readonly packed: number | undefined;
  /** The plan of the message; undefined for other fields. */
  readonly plan: ScanPlan | undefined;
}

/**
 * The elements of one message so far. A message field may be sent in several parts, which the decoder merges: their
 * elements are counted together.
 */
interface Counts {
  readonly lists: number[];
  readonly children: (Counts | undefined)[];
}

interface ScanState {
  readonly bytes: Uint8Array;
  position: number;
  /** The fields and the elements of packed lists so far, at every depth. */
  fields: number;
}

/**
 * Makes a function that counts the fields and elements of a binary message before it is decoded. It does not scan
 * messages of {@link unscannedBytes} or less.
 *
 * The function throws a ConnectError with INVALID_ARGUMENT at the first list with more elements than its rules allow,
 * and for a malformed message. It throws a LimitError if there are too many fields in all, unknown ones included. It is
 * stricter than the decoder of protobuf-es, which ignores the wire type of a known field, and reads beyond the end of a
 * nested message. https://protobuf.dev/programming-guides/encoding/
 *
 * @param maxDepth the maximum number of levels of nested messages and groups
 */
export function createBinaryMessageScan(type: DescMessage, maxDepth: number): (message: Uint8Array) => void {
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
  // Registered before its fields are planned, because a type may contain itself.
  known.set(type, plan);
  for (const field of type.fields) {
    const list = field.fieldKind === "list" || field.fieldKind === "map" ? plan.lists++ : -1;
    // The entries of a map are counted, the contents of its values are not: no request of Bourse has a map.
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
  const wireType = wireTypeOfScalar(field.scalar ?? ScalarType.INT32);
  return {
    wireType,
    packed: field.fieldKind === "list" && wireType !== wire.bytes ? wireType : undefined,
  };
}

function newCounts({ lists, children }: ScanPlan): Counts {
  if (lists + children === 0) return noCounts;
  return { lists: new Array<number>(lists).fill(0), children: new Array<undefined>(children) };
}

const noCounts: Counts = { lists: [], children: [] };

/** A message that is being scanned. */
interface Scope {
  readonly end: number;
  /** The levels of messages and groups that are allowed, this one included. */
  readonly depth: number;
  readonly counts: Counts;
  /** The enclosing message, and the field in it. */
  readonly parent: { readonly scope: Scope; readonly field: FieldPlan } | undefined;
}

function pathOf({ parent }: Scope, name: string): string {
  if (parent === undefined) return name;
  const { scope, field } = parent;
  const index = field.list < 0 ? "" : `[${(scope.counts.lists[field.list] ?? 0) - 1}]`;
  return `${pathOf(scope, field.name)}${index}.${name}`;
}

function scanMessage(state: ScanState, plan: ScanPlan, scope: Scope): void {
  if (scope.depth <= 0) throw malformed("it is nested too deeply");
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
      throw malformed(`${path} has the wire type ${wireType} instead of ${field.wireType}`);
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
  if (!isWhole) throw malformed(`${pathOf(scope, field.name)} ends within an element`);
  state.position = end;
}

function readTag(state: ScanState, end: number): number {
  const start = state.position;
  const tag = readVarint(state, end);
  const length = state.position - start;
  const overflows = length > 5 || (length === 5 && (state.bytes[state.position - 1] ?? 0) > 0x0f);
  if (overflows || tag >>> 3 === 0 || (tag & 7) > wire.fixed32) throw malformed("it has an illegal tag");
  return tag;
}

/** Reads a length, and returns the offset of the end of the bytes that it counts. */
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
  throw malformed("it has a number of more than ten bytes");
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
      throw malformed("it has the end of a group that has not begun");
  }
  if (state.position > end) throw endsEarly();
}

function skipGroup(state: ScanState, number: number, end: number, depth: number): void {
  if (depth <= 0) throw malformed("it is nested too deeply");
  for (;;) {
    const tag = readTag(state, end);
    countFields(state, 1);
    if ((tag & 7) !== wire.endGroup) skip(state, tag, end, depth);
    else if (tag >>> 3 === number) return;
    else throw malformed("it has the end of another group than the one that has begun");
  }
}

function endsEarly(): ConnectError {
  return malformed("it ends within a field");
}

function malformed(problem: string): ConnectError {
  return new ConnectError(`the message is not valid protobuf: ${problem}`, Code.InvalidArgument);
}

/** Whether messages of a type may have a list or a map, at any depth. */
function hasElements(type: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  return type.fields.some(
    (field) =>
      field.fieldKind === "list" || field.fieldKind === "map" || (field.message && hasElements(field.message, seen)),
  );
}
