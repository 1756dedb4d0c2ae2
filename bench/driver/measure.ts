import type { LoadResult } from "../load-node/load-result.ts";
import type { Work } from "../works/work.ts";
import { type LoadOptions, runLoad } from "./load-client.ts";
import type { Bound, Measurement } from "./measurement.ts";
import type { PeerMemory } from "./peer-server.ts";

/** The share of the time from which on a process counts as always ready to run. */
const allTheTime = 0.95;
/** The share of the time that a process with its own core gets: the kernel uses the rest. */
const ownCore = 0.85;

/** The factor by which a delay is measured longer than a rate: a hundredth of the ticks must be more than two ticks. */
const delayDurationFactor = 3;

const microsPerSecond = 1e6;
const bytesInKilobyte = 1024;

/** Streams that make a server do everything once, before its memory is measured. */
const warmStreams = 100;

/** Measures one peer once. Rejects if the server or the load client fails. */
export async function measure({ kind }: Work, options: LoadOptions): Promise<Measurement> {
  switch (kind) {
    case "rate": {
      const result = await runLoad(options);
      return { value: result.operations / result.seconds, cpu: cpuOf(result), bound: boundOf(result) };
    }
    case "delay":
    case "slowdown": {
      const { warm, measure } = options.duration;
      const result = await runLoad({ ...options, duration: { warm, measure: delayDurationFactor * measure } });
      const { delayP99, slowdown, delivered } = result;
      const value = (kind === "delay" ? delayP99 : slowdown) ?? Number.NaN;
      return { value, cpu: cpuOf(result), bound: boundOf(result), delivered };
    }
    case "time": {
      const result = await runLoad(options);
      return { value: result.seconds, cpu: cpuOf(result), bound: boundOf(result) };
    }
    case "memory":
      return { value: await idleKilobytes(options), cpu: undefined, bound: "server" };
    case "backlog":
      return { value: await backlogKilobytes(options), cpu: undefined, bound: "server" };
  }
}

function boundOf({ seconds, serverSeconds, serverBusy, clientBusy }: LoadResult): Bound {
  if (serverBusy < allTheTime) return clientBusy < allTheTime ? "server" : "client";
  return serverSeconds < ownCore * seconds ? "machine" : "server";
}

/** Processor time of the server for one operation, in microseconds. */
function cpuOf({ serverSeconds, operations }: LoadResult): number | undefined {
  return serverSeconds === 0 ? undefined : (serverSeconds * microsPerSecond) / operations;
}

/** Measures the memory of each open, quiet stream. */
async function idleKilobytes(options: LoadOptions): Promise<number> {
  const { server, size } = options;
  await runLoad({ ...options, size: warmStreams });
  const before = await server.memory();
  let after: PeerMemory = before;
  await runLoad({
    ...options,
    onHolding: async () => {
      after = await server.memory();
    },
  });
  return (after.rssBytes - before.rssBytes) / size / bytesInKilobyte;
}

/**
 * Measures the memory of each subscriber that has stopped reading. The load client pauses before the first one, and
 * after all of them.
 */
async function backlogKilobytes(options: LoadOptions): Promise<number> {
  const { server, size } = options;
  const readings: PeerMemory[] = [];
  await runLoad({
    ...options,
    onHolding: async () => void readings.push(await server.memory()),
  });
  const [before, after] = readings;
  if (before === undefined || after === undefined) throw new Error("the load client did not hold twice");
  return (after.heapBytes - before.heapBytes) / size / bytesInKilobyte;
}
