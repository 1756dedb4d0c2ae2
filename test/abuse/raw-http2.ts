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
  /** What the server may send on each stream before it must wait. Default: as much as it likes. */
  readonly window?: number;
  /** Whether responses are read; if not, only the end is known. Default: true. */
  readonly reads?: boolean;
}

/** An HTTP/2 connection of hand-made frames. It answers only the server's SETTINGS and PINGs. */
export interface RawHttp2 extends AttackSocket {
  /** The frames that came, by their type. */
  readonly framesIn: ReadonlyMap<number, number>;
  /** The names of the codes with which the server reset streams, by stream. */
  readonly resets: ReadonlyMap<number, string>;
  /** The status of each stream that was answered with headers, as in `HTTP 404`. */
  readonly answers: ReadonlyMap<number, string>;
  /** Opens a stream with a request. */
  request(stream: number, path: string, options?: RequestOptions): Buffer;
  /** How the connection has ended after at most `withinMs` milliseconds: `GOAWAY NAME`, `closed` or `still open`. */
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

/** A request: its headers, and its body where it has one; else it stays open. */
function requestOf(target: Target, stream: number, path: string, options: RequestOptions): Buffer {
  const fields = requestFields(target, path, options.contentType ?? "application/grpc", options.extra);
  const headers = frame(frameTypes.headers, frameFlags.endHeaders, stream, headerBlock(fields));
  if (options.body === undefined) return headers;
  return Buffer.concat([headers, frame(frameTypes.data, frameFlags.endStream, stream, options.body)]);
}

/** The header fields of an ordinary call. */
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

/** The statuses that HPACK has in its static table, by the byte that encodes them. */
const indexedStatuses = new Map([
  [0x88, "200"],
  [0x8c, "400"],
  [0x8d, "404"],
  [0x8e, "500"],
]);

/** The status at the beginning of a header block: by index, or as three literal digits, which Huffman makes no shorter. */
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
