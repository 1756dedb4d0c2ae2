import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";

/**
 * A point in time: whole microseconds since 1970-01-01T00:00:00Z. A number is exact from the year 1700 to 2255. A Date
 * has milliseconds only.
 */
export type MicroTime = number;

/** Returns the current time. */
export type MicroClock = () => MicroTime;

export const microsPerSecond = 1_000_000;
export const microsPerMilli = 1_000;
export const microsPerDay = 86_400 * microsPerSecond;

/** Converts a point in time to a protobuf Timestamp. */
export function toTimestamp(time: MicroTime): Timestamp {
  const seconds = Math.floor(time / microsPerSecond);
  return create(TimestampSchema, {
    seconds: BigInt(seconds),
    nanos: (time - seconds * microsPerSecond) * 1000,
  });
}

/** The range of a protobuf Timestamp, from the year 1 to 9999: https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp */
const minSeconds = -62_135_596_800n;
const maxSeconds = 253_402_300_799n;

/** Whether a timestamp is in the range of protobuf. A timestamp from the wire may be outside the range. */
export function isValidTimestamp({ seconds, nanos }: Pick<Timestamp, "seconds" | "nanos">): boolean {
  return seconds >= minSeconds && seconds <= maxSeconds && nanos >= 0 && nanos < 1_000_000_000;
}

/**
 * Converts a protobuf Timestamp, truncated to microseconds. Undefined if it is not valid, or outside the exact range of a
 * {@link MicroTime}.
 */
export function fromTimestamp(timestamp: Timestamp): MicroTime | undefined {
  if (!isValidTimestamp(timestamp)) return undefined;
  const time = Number(timestamp.seconds) * microsPerSecond + Math.floor(timestamp.nanos / 1000);
  return Number.isSafeInteger(time) ? time : undefined;
}

/** Converts microseconds, 0 or more, to a protobuf Duration. */
export function toDuration(micros: number): Duration {
  const seconds = Math.floor(micros / microsPerSecond);
  return create(DurationSchema, {
    seconds: BigInt(seconds),
    nanos: (micros - seconds * microsPerSecond) * 1000,
  });
}

/**
 * The largest allowed difference between wall clock and monotonic clock, in milliseconds. The wall clock has a
 * resolution of one millisecond.
 */
const maxDriftMillis = 5;

/**
 * The wall clock in microseconds. It advances with the monotonic clock, and jumps only after the wall clock was set or the
 * machine was suspended.
 */
export function systemClock(): MicroClock {
  let offset = Date.now() - performance.now();
  return () => {
    const elapsed = performance.now();
    if (Math.abs(Date.now() - elapsed - offset) > maxDriftMillis) offset = Date.now() - elapsed;
    return Math.floor((offset + elapsed) * microsPerMilli);
  };
}
