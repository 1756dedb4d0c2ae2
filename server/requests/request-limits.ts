import type { DescMethod } from "@bufbuild/protobuf";
import { StreamQuotesRequestSchema, WatchQuotesRequestSchema } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { defaultLimits } from "../transport/protection/limits.ts";
import type { MessageLimits } from "../transport/request/message-limits.ts";
import { createBinaryScan } from "./binary-scan.ts";
import { createJsonScan } from "./json-scan.ts";
import { largestMessageBytes } from "./largest-message.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** Bytes that every request may have beyond what its rules need: fields that a newer client sends, blanks in JSON. */
export const spareRequestBytes = 16 * KiB;

/**
 * How many times larger a message may be in JSON than in protobuf: text that is escaped has three bytes for each that it
 * has, numbers and the names of fields four times as many.
 */
export const jsonSizeFactor = 4;

/** Up to that a request may be {@link jsonSizeFactor} times larger than in protobuf: larger ones are bytes in base64. */
export const maxJsonAllowance = MiB;

/**
 * The largest request that opens a stream of quotes. The rules of its fields allow a hundred times more, which nobody
 * needs: 10,000 symbols of 64 bytes three times over have 1.9 MiB, watched, paused and with a rate.
 */
export const maxWatchRequestBytes = 2 * MiB;

const statedBytes = new Map<string, number>([
  [WatchQuotesRequestSchema.typeName, maxWatchRequestBytes],
  [StreamQuotesRequestSchema.typeName, maxWatchRequestBytes],
]);

/** What one request message of a method may be, by the rules in its proto. */
export function messageLimitsOf({ input }: DescMethod): MessageLimits {
  return {
    maxBytes: statedBytes.get(input.typeName) ?? allowedBytes(largestMessageBytes(input)),
    checkBinary: createBinaryScan(input, defaultLimits.maxMessageDepth),
    checkJson: createJsonScan(input, defaultLimits.maxMessageDepth),
  };
}

function allowedBytes(binaryBytes: number): number {
  return spareRequestBytes + Math.max(binaryBytes, Math.min(binaryBytes * jsonSizeFactor, maxJsonAllowance));
}
