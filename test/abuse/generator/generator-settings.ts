import { defaultLimits } from "../../../server/transport/protection/limit-table.ts";
import type { WireLimits } from "./encoding.ts";

/** What a run of the generator does, from environment variables. */
export interface GeneratorSettings {
  /** Every shape in every encoding, which takes an hour and more, and not a sample. `BOURSE_ABUSE_MATRIX=full`. */
  readonly isFull: boolean;
  /** Which sample. `BOURSE_ABUSE_SEED`. */
  readonly seed: number;
  readonly limits: WireLimits;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** Up to this size decompression may make a message as much larger as it likes. */
const freeBytes = MiB;

/** What headers leave of `maxHeaderBytes` for the path of a GET. */
const otherHeaderBytes = KiB;

/** Reads the settings. `BOURSE_ABUSE_BYTES` makes the messages smaller, for a server that cannot handle the largest. */
export function readGeneratorSettings(env: NodeJS.ProcessEnv): GeneratorSettings {
  return {
    isFull: env.BOURSE_ABUSE_MATRIX === "full",
    seed: Number(env.BOURSE_ABUSE_SEED ?? 1),
    limits: {
      maxMessageBytes: Number(env.BOURSE_ABUSE_BYTES ?? defaultLimits.readMaxBytes),
      maxRatio: defaultLimits.maxCompressionRatio,
      freeBytes,
      maxPathBytes: defaultLimits.maxHeaderBytes - otherHeaderBytes,
    },
  };
}
