/** The longest line, in characters. It limits the memory for a text without line ends. */
export const maxLineChars = 64 * 1024;

/** Splits a stream of text into lines. Yields each line as soon as it is complete. Throws if a line is too long. */
export async function* splitLines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > maxLineChars) throw new Error(`a line has more than the limit of ${maxLineChars} characters`);
  }
  if (rest !== "") yield rest;
}
