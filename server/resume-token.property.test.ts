import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidResumeTokenError } from "./errors.ts";
import { maxPositionBytes, nameSelection, ResumeTokens, resumeKeyBytes } from "./resume-token.ts";

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

describe("a resume token", () => {
  test("gives back the point that it was made of, to any server with the same key", () => {
    fc.assert(
      fc.property(key, selection, point, (key, selection, point) => {
        const token = new ResumeTokens(key).seal(selection, point);
        expect(token.length).toBeLessThanOrEqual(512);
        const opened = new ResumeTokens(key).open(token, selection);
        expect({ ...opened, position: [...opened.position], digest: [...opened.digest] }).toEqual({
          ...point,
          position: [...point.position],
          digest: [...point.digest],
        });
      }),
    );
  });

  test("is signed with the first half of HMAC-SHA256", () => {
    fc.assert(
      fc.property(key, selection, point, (key, selection, point) => {
        const token = new ResumeTokens(key).seal(selection, point);
        const hmac = createHmac("sha256", key).update(token.subarray(0, -16)).digest();
        expect(token.subarray(-16)).toEqual(hmac.subarray(0, 16));
      }),
    );
  });

  test("is refused with any bit of it changed", () => {
    fc.assert(
      fc.property(key, selection, point, fc.nat(), (key, selection, point, at) => {
        const tokens = new ResumeTokens(key);
        const token = tokens.seal(selection, point);
        const bit = at % (token.length * 8);
        token[bit >> 3] = (token[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => tokens.open(token, selection)).toThrow(InvalidResumeTokenError);
      }),
    );
  });

  test("is refused where it was cut off or added to", () => {
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

  test("made up of any bytes is refused", () => {
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

test("a selection's name tells the method and the request apart", () => {
  const names = [
    nameSelection("a", Buffer.from("b")),
    nameSelection("ab", Buffer.alloc(0)),
    nameSelection("a", Buffer.alloc(0)),
  ];
  expect(new Set(names.map((name) => Buffer.from(name).toString("hex"))).size).toBe(3);
});
