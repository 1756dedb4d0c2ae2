/** The longest line, in characters: what bounds the memory on a file without line ends. */
export const maxLineChars = 64 * 1024;

/** Yields the lines of a text that comes in pieces, each as soon as its end has come. Throws where one is too long. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > maxLineChars) throw new Error(`a line has more than ${maxLineChars} characters`);
  }
  if (rest !== "") yield rest;
}
