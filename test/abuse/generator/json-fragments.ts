import { type DescField, ScalarType } from "@bufbuild/protobuf";
import { oddTexts } from "./hostile-values.ts";
import { type Fragment, large, small } from "./shape.ts";
import { filled } from "./wire-writer.ts";

const depth = 10_000;

/** The fragments for any JSON object, as members of it. */
export const jsonMessageFragments: readonly Fragment[] = [
  large("unknown keys", (maxBytes) => distinctMembers(maxBytes)),
  large("one unknown key, many times", (maxBytes) => members('"u":0', maxBytes)),
  large("__proto__, many times", (maxBytes) => members('"__proto__":{}', maxBytes)),
  large("a long key", (maxBytes) => around('"', "k", '":0', maxBytes)),
  large("a long key of escapes", (maxBytes) => around('"', "\\u0041", '":0', maxBytes)),
  large("arrays in arrays", (maxBytes) => nested("[", "]", maxBytes)),
  large("objects in objects", (maxBytes) => nested('{"a":', "}", maxBytes)),
  large("unclosed arrays", (maxBytes) => around('"u":', "[", "", maxBytes)),
  large("an array of arrays", (maxBytes) => around('"u":[', "[],", "0]", maxBytes)),
  large("a number of digits", (maxBytes) => around('"u":', "9", "", maxBytes)),
  large("a long fraction", (maxBytes) => around('"u":0.', "1", "", maxBytes)),
  large("a long exponent", (maxBytes) => around('"u":1e', "9", "", maxBytes)),
  large("blanks", (maxBytes) => around("", " ", "", maxBytes)),
  large("no JSON", (maxBytes) => around("", "\0", "", maxBytes)),
  small("__proto__", '"__proto__":{"polluted":true}'),
  small("constructor", '"constructor":{"prototype":{"polluted":true}}'),
  small("arrays in arrays, 10,000 deep", `"u":${"[".repeat(depth)}${"]".repeat(depth)}`),
  small("an empty key", '"":0'),
];

/** The fragments for one field, as members of its JSON object. */
export function jsonFieldFragments(field: DescField): Fragment[] {
  const key = `"${field.jsonName}":`;
  return [
    ...valueFragments(field, key),
    large("twice and more", (maxBytes) => members(`${key}${zeroOf(field)}`, maxBytes)),
    ...wrongValues.map((value) => small(value, `${key}${value}`)),
  ];
}

/** Returns whether the message has a special JSON form without field names. */
export function hasJsonForm(typeName: string): boolean {
  return typeName.startsWith("google.protobuf.");
}

const wrongValues = ["null", "true", "0", "-0", '""', "[]", "{}", "[[]]", '"\\ud800"', '{"__proto__":null}', "1e999"];

function valueFragments(field: DescField, key: string): Fragment[] {
  switch (field.fieldKind) {
    case "scalar":
      return field.scalar === ScalarType.STRING
        ? [...texts(key), ...oddTexts.map((text) => small(JSON.stringify(text), `${key}${JSON.stringify(text)}`))]
        : field.scalar === ScalarType.BYTES
          ? texts(key)
          : [...longNumbers(key), ...numbers.map((value) => small(value, `${key}${value}`))];
    case "enum":
      return [...texts(key), ...numbers.map((value) => small(value, `${key}${value}`))];
    case "message":
      return hasJsonForm(field.message.typeName)
        ? [...texts(key), ...longNumbers(key), ...wellKnown.map((value) => small(value, `${key}${value}`))]
        : [];
    case "list":
      return ["null", '""', "0", "{}", '"a"', '"*"', "[]", zeroOf(field).slice(1, -1)].map((element) =>
        large(`elements ${element}`, (maxBytes) => around(`${key}[`, `${element},`, `${element}]`, maxBytes)),
      );
    case "map":
      return [
        large("equal keys", (maxBytes) => around(`${key}{`, '"1":{},', '"1":{}}', maxBytes)),
        large("different keys", (maxBytes) =>
          Buffer.concat([Buffer.from(`${key}{`), distinctMembers(maxBytes), Buffer.from("}")]),
        ),
      ];
  }
}

