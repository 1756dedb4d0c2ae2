/** What bounds what one client can make the server hold, send or wait for. Sizes in bytes, times in milliseconds. */
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
    bounds: "one message from a client, after decompression; most methods take less",
    beyond: "RESOURCE_EXHAUSTED that names both sizes",
  },
  writeMaxBytes: {
    value: 4 * MiB,
    bounds: "one message to a client, before compression",
    beyond: "RESOURCE_EXHAUSTED that names both sizes",
  },
  maxCompressionRatio: {
    value: 200,
    bounds: "how many times larger a message may become by decompression, beyond its first MiB",
    beyond: "RESOURCE_EXHAUSTED",
  },
  maxDecompressions: {
    value: 4,
    bounds: "messages of more than 16 KiB that are decompressed at the same time: as many as Node has threads",
    beyond: "the message waits",
  },
  maxMessageDepth: {
    value: 100,
    bounds: "how deep messages and groups may nest, in protobuf and in JSON",
    beyond: "INVALID_ARGUMENT",
  },
  maxTimeoutMs: {
    value: 2 ** 31 - 1,
    bounds: "the deadline that a client may ask for: the longest that Node's timers can wait for",
    beyond: "INVALID_ARGUMENT",
  },
  maxBufferedBytes: {
    value: GiB,
    bounds:
      "bytes of requests that are not handled yet and of responses that are not read yet, and 24 KiB for each call, of all clients together; a fifth of Node's heap limit if that is less. One address may have half of it",
    beyond: "RESOURCE_EXHAUSTED: the newest calls of the connection that wants more are ended",
  },
  maxSessionBufferedBytes: {
    value: 128 * MiB,
    bounds: "the same, of one connection; an eighth of all if that is less",
    beyond: "the same",
  },
  maxActiveCalls: {
    value: 50_000,
    bounds: "calls under way, of all clients together",
    beyond: "RESOURCE_EXHAUSTED",
  },
  peerShare: {
    value: 0.5,
    bounds: "how much of a limit of all clients together one client may use; 1: all of it",
    beyond: "as beyond that limit",
  },
  maxMetadataBytes: {
    value: 64 * KiB,
    bounds: "the headers that a handler sends, and likewise the trailers: keys, values and 32 bytes for each value",
    beyond: "INTERNAL, as it is the server's mistake",
  },
  maxHeaderBytes: {
    value: 16 * KiB,
    bounds: "the headers of a request",
    beyond: "431",
  },
  maxHeaderPairs: {
    value: 128,
    bounds: "the header lines of a request",
    beyond: "on HTTP/2 the stream is reset with ENHANCE_YOUR_CALM; on HTTP/1.1 the rest is not looked at",
  },
  maxPipelinedRequests: {
    value: 8,
    bounds: "requests that an HTTP/1.1 connection may send ahead, before the one under way is answered",
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
    bounds: "one frame of HTTP/2; clients that send large ones, as Go's do, cost less. Nothing waits for a whole one",
    beyond: "the connection is closed with FRAME_SIZE_ERROR",
  },
  streamWindowBytes: {
    value: MiB,
    bounds: "what a client may send ahead on one stream of HTTP/2, before the handler reads it",
    beyond: "the client has to wait",
  },
  sessionWindowBytes: {
    value: 4 * MiB,
    bounds: "what a client may send ahead on all streams of one HTTP/2 connection",
    beyond: "the client has to wait",
  },
  sessionMemoryBytes: {
    value: 32 * MiB,
    bounds: "what Node may hold for one HTTP/2 connection: headers, settings, pings, and what is not yet sent",
    beyond: "new streams are refused with ENHANCE_YOUR_CALM",
  },
  maxSendHeaderBytes: {
    value: 256 * KiB,
    bounds: "one compressed block of headers or trailers that is sent over HTTP/2",
    beyond: "the stream is reset, as it is the server's mistake",
  },
  streamResetBurst: {
    value: 1_000,
    bounds: "streams that a client may reset at once; they refill at streamResetRate",
    beyond: "the session ends with GOAWAY",
  },
  streamResetRate: {
    value: 33,
    bounds: "streams that a client may reset a second, in the long run",
    beyond: "the session ends with GOAWAY",
  },
  maxPingsPerSecond: {
    value: 20_000,
    bounds: "PING frames of one session: gRPC clients that measure their bandwidth send thousands",
    beyond: "the session ends with ENHANCE_YOUR_CALM",
  },
  maxSettingsPerSecond: {
    value: 100,
    bounds: "SETTINGS frames of one session",
    beyond: "the session ends with ENHANCE_YOUR_CALM",
  },
  openTimeoutMs: {
    value: 10 * second,
    bounds: "how long a new connection may take for its first bytes or its TLS handshake, and HTTP/1.1 for all headers",
    beyond: "408, or the connection is closed, on HTTP/2 after as long again",
  },
  requestTimeoutMs: {
    value: minute,
    bounds: "how long the body of a request with one message may take",
    beyond: "DEADLINE_EXCEEDED",
  },
  firstMessageTimeoutMs: {
    value: minute,
    bounds: "how long a client that streams may take for its first message",
    beyond: "DEADLINE_EXCEEDED",
  },
  messageIdleTimeoutMs: {
    value: 10 * minute,
    bounds:
      "how long a client that streams may send no message while the server waits for one and sends none either; a message of which a part has arrived has requestTimeoutMs to be whole",
    beyond: "DEADLINE_EXCEEDED",
  },
  stallTimeoutMs: {
    value: 10 * minute,
    bounds: "how long a client may take no byte of what is sent to it, by RPC or as a file",
    beyond: "its call or download is cut off; an HTTP/2 session that reads nothing at all ends by keepAliveMs",
  },
  idleTimeoutMs: {
    value: 5 * minute,
    bounds: "how long a connection may stay open without a request or a stream",
    beyond: "GOAWAY, and the connection is closed; on HTTP/1.1 openTimeoutMs later if it sends line ends",
  },
  keepAliveMs: {
    value: minute,
    bounds:
      "how often an HTTP/2 client with open streams is pinged, and how long it may take to answer; after how long without a byte TCP probes a peer of any connection",
    beyond: "the session ends, and with it its calls",
  },
  lingerMs: {
    value: 2 * second,
    bounds: "how long an HTTP/1.1 client may go on sending after it was answered",
    beyond: "the connection is closed",
  },
} as const;

/** The limits where nothing else is asked for. */
export const defaultLimits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as Limits;
