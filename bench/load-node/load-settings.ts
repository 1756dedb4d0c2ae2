import { parseArgs } from "node:util";

/** The settings of a load client. */
export interface LoadSettings {
  readonly workload: string;
  /** The address of the server, as HOST:PORT. */
  readonly address: string;
  /** The process ID of the server. */
  readonly pid: number;
  /** The number of messages, streams or calls. */
  readonly size: number;
  /** The durations of the warm-up and of the measurement, in milliseconds. */
  readonly warmMs: number;
  readonly measureMs: number;
}

/** Parses the flags, which are the same as those of the load client in Go. */
export function parseLoadSettings(args: readonly string[]): LoadSettings {
  const option = { type: "string", default: "" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      workload: option,
      address: option,
      pid: option,
      size: option,
      warm: option,
      measure: option,
      // For the fan-out, which only the load client in Go measures.
      watch: option,
    },
  });
  return {
    workload: values.workload,
    address: values.address,
    pid: Number(values.pid),
    size: Number(values.size),
    warmMs: Number.parseInt(values.warm, 10),
    measureMs: Number.parseInt(values.measure, 10),
  };
}
