/** Limits on what one client can make the server store, send or wait for. Sizes in bytes, times in ms. */
export type Limits = { readonly [Name in keyof typeof limitTable]: number };

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const second = 1_000;
const minute = 60 * second;

/** Each limit: its default, what it bounds, and the error beyond it. `docs/reference/limits.md` is generated from it. */
export const limitTable = {
  readMaxBytes: {
    value: 4 * MiB,
    bounds: "one message from a client, after decompression; most methods accept less",
    beyond: "RESOURCE_EXHAUSTED with the size and the limit",
  },
  writeMaxBytes: {
    value: 4 * MiB,
    bounds: "one message to a client, before compression",
    beyond: "RESOURCE_EXHAUSTED with the size and the limit",
  },
  maxCompressionRatio: {
    value: 200,
    bounds: "the ratio between the sizes of a message after and before decompression, beyond the first MiB",
    beyond: "RESOURCE_EXHAUSTED",
  },
  maxDecompressions: {
    value: 4,
    bounds:
      "messages of more than 16 KiB, compressed, that are decompressed at the same time: as many as Node has threads",
    beyond: "the message waits",
  },
  maxMessageDepth: {
    value: 100,
    bounds: "levels of nested messages and groups, in protobuf and in JSON",
    beyond: "INVALID_ARGUMENT",
  },
  maxTimeoutMs: {
    value: 2 ** 31 - 1,
    bounds: "the timeout of a call: the longest time of Node's timers",
    beyond: "the call has this timeout",
  },
  maxBufferedBytes: {
    value: GiB,
    bounds:
      "bytes of unhandled requests and of unread responses, and 24 KiB for each call, of all clients together; a fifth of Node's heap limit if that is less. One address may have half of it",
    beyond: "RESOURCE_EXHAUSTED: the newest calls of the connection that needs more are ended",
  },
  maxSessionBufferedBytes: {
    value: 128 * MiB,
    bounds: "the same, of one connection; an eighth of all if that is less",
    beyond: "the same",
  },
  maxActiveCalls: {
    value: 50_000,
    bounds: "calls in progress, of all clients together",
    beyond: "RESOURCE_EXHAUSTED",
  },
  peerShare: {
    value: 0.5,
    bounds: "the share of a limit of all clients together that one client may use; 1 is all of it",
    beyond: "the same as beyond that limit",
  },
  maxMetadataBytes: {
    value: 64 * KiB,
    bounds: "the headers that a handler sends, and likewise the trailers: keys, values and 32 bytes for each value",
    beyond: "INTERNAL: it is an error of the server",
  },
  maxHeaderBytes: {
    value: 16 * KiB,
    bounds: "the headers of a request",
    beyond: "431",
  },
  maxHeaderPairs: {
    value: 128,
    bounds: "the header fields of a request",
    beyond: "on HTTP/2 the stream is reset with ENHANCE_YOUR_CALM; on HTTP/1.1 the rest is ignored",
  },
  maxPipelinedRequests: {
    value: 8,
    bounds: "pipelined requests of an HTTP/1.1 connection, before the current one is answered",
    beyond: "the connection is closed",
  },
  maxConnections: {
    value: 10_000,
    bounds: "open connections, of all clients together",
    beyond: "the connection is closed",
  },
  maxConcurrentStreams: {
    value: 1_000,
    bounds: "open streams of one HTTP/2 connection",
    beyond: "the stream is refused with REFUSED_STREAM; after a hundred of them the connection is closed",
  },
  maxFrameBytes: {
    value: MiB,
    bounds:
      "one frame of HTTP/2; large ones, such as those of Go clients, cost less. Frames are processed before they are complete",
    beyond: "the connection is closed with FRAME_SIZE_ERROR",
  },
  streamWindowBytes: {
    value: MiB,
    bounds: "bytes that a client may send on one stream of HTTP/2 before the handler reads them",
    beyond: "the client must wait",
  },
  sessionWindowBytes: {
    value: 4 * MiB,
    bounds: "bytes that a client may send on all streams of one HTTP/2 connection before they are read",
    beyond: "the client must wait",
  },
  sessionMemoryBytes: {
    value: 32 * MiB,
    bounds: "memory of Node for one HTTP/2 connection: headers, settings, pings, and unsent bytes",
    beyond: "new streams are refused with ENHANCE_YOUR_CALM",
  },
  maxSendHeaderBytes: {
    value: 256 * KiB,
    bounds: "one compressed block of headers or trailers that the server sends over HTTP/2",
    beyond: "the stream is reset: it is an error of the server",
  },
  streamResetBurst: {
    value: 1_000,
    bounds: "streams that a client may reset in a burst; refilled at streamResetRate",
    beyond: "the session ends with GOAWAY",
  },
  streamResetRate: {
    value: 33,
    bounds: "streams that a client may reset in a second, on average",
    beyond: "the session ends with GOAWAY",
  },
  maxPingsPerSecond: {
    value: 20_000,
    bounds: "PING frames of one session in a second: gRPC clients that measure their bandwidth send thousands",
    beyond: "the session ends with ENHANCE_YOUR_CALM",
  },
  maxSettingsPerSecond: {
    value: 100,
    bounds: "SETTINGS frames of one session in a second",
    beyond: "the session ends with ENHANCE_YOUR_CALM",
  },
  openTimeoutMs: {
    value: 10 * second,
    bounds:
      "time for a new connection to finish its TLS handshake or to send its first bytes, and for an HTTP/1.1 request to send all headers",
    beyond: "HTTP/1.1: 408, or the connection is closed; HTTP/2: the connection is closed after twice this time",
  },
  requestTimeoutMs: {
    value: minute,
    bounds: "time for the whole body of a request with one message to arrive",
    beyond: "DEADLINE_EXCEEDED",
  },
  firstMessageTimeoutMs: {
    value: minute,
    bounds: "time for the first message of a client stream to arrive",
    beyond: "DEADLINE_EXCEEDED",
  },
  messageIdleTimeoutMs: {
    value: 10 * minute,
    bounds:
      "time in which a client that streams sends no message, while the server waits for one and sends none itself; a message must be complete within requestTimeoutMs from its first byte on",
    beyond: "DEADLINE_EXCEEDED",
  },
  stallTimeoutMs: {
    value: 10 * minute,
    bounds: "time in which a client reads no byte of a response, of an RPC or a file",
    beyond:
      "its call or download is aborted; an HTTP/2 session that reads nothing at all ends earlier, after keepAliveMs to twice that time",
  },
  idleTimeoutMs: {
    value: 5 * minute,
    bounds: "time in which a connection has no request and no stream",
    beyond:
      "HTTP/2: GOAWAY, then the connection is closed; HTTP/1.1: the connection is closed; empty lines before a request delay this by at most openTimeoutMs",
  },
  keepAliveMs: {
    value: minute,
    bounds:
      "interval of pings to an HTTP/2 client with open streams, and time for its answer; time without a byte after which TCP probes the peer of any connection",
    beyond: "the session and its calls end",
  },
  lingerMs: {
    value: 2 * second,
    bounds: "time in which an HTTP/1.1 client may continue to send its request after the response",
    beyond: "the connection is closed",
  },
} as const;

/** The default limits. */
export const defaultLimits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as Limits;
