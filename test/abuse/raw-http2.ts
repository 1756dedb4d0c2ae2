import { type AttackSocket, openAttackSocket } from "./attack-socket.ts";
import {
  clientPreface,
  frame,
  frameFlags,
  frameTypes,
  headerBlock,
  maxWindow,
  settingIds,
  settingsFrame,
  windowUpdateFrame,
} from "./http2-frames.ts";
import type { Target } from "./target.ts";

export interface RawHttp2Options {
  /** The flow-control window of each stream. Default: the maximum. */
  readonly window?: number;
  /** Whether the client reads responses. If not, it detects only the end. Default: true. */
  readonly reads?: boolean;
}

/** An HTTP/2 connection that sends raw frames. It responds only to SETTINGS and PING frames of the server. */
export interface RawHttp2 extends AttackSocket {
  /** The number of received frames by type. */
  readonly framesIn: ReadonlyMap<number, number>;
  /** The names of the error codes of reset streams, by stream. */
  readonly resets: ReadonlyMap<number, string>;
  /** The status of each stream with response headers, for example `HTTP 404`. */
  readonly answers: ReadonlyMap<number, string>;
  /** Opens a stream with a request. */
  request(stream: number, path: string, options?: RequestOptions): Buffer;
  /** Waits for the end of the connection for at most `withinMs`. Returns `GOAWAY NAME`, `closed` or `still open`. */
  ending(withinMs: number): Promise<string>;
}

export interface RequestOptions {
  readonly contentType?: string;
  readonly extra?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array;
}

/** Opens a connection, and sends the preface and SETTINGS. */
export async function openRawHttp2(target: Target, options: RawHttp2Options = {}): Promise<RawHttp2> {
  const framesIn = new Map<number, number>();
  const resets = new Map<number, string>();
  const answers = new Map<number, string>();
  let goAway: string | undefined;
  const onFrame = (type: number, flags: number, stream: number, payload: Buffer) => {
    framesIn.set(type, (framesIn.get(type) ?? 0) + 1);
    if (type === frameTypes.settings && flags !== frameFlags.ack) void raw.send(settingsAck);
    if (type === frameTypes.ping && flags !== frameFlags.ack) void raw.send(pingAck(payload));
    if (type === frameTypes.reset) resets.set(stream, errorName(payload.readUInt32BE(0)));
    if (type === frameTypes.headers && !answers.has(stream)) answers.set(stream, statusOf(payload));
    if (type === frameTypes.goAway) goAway = errorName(payload.readUInt32BE(4));
  };
  const raw = await openAttackSocket(target, options.reads === false ? undefined : readFrames(onFrame));
  const window = options.window ?? maxWindow;
  await raw.send(
    Buffer.concat([
      clientPreface,
      settingsFrame([[settingIds.initialWindowSize, window]]),
      ...(window > 0 ? [windowUpdateFrame(0, maxWindow - defaultWindow)] : []),
    ]),
  );
  return {
    ...raw,
    framesIn,
    resets,
    answers,
    request: (stream: number, path: string, request: RequestOptions = {}) => requestOf(target, stream, path, request),
    async ending(withinMs: number) {
      const ended = await raw.endsWithin(withinMs);
      if (goAway !== undefined) return `GOAWAY ${goAway}`;
      return ended ? "closed" : "still open";
    },
  };
}

const defaultWindow = 65_535;
const settingsAck = frame(frameTypes.settings, frameFlags.ack, 0);

function pingAck(payload: Buffer): Buffer {
  return frame(frameTypes.ping, frameFlags.ack, 0, payload);
}

/** Encodes a request: headers, and a body if there is one. Without a body the stream stays open. */
function requestOf(target: Target, stream: number, path: string, options: RequestOptions): Buffer {
  const fields = requestFields(target, path, options.contentType ?? "application/grpc", options.extra);
  const headers = frame(frameTypes.headers, frameFlags.endHeaders, stream, headerBlock(fields));
  if (options.body === undefined) return headers;
  return Buffer.concat([headers, frame(frameTypes.data, frameFlags.endStream, stream, options.body)]);
}

/** Returns the header fields of an ordinary call. */
export function requestFields(
  target: Target,
  path: string,
  contentType: string,
  extra: readonly (readonly [string, string])[] = [],
): (readonly [string, string])[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", `${target.host}:${target.port}`],
    ["content-type", contentType],
    ["te", "trailers"],
    ...extra,
  ];
}

type OnFrame = (type: number, flags: number, stream: number, payload: Buffer) => void;

/** Splits the received bytes into frames. */
function readFrames(onFrame: OnFrame): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 9) {
      const end = 9 + rest.readUIntBE(0, 3);
      if (rest.length < end) return;
      onFrame(rest.readUInt8(3), rest.readUInt8(4), rest.readUInt32BE(5) & maxWindow, rest.subarray(9, end));
      rest = rest.subarray(end);
    }
  };
}

/** The statuses in the static table of HPACK, by the byte that encodes them. */
const indexedStatuses = new Map([
  [0x88, "200"],
  [0x8c, "400"],
  [0x8d, "404"],
  [0x8e, "500"],
]);

/** Reads the status at the start of a header block: an index, or three literal digits without Huffman coding. */
function statusOf(block: Buffer): string {
  return `HTTP ${indexedStatuses.get(block.readUInt8(0)) ?? block.toString("latin1", 2, 5)}`;
}

const errorCodes = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
] as const;

function errorName(code: number): string {
  return errorCodes[code] ?? `code ${code}`;
}
