import type { DescMethod } from "@bufbuild/protobuf";
import type { AttackClient } from "./attack-client.ts";
import { requestOf, type WireLimits } from "./encoding.ts";
import type { Shape } from "./shape.ts";
import { filledField } from "./wire-writer.ts";

/** The maximum error of the result. */
const precisionBytes = 1024;

const timeoutMs = 10_000;

/** A field number that no request uses. */
const unknownNumber = 2_000;

/**
 * Finds the size of the largest message that the server accepts for a method, in bytes. Returns at most
 * `limits.maxMessageBytes`. Sends messages with one unknown field, which the server ignores.
 */
export async function messageLimitOf(method: DescMethod, client: AttackClient, limits: WireLimits): Promise<number> {
  let taken = precisionBytes;
  let refused = limits.maxMessageBytes + precisionBytes;
  while (refused - taken > precisionBytes) {
    const bytes = Math.min(limits.maxMessageBytes, Math.floor((taken + refused) / 2));
    const request = requestOf(method, probeOf(bytes), { protocol: "gRPC", http: 2, gzip: false }, limits);
    if (request === undefined) throw new Error(`no encoding can call ${method.name}`);
    const { code } = await client.call(request, timeoutMs);
    if (code === "resource_exhausted") refused = bytes;
    else taken = bytes;
    if (taken === limits.maxMessageBytes) break;
  }
  return taken;
}

function probeOf(bytes: number): Shape {
  return {
    name: "one unknown field",
    kind: "probe",
    depth: 0,
    format: "binary",
    isLarge: false,
    isUnparsable: false,
    copies: 1,
    build: () => filledField(unknownNumber, Buffer.of(0), bytes),
  };
}
