import { type DescField, type DescMethod, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { fieldFragments, messageFragments } from "./binary-fragments.ts";
import {
  formatPath,
  type MessagePath,
  messageOf,
  messagePaths,
  wrapBinary,
  wrapJson,
  wrapperBytes,
} from "./field-path.ts";
import { hasJsonForm, jsonFieldFragments, jsonMessageFragments } from "./json-fragments.ts";
import { type Filling, legalMessage } from "./legal-message.ts";
import type { Fragment, Shape } from "./shape.ts";

/** The number of messages in a large client stream. The server decompresses and validates each separately. */
const copiesOfSmall = 5_000;

/** Derives the hostile messages of a method from its descriptor, for its request and each message and field in it. */
export function shapesOf(method: DescMethod): Shape[] {
  const paths = messagePaths(method.input);
  return [
    ...paths.flatMap(binaryShapes),
    ...paths.filter(hasJsonNames).flatMap(jsonShapes),
    ...legalShapes(method),
    ...wholeShapes(method),
  ];
}

function binaryShapes(path: MessagePath): Shape[] {
  const { message } = path;
  const ofMessage = messageFragments(message).map((fragment) => binaryShape(path, undefined, fragment));
  const ofFields = message.fields.flatMap((field) =>
    fieldFragments(field).map((fragment) => binaryShape(path, field, fragment)),
  );
  return [...ofMessage, ...ofFields];
}

function binaryShape(path: MessagePath, field: DescField | undefined, fragment: Fragment): Shape {
  const reserve = wrapperBytes(path.parents);
  const build = (maxBytes: number) => wrapBinary(path.parents, fragment.build(maxBytes - reserve));
  return shape("binary", path, field, fragment, build);
}

function jsonShapes(path: MessagePath): Shape[] {
  const { message, parents } = path;
  const reserve = wrapJson(parents, Buffer.of()).length;
  const wrapped = (field: DescField | undefined) => (fragment: Fragment) =>
    shape("json", path, field, fragment, (maxBytes) => wrapJson(parents, fragment.build(maxBytes - reserve)));
  return [
    ...jsonMessageFragments.map(wrapped(undefined)),
    ...message.fields.flatMap((field) => jsonFieldFragments(field).map(wrapped(field))),
  ];
}

function shape(
  format: Shape["format"],
  { message, parents }: MessagePath,
  field: DescField | undefined,
  fragment: Fragment,
  build: Shape["build"],
): Shape {
  const { name, isLarge = false, isUnparsable = false } = fragment;
  const place = formatPath(parents, field);
  return {
    name: place === "" ? name : `${place}: ${name}`,
    kind: `${message.typeName}.${field?.name ?? ""}: ${name} in ${format}`,
    depth: parents.length,
    format,
    isLarge,
    isUnparsable,
    copies: 1,
    build,
  };
}

/** Returns whether the JSON of a message has field names. A special form of it or of a parent has none. */
function hasJsonNames({ message, parents }: MessagePath): boolean {
  return ![message, ...parents.map(messageOf)].some((each) => each !== undefined && hasJsonForm(each.typeName));
}

/** Messages that pass validation and reach the handler. */
function legalShapes({ input }: DescMethod): Shape[] {
  const members = Math.max(
    1,
    ...messagePaths(input).flatMap(({ message }) => message.oneofs.map(({ fields }) => fields.length)),
  );
  return Array.from({ length: members }, (_, member) => member).flatMap((member) =>
    (["elements", "characters"] as const).flatMap((most) =>
      (["binary", "json"] as const).map((format) => ({
        name: `legal, as many ${most} as allowed, member ${member}`,
        kind: `${input.typeName}: legal, ${most}, ${member} in ${format}`,
        depth: 0,
        format,
        isLarge: true,
        isUnparsable: false,
        copies: 1,
        build: (maxBytes: number) => largestLegal(input, format, maxBytes, most, member),
      })),
    ),
  );
}

/** Halves the numbers of elements and characters until the message fits. */
function largestLegal(
  input: DescMethod["input"],
  format: Shape["format"],
  maxBytes: number,
  most: "elements" | "characters",
  member: number,
): Buffer {
  const encode = (message: Message) =>
    format === "binary" ? Buffer.from(toBinary(input, message)) : Buffer.from(toJsonString(input, message));
  let limit = initialLimit;
  for (;;) {
    const filling: Filling = {
      maxElements: most === "elements" ? limit : Math.min(limit, 16),
      maxCharacters: most === "characters" ? limit : 1,
      member,
    };
    // Starts small, because nested lists multiply the number of elements.
    const bytes = encode(legalMessage(input, filling));
    if (bytes.length <= maxBytes || limit === 1) return bytes;
    limit = Math.floor(limit / 2);
  }
}

/** Small enough that nested lists have at most a few million elements in the first attempt. */
const initialLimit = 1 << 14;

/** The shapes of the whole request. */
function wholeShapes(method: DescMethod): Shape[] {
  const whole = (name: string, format: Shape["format"], rest: Partial<Shape> = {}): Shape => ({
    name,
    kind: `${method.input.typeName}: ${name} in ${format}`,
    depth: 0,
    format,
    isLarge: false,
    isUnparsable: false,
    copies: 1,
    build: () => Buffer.of(),
    ...rest,
  });
  const isStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  return [
    whole("empty", "binary"),
    whole("noise", "binary", { isUnparsable: true, build: () => noise }),
    whole("0xff", "binary", { isLarge: true, isUnparsable: true, build: (maxBytes) => Buffer.alloc(maxBytes, 0xff) }),
    whole("[]", "json", { build: () => Buffer.from("[]") }),
    whole("null", "json", { build: () => Buffer.from("null") }),
    whole("nothing", "json"),
    ...(isStream ? [whole("many empty messages", "binary", { isLarge: true, copies: copiesOfSmall })] : []),
  ];
}

/** Returns pseudorandom bytes, the same in each run. */
const noise = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 197 + (index >> 3) * 31) & 0xff));
