/** The resources of a server after a garbage collection. */
export interface ServerNumbers {
  /** The memory of the process, in bytes. */
  readonly rss: number;
  /** The memory of the JavaScript heap and its buffers, in bytes. */
  readonly memory: number;
  /** The number of calls that run or are still referenced. */
  readonly calls: number;
  readonly watchers: number;
  /** The numbers of HTTP/2 sessions and sockets that are open or still referenced. */
  readonly sessions: number;
  readonly sockets: number;
  /** The number of keys that were added to `Object.prototype`. */
  readonly pollutedKeys: number;
}

/** A message from the server's process to the tests. */
export type ServerMessage =
  | { readonly kind: "up"; readonly url: string }
  | ({ readonly kind: "numbers" } & ServerNumbers)
  /** The largest heap before a garbage collection since the last request, in bytes. */
  | { readonly kind: "peakHeap"; readonly bytes: number };

/** A request of the tests to the server's process. */
export type ServerRequest = "measure" | "peakHeap";
