import { ScalarType } from "@bufbuild/protobuf";
import { varint, wireTypes } from "./wire-writer.ts";

/** An encoded value of a wire type, with a name. */
export interface HostileValue {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The wire type of a scalar. */
export function wireTypeOf(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return wireTypes.fixed64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return wireTypes.fixed32;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return wireTypes.lengthDelimited;
    default:
      return wireTypes.varint;
  }
}

/** The encoded edge values of a number, a bool or an enum. */
export function edgeValues(scalar: ScalarType): readonly HostileValue[] {
  switch (scalar) {
    case ScalarType.DOUBLE:
      return floats.map(([name, value]) => ({ name, bytes: float64(value) }));
    case ScalarType.FLOAT:
      return floats.map(([name, value]) => ({ name, bytes: float32(value) }));
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return fixed(8);
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return fixed(4);
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return [];
    default:
      return varints;
  }
}

const floats: readonly (readonly [name: string, value: number])[] = [
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
  ["denormal", 1e-45],
  ["smallest", 5e-324],
  ["largest", Number.MAX_VALUE],
  ["lowest", -Number.MAX_VALUE],
];

const varints: readonly HostileValue[] = [
  ["0", 0n],
  ["-1 in 64 bits", 2n ** 64n - 1n],
  ["largest int32", 2n ** 31n - 1n],
  ["lowest int32 in 32 bits", 2n ** 31n],
  ["largest uint32", 2n ** 32n - 1n],
  ["beyond 32 bits", 2n ** 32n + 1n],
  ["largest int64", 2n ** 63n - 1n],
  ["lowest int64", 2n ** 63n],
  ["beyond double", 2n ** 53n + 1n],
].map(([name, value]) => ({ name: String(name), bytes: varint(value as bigint) }));

/** Invalid and overlong varints. */
export const oddVarints = {
  overlong: varint(1, 10),
  tooLong: Buffer.concat([Buffer.alloc(10, 0xff), Buffer.of(1)]),
  unfinished: Buffer.of(0x80),
} as const;

/** Strings with a meaning in SQL, in a search query, in a file system, in JSON or in a regular expression. */
export const oddTexts: readonly string[] = [
  "*",
  "%",
  "' OR 1=1 --",
  '"',
  "(((((((((((((((((",
  "a* OR b* NOT (c NEAR d)",
  "\0",
  "../../../../etc/passwd",
  "__proto__",
  "constructor",
  "\r\nx: y",
  "\u202e\u0000\ufeff\uffff",
  "e\u0301".repeat(60),
  "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}".repeat(12),
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
  "99999999999999999999",
  "00000000-0000-0000-0000-000000000000",
  "{}[]",
];

/** The contents of long strings. Surrogates and lone continuation bytes are not valid UTF-8. */
export const textFillings: readonly (HostileValue & { readonly isUtf8: boolean })[] = [
  { name: "a", bytes: Buffer.from("a"), isUtf8: true },
  { name: "astral characters", bytes: Buffer.from("\u{1f600}"), isUtf8: true },
  { name: "combining marks", bytes: Buffer.from("\u0301"), isUtf8: true },
  { name: "NULs", bytes: Buffer.of(0), isUtf8: true },
  { name: "surrogates", bytes: Buffer.of(0xed, 0xa0, 0x80), isUtf8: false },
  { name: "continuation bytes", bytes: Buffer.of(0xbf), isUtf8: false },
];

function fixed(length: number): HostileValue[] {
  const lowest = Buffer.alloc(length);
  lowest[length - 1] = 0x80;
  const largest = Buffer.alloc(length, 0xff);
  largest[length - 1] = 0x7f;
  return [
    { name: "0", bytes: Buffer.alloc(length) },
    { name: "all bits", bytes: Buffer.alloc(length, 0xff) },
    { name: "lowest", bytes: lowest },
    { name: "largest", bytes: largest },
  ];
}

function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
