/** The limits of the transport. Each bounds what one client can make the server hold or wait for. */
export const limits = {
  /** The largest message taken, in bytes; larger ones are answered with RESOURCE_EXHAUSTED. As gRPC's default. */
  readMaxBytes: 4 * 1024 * 1024,
  /** The largest message sent, in bytes. */
  writeMaxBytes: 4 * 1024 * 1024,
  /** The longest deadline a client may ask for, in ms: the longest that Node's timers can wait for. */
  maxTimeoutMs: 2 ** 31 - 1,
  /** Connections at a time; more are refused. */
  maxConnections: 10_000,
  /** Streams at a time on one HTTP/2 connection; more are refused with REFUSED_STREAM. */
  maxConcurrentStreams: 1_000,
  /** Bytes a client may send ahead on one stream, and on one connection. Node's 64 KiB would throttle uploads. */
  streamWindowBytes: 1024 * 1024,
  sessionWindowBytes: 4 * 1024 * 1024,
  /** The headers of one request, in bytes and in header lines. */
  maxHeaderBytes: 16 * 1024,
  maxHeaderPairs: 128,
  /** Resets a client may send: at most so many at once, and so many a second. */
  streamResetBurst: 1_000,
  streamResetRate: 33,
  /** How long a new connection may take until its first bytes, its TLS handshake, or a request's headers, in ms. */
  openTimeoutMs: 10_000,
  /** How long an HTTP/1.1 connection, or an HTTP/2 session without streams, may stay idle, in ms. */
  idleTimeoutMs: 5 * 60_000,
} as const;
