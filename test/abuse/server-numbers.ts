/** What a server holds, after a garbage collection. */
export interface ServerNumbers {
  /** Bytes of the whole process. */
  readonly rss: number;
  /** Bytes of the JavaScript heap and of the buffers that belong to it. */
  readonly memory: number;
  /** Calls whose handlers run, or that something still holds. */
  readonly calls: number;
  readonly watchers: number;
  /** HTTP/2 sessions and sockets, likewise. */
  readonly sessions: number;
  readonly sockets: number;
  /** Keys that `Object.prototype` has gained. */
  readonly pollutedKeys: number;
}

/** A message of the server's process to its tests. */
export type ServerMessage =
  | { readonly kind: "up"; readonly url: string }
  | ({ readonly kind: "numbers" } & ServerNumbers)
  /** Bytes: the largest heap before a garbage collection since the last request. */
  | { readonly kind: "peakHeap"; readonly bytes: number };

/** What its tests ask of the server's process. */
export type ServerRequest = "measure" | "peakHeap";
