import { parseArgs } from "node:util";

/** The settings of a load client. */
export interface LoadSettings {
  readonly work: string;
  /** Where the server listens, as HOST:PORT. */
  readonly address: string;
  /** The server's process. */
  readonly pid: number;
  /** Messages, streams or calls: what the work counts. */
  readonly size: number;
  /** The durations of the warm-up and of the measurement, in milliseconds. */
  readonly warmMs: number;
  readonly measureMs: number;
}

/** Reads the flags, which are those of the load client in Go. */
export function parseLoadSettings(args: readonly string[]): LoadSettings {
  const option = { type: "string", default: "" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      work: option,
      address: option,
      pid: option,
      size: option,
      warm: option,
      measure: option,
      // For the fan-out, which is only measured with the client in Go.
      watch: option,
    },
  });
  return {
    work: values.work,
    address: values.address,
    pid: Number(values.pid),
    size: Number(values.size),
    warmMs: Number.parseInt(values.warm, 10),
    measureMs: Number.parseInt(values.measure, 10),
  };
}
