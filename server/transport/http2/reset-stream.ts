import type { ServerHttp2Stream } from "node:http2";

/**
 * Ends a stream with RST_STREAM, also if its client reads nothing: that would keep a stream open that is only closed.
 *
 * Node drops a RST_STREAM that waits for the write before it to end, if the stream is destroyed meanwhile: so the stream
 * is destroyed in the next turn of the event loop, when Node has handed the frame over.
 */
export function resetStream(stream: ServerHttp2Stream, code: number): void {
  if (stream.destroyed) return;
  stream.close(code);
  setImmediate(() => stream.destroy());
}
