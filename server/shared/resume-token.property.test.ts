import { createCipheriv, createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  InvalidResumeTokenError,
  maxPositionBytes,
  maxSkip,
  nameSelection,
  ResumeTokens,
  resumeKeyBytes,
} from "./resume-token.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const key = bytes(resumeKeyBytes);
const selection = fc
  .tuple(fc.string(), fc.uint8Array({ maxLength: 50 }))
  .map(([method, request]) => nameSelection(method, request));
const point = fc.record({
  position: fc.uint8Array({ maxLength: maxPositionBytes }),
  snapshot: fc.maxSafeNat(),
  total: fc.maxSafeNat(),
  digest: bytes(32),
});

const skips = fc.integer({ min: 0, max: maxSkip });

describe("a resume token", () => {
  test("returns its point to any server with the same key", () => {
    fc.assert(
      fc.property(key, selection, point, (key, selection, point) => {
        const token = new ResumeTokens(key).seal(selection, point);
        expect(token.length).toBeLessThanOrEqual(512);
        const opened = new ResumeTokens(key).open(token, selection);
        expect({ ...opened, position: [...opened.position], digest: [...opened.digest] }).toEqual({
          ...point,
          skip: 0,
          position: [...point.position],
          digest: [...point.digest],
        });
      }),
    );
  });

  test("after a point has the point and the number of items to skip", () => {
    fc.assert(
      fc.property(key, selection, point, skips, fc.nat(), (key, selection, point, count, at) => {
        const tokens = new ResumeTokens(key);
        const skip = at % (count + 1);
        const token = tokens.sealPage(selection, point, count)(skip);
        expect(tokens.open(token, selection)).toEqual({
          ...tokens.open(tokens.seal(selection, point), selection),
          skip,
        });
        expect(tokens.sealPage(selection, point, skip)(skip)).toEqual(token);
      }),
    );
  });

  test("is authenticated: its tag is the number of items to skip, encrypted with AES-128; the key is an HMAC-SHA256", () => {
    fc.assert(
      fc.property(key, selection, point, skips, (key, selection, point, skip) => {
        const token = new ResumeTokens(key).sealPage(selection, point, skip)(skip);
        const hmac = createHmac("sha256", key).update(token.subarray(0, -18)).digest();
        const block = Buffer.alloc(16);
        block.writeUInt16BE(skip, 14);
        const cipher = createCipheriv("aes-128-ecb", hmac.subarray(0, 16), null);
        expect(token.subarray(-16)).toEqual(cipher.update(block));
      }),
    );
  });

  test("is refused if any bit was changed", () => {
    fc.assert(
      fc.property(key, selection, point, skips, fc.nat(), (key, selection, point, skip, at) => {
        const tokens = new ResumeTokens(key);
        const token = tokens.sealPage(selection, point, skip)(skip);
        const bit = at % (token.length * 8);
        token[bit >> 3] = (token[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => tokens.open(token, selection)).toThrow(InvalidResumeTokenError);
      }),
    );
  });

  test("is refused if it was truncated or extended", () => {
    fc.assert(
      fc.property(
        key,
        selection,
        point,
        fc.nat(),
        fc.uint8Array({ minLength: 1 }),
        (key, selection, point, n, more) => {
          const tokens = new ResumeTokens(key);
          const token = tokens.seal(selection, point);
          for (const changed of [token.subarray(0, n % token.length), Buffer.concat([token, more])]) {
            expect(() => tokens.open(changed, selection)).toThrow(InvalidResumeTokenError);
          }
        },
      ),
    );
  });

  test("of random bytes is refused", () => {
    fc.assert(
      fc.property(key, selection, fc.uint8Array({ maxLength: 600 }), (key, selection, token) => {
        expect(() => new ResumeTokens(key).open(token, selection)).toThrow(InvalidResumeTokenError);
      }),
    );
  });

  test("of another key, or of another selection, is refused", () => {
    fc.assert(
      fc.property(key, key, selection, selection, point, (key, otherKey, selection, other, point) => {
        const tokens = new ResumeTokens(key);
        const token = tokens.seal(selection, point);
        fc.pre(!Buffer.from(key).equals(otherKey) && !Buffer.from(selection).equals(other));
        expect(() => new ResumeTokens(otherKey).open(token, selection)).toThrow(InvalidResumeTokenError);
        expect(() => tokens.open(token, other)).toThrow(/another (filter|selection)/);
      }),
    );
  });
});

test("the name of a selection depends on the method and on the request", () => {
  const names = [
    nameSelection("a", Buffer.from("b")),
    nameSelection("ab", Buffer.alloc(0)),
    nameSelection("a", Buffer.alloc(0)),
  ];
  expect(new Set(names.map((name) => Buffer.from(name).toString("hex"))).size).toBe(3);
});
