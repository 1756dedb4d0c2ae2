import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import { hashInSlices } from "../upload/checksums.ts";
import { blobSource } from "../upload/upload-source.ts";
import { nativeFileHash, nativeSha256 } from "./native-sha256.ts";

const bytes = Uint8Array.from({ length: 1_100_000 }, (_, index) => index % 251);

test("Node computes the digest of the portable SHA-256", () => {
  for (const length of [0, 1, 55, 56, 64, 1_000]) {
    expect(Buffer.from(nativeSha256(bytes.subarray(0, length)))).toEqual(
      Buffer.from(sha256(bytes.subarray(0, length))),
    );
  }
});

test("Node computes the hash of a file that WebAssembly computes", async () => {
  const source = blobSource(new Blob([bytes]));
  const { signal } = new AbortController();
  const native = Buffer.from(await nativeFileHash(source, signal)).toString("hex");
  expect(native).toBe(Buffer.from(await hashInSlices()(source, signal)).toString("hex"));
  expect(native).toBe(Buffer.from(sha256(bytes)).toString("hex"));
});
