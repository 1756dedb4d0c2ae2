/** Counts the SHA-256 of files that grow, in the background, from what is written of them. */
export interface Hasher extends AsyncDisposable {
  /** The first `end` bytes of the file are written: they may be counted when there is time. */
  advance(id: string, path: string, end: number): void;
  /** Resolves to the SHA-256 of the first `end` bytes, lower-case hex. Rejects where they cannot be read. */
  digest(id: string, path: string, end: number): Promise<string>;
  /** What was counted of it is needed no more. */
  forget(id: string): void;
}
