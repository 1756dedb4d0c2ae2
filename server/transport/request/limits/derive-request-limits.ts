import { defaultLimits } from "../../protection/default-limits.ts";
import type { RequestLimits } from "../message-decoder.ts";
import { createBinaryMessageScan } from "./binary-message-scan.ts";
import { createJsonMessageScan } from "./json-message-scan.ts";
import { largestMessageBytes, type TextBytes } from "./largest-message-size.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** Bytes that every request may have beyond its rules: for the fields of a newer client, and for whitespace in JSON. */
export const spareRequestBytes = 16 * KiB;

/**
 * How many times larger a message may be in JSON than in protobuf: escapes take three bytes for each byte of a text,
 * and numbers with the names of their fields are up to four times larger.
 */
export const jsonSizeFactor = 4;

/**
 * The size in bytes up to which {@link jsonSizeFactor} raises a limit. If the largest message in protobuf is larger, its
 * size is the limit, in JSON too.
 */
export const maxJsonAllowance = MiB;

/** Limits that replace those derived from the rules. */
export interface RequestLimitsOptions {
  /** The largest message of a type, in bytes, by its full name. For types whose rules allow far more than clients need. */
  readonly messageBytes: Readonly<Record<string, number>>;
  /** The bounds of texts whose fields have no rule. */
  readonly textBytes: TextBytes;
}

/** Makes a function that returns the limits of a method's request messages, by the rules in its proto. */
export function deriveRequestLimits({ messageBytes, textBytes }: RequestLimitsOptions): RequestLimits {
  return ({ input }) => ({
    maxBytes: messageBytes[input.typeName] ?? allowedBytes(largestMessageBytes(input, textBytes)),
    checkBinary: createBinaryMessageScan(input, defaultLimits.maxMessageDepth),
    checkJson: createJsonMessageScan(input, defaultLimits.maxMessageDepth),
  });
}

function allowedBytes(binaryBytes: number): number {
  return spareRequestBytes + Math.max(binaryBytes, Math.min(binaryBytes * jsonSizeFactor, maxJsonAllowance));
}
