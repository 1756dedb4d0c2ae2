import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkMetadata, MetadataError } from "./metadata-rules.ts";

describe("checkMetadata", () => {
  test("returns keys in lower case, with every value as text", () => {
    expect(checkMetadata({ "X-One": "a", "x-two": [1, 2n], "x-none": undefined })).toEqual([
      ["x-one", ["a"]],
      ["x-two", ["1", "2"]],
    ]);
  });

  test("encodes bytes under -bin keys in base64 without padding", () => {
    expect(checkMetadata({ "x-bin": Uint8Array.of(255) })).toEqual([["x-bin", ["/w"]]]);
  });

  test.each([
    ["grpc-status", "0"],
    ["Connect-Protocol-Version", "1"],
    ["trailer-x", "1"],
    [":status", "200"],
    ["content-type", "text/plain"],
    ["Transfer-Encoding", "chunked"],
  ])("refuses the reserved key %s", (key, value) => {
    expect(() => checkMetadata({ [key]: value })).toThrow(MetadataError);
  });

  test.each(["", "a b", "a\r\nb", "ä", "a:b"])("refuses the malformed key %j", (key) => {
    expect(() => checkMetadata({ [key]: "x" })).toThrow(/malformed/);
  });

  test.each(["a\r\nset-cookie: b", "\0", "ä", " a", "a "])("refuses the value %j under a text key", (value) => {
    expect(() => checkMetadata({ "x-text": value })).toThrow(/send it under "x-text-bin"/);
  });

  test("refuses text under a -bin key, and bytes under another", () => {
    expect(() => checkMetadata({ "x-bin": "text" })).toThrow(/give it a Uint8Array/);
    expect(() => checkMetadata({ x: Uint8Array.of(1) })).toThrow(/must end in "-bin"/);
  });

  test("accepts only what Headers returns unchanged", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, value) => {
        let checked: ReturnType<typeof checkMetadata>;
        try {
          checked = checkMetadata({ [key]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(MetadataError);
          return;
        }
        const [[sentKey, [sentValue]]] = checked as [[string, [string]]];
        expect(new Headers([[sentKey, sentValue]]).get(key)).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });

  test("accepts __proto__ as a key", () => {
    expect(checkMetadata(JSON.parse('{"__proto__": "x"}'))).toEqual([["__proto__", ["x"]]]);
  });
});
