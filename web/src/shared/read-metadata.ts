import { ConnectError } from "@connectrpc/connect";

/** The header with the total number of items in the response, in decimal. */
export const totalCountHeader = "bourse-total-count";

/** Received headers or trailers, sorted by name as `Headers` sorts them. */
export type Metadata = readonly (readonly [name: string, value: string])[];

/** Converts `Headers` to pairs. */
export function toMetadata(headers: Headers): Metadata {
  return [...headers];
}

/** Returns the trailers of a failed stream. The metadata of its error has headers and trailers; headers are removed. */
export function trailersOfError(reason: unknown, headers: Metadata): Metadata {
  const headerNames = new Set(headers.map(([name]) => name));
  return toMetadata(ConnectError.from(reason).metadata).filter(([name]) => !headerNames.has(name));
}

/** Returns the decimal count in a header or trailer, or undefined if it has none. */
export function readCount(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
