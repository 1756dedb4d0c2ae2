import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";

/**
 * A point in time: whole microseconds since 1970-01-01T00:00:00Z. A number holds them exactly from the year 1700 to
 * 2255; a JS Date would cut them to milliseconds.
 */
export type MicroTime = number;

/** Tells the time. */
export type MicroClock = () => MicroTime;

export const microsPerSecond = 1_000_000;
export const microsPerMilli = 1_000;
export const microsPerDay = 86_400 * microsPerSecond;

/** The same point in time as a protobuf timestamp. */
export function toTimestamp(time: MicroTime): Timestamp {
  const seconds = Math.floor(time / microsPerSecond);
  return create(TimestampSchema, {
    seconds: BigInt(seconds),
    nanos: (time - seconds * microsPerSecond) * 1000,
  });
}

// What protobuf allows: from the year 1 to the end of 9999.
const minSeconds = -62_135_596_800n;
const maxSeconds = 253_402_300_799n;

/** Whether a timestamp is one that protobuf allows: what comes over the wire may be anything. */
export function isValidTimestamp({ seconds, nanos }: Pick<Timestamp, "seconds" | "nanos">): boolean {
  return seconds >= minSeconds && seconds <= maxSeconds && nanos >= 0 && nanos < 1_000_000_000;
}

/**
 * The point in time of a valid timestamp; what is finer than a microsecond is cut off. Undefined where it is none, or
 * is so far away that a {@link MicroTime} would not be exact.
 */
export function fromTimestamp(timestamp: Timestamp): MicroTime | undefined {
  if (!isValidTimestamp(timestamp)) return undefined;
  const time = Number(timestamp.seconds) * microsPerSecond + Math.floor(timestamp.nanos / 1000);
  return Number.isSafeInteger(time) ? time : undefined;
}

/** A span of microseconds, 0 or more, as a protobuf duration. */
export function toDuration(micros: number): Duration {
  const seconds = Math.floor(micros / microsPerSecond);
  return create(DurationSchema, {
    seconds: BigInt(seconds),
    nanos: (micros - seconds * microsPerSecond) * 1000,
  });
}

// The wall clock ticks in milliseconds, so that a smaller difference says nothing.
const maxDriftMillis = 5;

/**
 * The system's clock with microseconds. It runs evenly, and jumps only where the wall clock was set or the machine
 * slept.
 */
export function systemClock(): MicroClock {
  let offset = Date.now() - performance.now();
  return () => {
    const elapsed = performance.now();
    if (Math.abs(Date.now() - elapsed - offset) > maxDriftMillis) offset = Date.now() - elapsed;
    return Math.floor((offset + elapsed) * microsPerMilli);
  };
}
