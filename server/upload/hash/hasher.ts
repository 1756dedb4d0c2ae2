/** Computes the SHA-256 of files that grow, in the background, from their written bytes. */
export interface Hasher extends AsyncDisposable {
  /** Announces that the first `end` bytes of a file are written and may be hashed. */
  advance(id: string, path: string, end: number): void;
  /** Resolves to the SHA-256 of the first `end` bytes, in lower-case hex. Rejects if they cannot be read. */
  digest(id: string, path: string, end: number): Promise<string>;
  /** Drops the hash of a file. */
  forget(id: string): void;
}