const numbers = [
  '"NaN"',
  '"Infinity"',
  '"-Infinity"',
  "-1",
  "1.5",
  "1e308",
  "5e-324",
  "4294967296",
  "9223372036854775808",
  '"-9223372036854775809"',
  '"0x10"',
  '" 1"',
  '"1e3"',
];

const wellKnown = [
  '"9999-12-31T23:59:59.999999999Z"',
  '"0001-01-01T00:00:00Z"',
  '"0000-01-01T00:00:00Z"',
  '"2026-02-30T00:00:00Z"',
  '"2026-01-01T00:00:00+99:99"',
  '"315576000000s"',
  '"-315576000001s"',
  '"0.0000000001s"',
  '"a.b.c,d_e,__proto__"',
];

function texts(key: string): Fragment[] {
  return [
    large("a", (maxBytes) => around(`${key}"`, "a", '"', maxBytes)),
    large("astral characters", (maxBytes) => around(`${key}"`, "\u{1f600}", '"', maxBytes)),
    large("escapes", (maxBytes) => around(`${key}"`, "\\u0000", '"', maxBytes)),
    large("lone surrogates", (maxBytes) => around(`${key}"`, "\\ud83d", '"', maxBytes)),
    large("commas", (maxBytes) => around(`${key}"`, "a,", '"', maxBytes)),
  ];
}

function longNumbers(key: string): Fragment[] {
  return [
    large("digits", (maxBytes) => around(key, "9", "", maxBytes)),
    large("digits in a string", (maxBytes) => around(`${key}"`, "9", '"', maxBytes)),
    large("leading zeros in a string", (maxBytes) => around(`${key}"`, "0", '1"', maxBytes)),
    large("a fraction of zeros", (maxBytes) => around(`${key}1.`, "0", "", maxBytes)),
    large("a fraction of zeros in a string", (maxBytes) => around(`${key}"1.`, "0", '"', maxBytes)),
    large("a time with a long fraction", (maxBytes) => around(`${key}"2026-01-01T00:00:00.`, "1", 'Z"', maxBytes)),
    large("a duration with a long fraction", (maxBytes) => around(`${key}"1.`, "1", 's"', maxBytes)),
  ];
}

function zeroOf(field: DescField): string {
  switch (field.fieldKind) {
    case "list":
      return field.listKind === "message" ? "[{}]" : "[0]";
    case "scalar":
      return field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES ? '""' : "0";
    case "enum":
      return "0";
    default:
      return "{}";
  }
}

function around(before: string, pattern: string, after: string, maxBytes: number): Buffer {
  const filling = filled(Buffer.from(pattern), maxBytes - before.length - after.length);
  return Buffer.concat([Buffer.from(before), filling, Buffer.from(after)]);
}

/** As many copies of a member as fit. */
function members(member: string, maxBytes: number): Buffer {
  return filled(Buffer.from(`${member},`), maxBytes).subarray(0, -1);
}

function nested(open: string, close: string, maxBytes: number): Buffer {
  const levels = Math.floor((maxBytes - 8) / (open.length + close.length));
  const before = Buffer.alloc(levels * open.length, open);
  return Buffer.concat([Buffer.from('"u":'), before, Buffer.from("0"), Buffer.alloc(levels * close.length, close)]);
}

/** As many different keys as fit, at most {@link maxDistinct}, so that creating them is cheaper than parsing them. */
function distinctMembers(maxBytes: number): Buffer {
  const parts: string[] = [];
  let bytes = 0;
  for (let index = 0; index < maxDistinct; index++) {
    const member = `"u${index.toString(36)}":0`;
    bytes += member.length + 1;
    if (bytes > maxBytes) break;
    parts.push(member);
  }
  return Buffer.from(parts.join());
}

const maxDistinct = 300_000;
