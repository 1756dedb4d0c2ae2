import type { Compared } from "./coverage.ts";
import type { Random } from "./random.ts";

/** The sources of a mutation besides the input. */
export interface MutationSources {
  /** Another input. */
  readonly other: Uint8Array;
  readonly dictionary: readonly Uint8Array[];
  /** The comparisons of the input's execution. */
  readonly compared: readonly Compared[];
  readonly maxBytes: number;
}

type Mutation = (input: Buffer, random: Random, sources: MutationSources) => Buffer;

/** The maximum number of mutations of an input. */
const maxMutations = 6;

/** The maximum size of a moved, copied or removed block. */
const maxBlockBytes = 64;

/** Creates a new input from an input. */
export function mutate(input: Uint8Array, random: Random, sources: MutationSources): Buffer {
  let mutated: Buffer = Buffer.from(input);
  for (let left = 1 + random.below(maxMutations); left > 0; left--) {
    mutated = random.pick(mutations)(mutated, random, sources).subarray(0, sources.maxBytes) as Buffer;
  }
  return mutated;
}

const interestingBytes = [0, 1, 2, 5, 9, 10, 13, 32, 34, 44, 45, 46, 47, 48, 57, 92, 127, 128, 192, 239, 254, 255];
const interestingTexts = [
  "\u00e9",
  "\u20ac",
  "\u{1f600}",
  "\ufeff",
  "\u202e",
  "\u0130",
  "\\",
  "//",
  "..",
  "%00",
  "-0",
  "1e9",
  "\r\n",
  "__proto__",
];
const interestingNumbers = [0, 1, 127, 128, 255, 256, 32_767, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

const mutations: readonly Mutation[] = [
  function changeBit(input, random) {
    if (input.length > 0) input[random.below(input.length)] = at(input, random) ^ (1 << random.below(8));
    return input;
  },
  function changeByte(input, random) {
    if (input.length > 0) input[random.below(input.length)] = anyByte(random);
    return input;
  },
  function insertBytes(input, random) {
    const bytes = Buffer.from(
      Array.from({ length: 1 + random.below(random.oneIn(8) ? 32 : 3) }, () => anyByte(random)),
    );
    return insert(input, random, bytes);
  },
  function insertRun(input, random) {
    return insert(input, random, Buffer.alloc(1 + random.below(random.oneIn(16) ? 1024 : 32), anyByte(random)));
  },
  function insertText(input, random) {
    return insert(input, random, Buffer.from(random.pick(interestingTexts)));
  },
  remove,
  remove,
  function copyBlock(input, random) {
    return insert(input, random, block(input, random));
  },
  function repeatBlock(input, random) {
    const repeated = block(input, random);
    return insert(input, random, Buffer.concat(Array.from({ length: 2 + random.below(16) }, () => repeated)));
  },
  function takeFromOther(input, random, { other }) {
    return random.oneIn(2)
      ? insert(input, random, block(other, random))
      : overwrite(input, random, block(other, random));
  },
  function crossOver(input, random, { other }) {
    return Buffer.concat([
      input.subarray(0, random.below(input.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]);
  },
  useDictionary,
  useDictionary,
  useCompared,
  useCompared,
  function changeDigits(input, random) {
    const numbers = [...input.toString("latin1").matchAll(/\d+/g)];
    if (numbers.length === 0) return input;
    const { 0: digits, index } = random.pick(numbers);
    const changed = random.pick([
      `${BigInt(digits) + 1n}`,
      `${BigInt(digits) * 10n}`,
      `-${digits}`,
      `${random.pick(interestingNumbers)}`,
      "0",
    ]);
    return splice(input, index, digits.length, Buffer.from(changed));
  },
  function changeInteger(input, random) {
    const size = random.pick([1, 2, 4]);
    if (input.length < size) return input;
    const place = random.below(input.length - size + 1);
    const littleEndian = random.oneIn(2);
    const before = littleEndian ? input.readUIntLE(place, size) : input.readUIntBE(place, size);
    const wanted = random.oneIn(2)
      ? before + random.below(9) - 4
      : random.pick([input.length, input.length - place, ...interestingNumbers]);
    const value = ((wanted % 256 ** size) + 256 ** size) % 256 ** size;
    if (littleEndian) input.writeUIntLE(value, place, size);
    else input.writeUIntBE(value, place, size);
    return input;
  },
];

function remove(input: Buffer, random: Random): Buffer {
  if (input.length === 0) return input;
  const length = 1 + random.below(Math.min(input.length, random.oneIn(4) ? input.length : 8));
  return splice(input, random.below(input.length - length + 1), length, Buffer.alloc(0));
}

function useDictionary(input: Buffer, random: Random, { dictionary }: MutationSources): Buffer {
  if (dictionary.length === 0) return input;
  const word = random.pick(dictionary);
  return random.oneIn(2) ? insert(input, random, word) : overwrite(input, random, word);
}

/** Replaces a compared value in the input with the value that it was compared to. */
function useCompared(input: Buffer, random: Random, { compared }: MutationSources): Buffer {
  if (compared.length === 0) return input;
  const pair = random.pick(compared);
  const [from, to] = random.oneIn(2) ? pair : [pair[1], pair[0]];
  for (const encode of typeof from === "string" ? textForms : numberForms) {
    const [found, wanted] = [encode(from), encode(to)];
    if (found === undefined || wanted === undefined || found.length === 0) continue;
    const first = input.indexOf(found, random.below(input.length + 1));
    const place = first < 0 ? input.indexOf(found) : first;
    if (place >= 0) return splice(input, place, found.length, wanted);
  }
  return input;
}

type Form = (value: string | number) => Buffer | undefined;

const textForms: readonly Form[] = [
  (value) => Buffer.from(String(value)),
  (value) => Buffer.from(String(value), "latin1"),
];

const numberForms: readonly Form[] = [
  (value) => Buffer.from(String(value)),
  (value) => integer(Number(value), 4),
  (value) => integer(Number(value), 2),
  (value) => integer(Number(value), 1),
];

function integer(value: number, size: number): Buffer | undefined {
  if (!Number.isInteger(value) || value < 0 || value >= 256 ** size) return undefined;
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}

function at(input: Buffer, random: Random): number {
  return input[random.below(input.length)] ?? 0;
}

function anyByte(random: Random): number {
  return random.oneIn(2) ? random.below(256) : random.pick(interestingBytes);
}

function block(input: Uint8Array, random: Random): Buffer {
  const length = random.below(Math.min(input.length, maxBlockBytes) + 1);
  const start = random.below(input.length - length + 1);
  return Buffer.from(input.subarray(start, start + length));
}

function insert(input: Buffer, random: Random, bytes: Uint8Array): Buffer {
  return splice(input, random.below(input.length + 1), 0, bytes);
}

function overwrite(input: Buffer, random: Random, bytes: Uint8Array): Buffer {
  return splice(input, random.below(input.length + 1), bytes.length, bytes);
}

function splice(input: Buffer, place: number, removed: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, place), bytes, input.subarray(place + removed)]);
}
