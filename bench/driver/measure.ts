import type { LoadResult } from "../load-node/load-result.ts";
import type { Workload } from "../workloads/workload.ts";
import { type LoadOptions, runLoad } from "./load-client.ts";
import type { Bound, Measurement } from "./measurement.ts";
import type { PeerMemory } from "./peer-server.ts";

/** The share of the time from which on a process counts as fully busy. */
const allTheTime = 0.95;
/** The share of the time that is available to a process on its own core. The kernel uses the rest. */
const ownCore = 0.85;

/** Measures a delay longer than a rate by this factor, so that a percentile of it is based on more than two ticks. */
const delayDurationFactor = 3;

const microsPerSecond = 1e6;
const bytesInKilobyte = 1024;

/** The number of streams that warm up a server before its memory is measured. */
const warmStreams = 100;

/** Measures one peer once. Rejects if the server or the load client fails. */
export async function measure({ kind }: Workload, options: LoadOptions): Promise<Measurement> {
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

/** Returns the processor time of the server for one operation, in microseconds. */
function cpuOf({ serverSeconds, operations }: LoadResult): number | undefined {
  return serverSeconds === 0 ? undefined : (serverSeconds * microsPerSecond) / operations;
}

/** Measures the memory of each idle stream. */
async function idleKilobytes(options: LoadOptions): Promise<number> {
  const { server, size } = options;
  await runLoad({ ...options, size: warmStreams });
  const before = await server.memory();
  let after: PeerMemory = before;
  await runLoad({
    ...options,
    onPaused: async () => {
      after = await server.memory();
    },
  });
  return (after.rssBytes - before.rssBytes) / size / bytesInKilobyte;
}

/**
 * Measures the memory of each stalled subscriber. The load client pauses before the first subscriber and after the last
 * one.
 */
async function backlogKilobytes(options: LoadOptions): Promise<number> {
  const { server, size } = options;
  const readings: PeerMemory[] = [];
  await runLoad({
    ...options,
    onPaused: async () => void readings.push(await server.memory()),
  });
  const [before, after] = readings;
  if (before === undefined || after === undefined) throw new Error("the load client did not pause twice");
  return (after.heapBytes - before.heapBytes) / size / bytesInKilobyte;
}
