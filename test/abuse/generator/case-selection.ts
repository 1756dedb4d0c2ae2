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
}

/** Every shape of every method in every encoding. */
export function allCases(methods: readonly DescMethod[]): AbuseCase[] {
  return methods.flatMap((method) => {
    const encodings = encodingsOf(method);
    return shapesOf(method).flatMap((shape) => encodings.map((encoding) => caseOf(method, shape, encoding)));
  });
}

/**
 * A sample that is the same for the same seed: of each method every shape of the request itself, and of each message
 * type inside requests every shape in one of the methods that have it, in the least costly encoding for the client or
 * in another one.
 */
export function sampledCases(methods: readonly DescMethod[], seed: number): AbuseCase[] {
  const random = xoroshiro128plus(seed);
  const pick = (count: number) => uniformInt(random, 0, count - 1);
  const all = methods.flatMap((method) => shapesOf(method).map((shape) => ({ method, shape })));
  const inner = Map.groupBy(
    all.filter(({ shape }) => shape.depth > 0),
    ({ shape }) => shape.kind,
  );
  const kept = new Set([...inner.values()].map((alike) => alike[pick(alike.length)]));
  return all
    .filter((each) => each.shape.depth === 0 || kept.has(each))
    .map(({ method, shape }) => {
      const encodings = encodingsOf(method);
      const encoding = encodings[pick(encodings.length)] ?? encodings[0];
      if (encoding === undefined) throw new Error(`there is no way to call ${method.name}`);
      return caseOf(method, shape, encoding);
    });
}

function caseOf(method: DescMethod, shape: Shape, encoding: Encoding): AbuseCase {
  const name = `${method.name}, ${shape.name}, ${shape.format}, ${formatEncoding(encoding)}`;
  return { name, method, shape, encoding };
}
