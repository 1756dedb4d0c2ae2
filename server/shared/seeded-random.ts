import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A random number generator. */
export interface Random {
  /** Uniform, from 0 to below 1. */
  uniform(): number;
  /** Normal, with mean 0 and standard deviation 1. */
  normal(): number;
  /** Exponential, with mean 1. */
  exponential(): number;
  /** Uniform, a whole number from 0 to below `limit`. */
  below(limit: number): number;
}

/**
 * Makes a generator of which the same seed gives the same numbers.
 *
 * @param seed any whole number; only its lower 32 bits count
 */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(generator);
  const exponential = () => -Math.log(1 - uniform());
  return {
    uniform,
    exponential,
    // The Box-Muller transform.
    normal: () => Math.sqrt(2 * exponential()) * Math.cos(2 * Math.PI * uniform()),
    below: (limit) => Math.floor(uniform() * limit),
  };
}
