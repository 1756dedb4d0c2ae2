import { defaultLimits } from "../../../server/transport/protection/default-limits.ts";
import type { WireLimits } from "./encoding.ts";

/** The settings of the generator, from environment variables. */
export interface GeneratorSettings {
  /** `BOURSE_ABUSE_MATRIX=full` runs every shape in every encoding instead of a sample. Takes more than an hour. */
  readonly isFull: boolean;
  /** `BOURSE_ABUSE_SEED` selects the sample. */
  readonly seed: number;
  readonly limits: WireLimits;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** The server does not limit the ratio of decompression below this size. */
const freeBytes = MiB;

/** The part of `maxHeaderBytes` that is available for the path of a GET. */
const otherHeaderBytes = KiB;

/** Reads the settings. `BOURSE_ABUSE_BYTES` reduces the message size, for a server that cannot handle the largest. */
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
