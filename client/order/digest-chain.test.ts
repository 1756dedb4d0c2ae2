import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { DigestChain, type Sha256 } from "./digest-chain.ts";

const native: Sha256 = (bytes) => hash("sha256", bytes, "buffer");

test("the digest of no items is 32 zero bytes", () => {
  expect(new DigestChain().hex).toBe("0".repeat(64));
});

test("each item is hashed after the previous digest", () => {
  const chain = new DigestChain();
  chain.add(Buffer.from("first"));
  const first = hash("sha256", Buffer.concat([Buffer.alloc(32), Buffer.from("first")]), "buffer");
  expect(chain.hex).toBe(first.toString("hex"));
  chain.add(Buffer.from("second"));
  expect(chain.hex).toBe(hash("sha256", Buffer.concat([first, Buffer.from("second")]), "hex"));
});

test("the digest depends on the order of the items and on their boundaries", () => {
  const digestOf = (...items: string[]) => {
    const chain = new DigestChain();
    for (const item of items) chain.add(Buffer.from(item));
    return chain.hex;
  };
  const digests = [digestOf("ab", "c"), digestOf("a", "bc"), digestOf("c", "ab"), digestOf("abc"), digestOf("abc", "")];
  expect(new Set(digests).size).toBe(digests.length);
});

test("the SHA-256 of the platform computes the same digest", () => {
  const [portable, fast] = [new DigestChain(), new DigestChain(native)];
  for (let length = 0; length < 200; length++) {
    const item = new Uint8Array(length).fill(length);
    portable.add(item);
    fast.add(item);
  }
  expect(fast.hex).toBe(portable.hex);
});

test("a chain continues another one", () => {
  const digestOf = (items: readonly string[], start?: string) => {
    const chain = new DigestChain(native, start);
    for (const item of items) chain.add(Buffer.from(item));
    return chain.hex;
  };
  const items = ["a", "bc", "", "d"];
  for (let at = 0; at <= items.length; at++) {
    expect(digestOf(items.slice(at), digestOf(items.slice(0, at)))).toBe(digestOf(items));
  }
});
