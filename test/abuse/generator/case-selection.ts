import type { DescMethod } from "@bufbuild/protobuf";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { type Encoding, encodingsOf, formatEncoding } from "./encoding.ts";
import { shapesOf } from "./method-shapes.ts";
import type { Shape } from "./shape.ts";

/** One hostile message of one method in one encoding. */
export interface AbuseCase {
  /** For example `WatchQuotes, symbols: empty strings, binary, gRPC, HTTP/2, gzip`. */
  readonly name: string;
  readonly method: DescMethod;
  readonly shape: Shape;
  readonly encoding: Encoding;
  /** Whether a large shape exceeds the limit of its method and has the largest size of any method. */
  readonly isOversized: boolean;
}

/** One in this number of large shapes in the sample is too large for its method. */
const oversizedShare = 8;

/** The sample contains one in this number of small nested shapes, because their values recur in every message type. */
const deepSmallShare = 3;

/** Returns every shape of every method in every encoding. Large shapes have both sizes. */
export function allCases(methods: readonly DescMethod[]): AbuseCase[] {
  return methods.flatMap((method) => {
    const encodings = encodingsOf(method);
    return shapesOf(method).flatMap((shape) =>
      encodings.flatMap((encoding) =>
        (shape.isLarge ? [false, true] : [false]).map((isOversized) => caseOf(method, shape, encoding, isOversized)),
      ),
    );
  });
}

/**
 * Returns a sample that is determined by the seed. It contains every shape of each request. For each message type
 * inside requests, it contains every large shape and some small shapes, in one of the methods that have the type. Each
 * case has one encoding.
 */
export function sampledCases(methods: readonly DescMethod[], seed: number): AbuseCase[] {
  const random = xoroshiro128plus(seed);
  const pick = (count: number) => uniformInt(random, 0, count - 1);
  const all = methods.flatMap((method) => shapesOf(method).map((shape) => ({ method, shape })));
  const inner = Map.groupBy(
    all.filter(({ shape }) => shape.depth > 0),
    ({ shape }) => shape.kind,
  );
  const isKept = ({ shape }: { shape: Shape }) => shape.isLarge || pick(deepSmallShare) === 0;
  const kept = new Set(
    [...inner.values()].flatMap((alike) => alike.slice(pick(alike.length)).slice(0, 1)).filter(isKept),
  );
  return all
    .filter((each) => each.shape.depth === 0 || kept.has(each))
    .map(({ method, shape }) => {
      const encodings = encodingsOf(method);
      const encoding = encodings[pick(encodings.length)] ?? encodings[0];
      if (encoding === undefined) throw new Error(`no encoding can call ${method.name}`);
      return caseOf(method, shape, encoding, shape.isLarge && pick(oversizedShare) === 0);
    });
}

function caseOf(method: DescMethod, shape: Shape, encoding: Encoding, isOversized: boolean): AbuseCase {
  const size = isOversized ? ", too large" : "";
  const name = `${method.name}, ${shape.name}, ${shape.format}, ${formatEncoding(encoding)}${size}`;
  return { name, method, shape, encoding, isOversized };
}
