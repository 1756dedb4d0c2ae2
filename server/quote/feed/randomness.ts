import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A source of chance: the same seed gives the same numbers. */
export interface Randomness {
  /** From 0 to below 1, all alike. */
  uniform(): number;
  /** From the normal distribution of mean 0 and standard deviation 1. */
  normal(): number;
  /** From the exponential distribution of mean 1. */
  exponential(): number;
  /** A whole number from 0 to below `limit`, all alike. */
  below(limit: number): number;
}

/** @param seed any whole number; only its lower 32 bits count */
export function seededRandomness(seed: number): Randomness {
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(generator);
  const exponential = () => -Math.log(1 - uniform());
  return {
    uniform,
    exponential,
    normal: () => Math.sqrt(2 * exponential()) * Math.cos(2 * Math.PI * uniform()),
    below: (limit) => Math.floor(uniform() * limit),
  };
}
