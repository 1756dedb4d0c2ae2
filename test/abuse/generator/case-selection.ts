import type { DescMethod } from "@bufbuild/protobuf";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { type Encoding, encodingsOf, formatEncoding } from "./encoding.ts";
import { shapesOf } from "./method-shapes.ts";
import type { Shape } from "./shape.ts";

/** One hostile message of one method in one encoding. */
export interface AbuseCase {
  /** As in `WatchQuotes, symbols: empty strings, binary, gRPC, HTTP/2, gzip`. */
  readonly name: string;
  readonly method: DescMethod;
  readonly shape: Shape;
  readonly encoding: Encoding;
  /** Whether a large shape is as large as a message of any method may be, beyond its own limit. */
  readonly isOversized: boolean;
}

/** One in this number of large shapes of the sample is too large for its method. */
const oversizedShare = 8;

/** One in this number of small shapes deep in a request is in the sample: their values recur in every message type. */
const deepSmallShare = 3;

/** Every shape of every method in every encoding; large ones in both sizes. */
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
 * A sample that is the same for the same seed: of each method every shape of the request itself, and of each message
 * type inside requests every large shape and some of the small ones, in one of the methods that have it. Each is in one
 * encoding.
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
      if (encoding === undefined) throw new Error(`there is no way to call ${method.name}`);
      return caseOf(method, shape, encoding, shape.isLarge && pick(oversizedShare) === 0);
    });
}

function caseOf(method: DescMethod, shape: Shape, encoding: Encoding, isOversized: boolean): AbuseCase {
  const size = isOversized ? ", too large" : "";
  const name = `${method.name}, ${shape.name}, ${shape.format}, ${formatEncoding(encoding)}${size}`;
  return { name, method, shape, encoding, isOversized };
}
