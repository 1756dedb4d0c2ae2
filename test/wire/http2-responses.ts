import { once } from "node:events";
import { connect } from "node:net";
import { clientPreface, frame, frameFlags, frameTypes, headerBlock, settingsFrame } from "../abuse/http2-frames.ts";

/** A request on a new HTTP/2 connection. */
export interface RawRequest {
  readonly path: string;
  readonly contentType: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** The payloads of DATA frames. Default: none. */
  readonly data?: readonly Uint8Array[];
  /** Whether the request is complete. Default: false, more bytes may follow. */
  readonly isComplete?: boolean;
}

/** How long to wait for more frames after the end of the response, in ms. */
const quietMs = 100;

/**
 * Sends a request, and returns the frames of the response in the order in which they arrive, as in `HEADERS END_STREAM`
 * or `RST_STREAM 0`, until nothing has arrived for 100 ms after the end of the response.
 */
export async function responseFrames(port: number, request: RawRequest): Promise<readonly string[]> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  const fields = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", request.path],
    [":authority", `127.0.0.1:${port}`],
    ["content-type", request.contentType],
    ["te", "trailers"],
    ...(request.headers ?? []),
  ] as const;
  const data = request.data ?? [];
  const flagsOf = (isLast: boolean) => (isLast && request.isComplete === true ? frameFlags.endStream : 0);
  socket.write(
    Buffer.concat([
      clientPreface,
      settingsFrame(),
      frame(frameTypes.headers, frameFlags.endHeaders | flagsOf(data.length === 0), 1, headerBlock(fields)),
      ...data.map((payload, index) => frame(frameTypes.data, flagsOf(index === data.length - 1), 1, payload)),
    ]),
  );
  const frames: string[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const payload = rest.subarray(9, 9 + rest.readUIntBE(0, 3));
      const name = frameName(rest[3] ?? 0, rest[4] ?? 0, payload);
      if (rest.readUInt32BE(5) === 1 && name !== undefined) frames.push(name);
      rest = rest.subarray(9 + payload.length);
    }
    if (!frames.some((each) => /END_STREAM|RST_STREAM/.test(each))) return;
    clearTimeout(timer);
    timer = setTimeout(resolve, quietMs);
  });
  socket.on("close", () => resolve());
  await ended;
  socket.destroy();
  return frames;
}

function frameName(type: number, flags: number, payload: Buffer): string | undefined {
  const end = (flags & frameFlags.endStream) === 0 ? "" : " END_STREAM";
  if (type === frameTypes.headers) return `HEADERS${end}`;
  if (type === frameTypes.data) return `DATA${end}`;
  return type === frameTypes.reset ? `RST_STREAM ${payload.readUInt32BE(0)}` : undefined;
}
