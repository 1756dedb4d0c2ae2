import { ConnectError } from "@connectrpc/connect";

/** Headers or trailers as they came, sorted by name as Headers sorts them. */
export type Metadata = readonly (readonly [name: string, value: string])[];

/** Takes the pairs out of Headers. */
export function metadataOf(headers: Headers): Metadata {
  return [...headers];
}

/** Takes the trailers out of the error with which a stream ended: its metadata has the headers too. */
export function trailersOf(reason: unknown, headers: Metadata): Metadata {
  const headerNames = new Set(headers.map(([name]) => name));
  return metadataOf(ConnectError.from(reason).metadata).filter(([name]) => !headerNames.has(name));
}

/** The count that a header or trailer has, in decimal. Undefined where it has none. */
export function countIn(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
