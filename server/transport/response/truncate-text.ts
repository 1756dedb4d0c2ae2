/** The most bytes of a path, a name or an address of a request that an answer to it quotes. */
export const maxEchoBytes = 256;

/** What stands at the end of a text that was cut. */
const ellipsis = "…";

/** A text as it is, or, if it has more bytes of UTF-8, as much of its beginning as fits, and an ellipsis. */
export function truncateText(text: string, maxBytes: number): string {
  // A UTF-16 unit has three bytes of UTF-8 at most.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = new Uint8Array(Math.max(maxBytes - Buffer.byteLength(ellipsis), 0));
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read) + ellipsis;
}
