/** Control characters (C0, DEL, C1), line and paragraph separators, and characters that change the text direction. */
const unsafeChars = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Replaces control characters by escapes such as `\u001b`. A text of the server may contain terminal escape sequences
 * (ECMA-48), which would control the terminal of the user. JSON stays the same value.
 */
export function escapeControls(text: string): string {
  return text.replace(unsafeChars, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Prints a line to standard error, with control characters escaped. */
export function printError(line: string): void {
  process.stderr.write(`${escapeControls(line)}\n`);
}
