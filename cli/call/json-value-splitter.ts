/** A JSON text in a longer input. */
export interface JsonText {
  readonly text: string;
  /** The line of its first character, from 1. */
  readonly line: number;
  /** The column of its first character, from 1. */
  readonly column: number;
}

/** The maximum length of one JSON value, in characters: a bound for memory, above the message limits of servers. */
export const maxValueLength = 64 * 1024 * 1024;

/** An input that is not a sequence of JSON values. */
export class JsonSequenceError extends Error {
  override name = "JsonSequenceError";
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/**
 * Splits a sequence of JSON values, with or without white space between them, as in NDJSON
 * (https://github.com/ndjson/ndjson-spec), into the texts of the values. It finds the ends of values only: a text may be
 * invalid JSON. An object, an array or a string is complete at its last character, so that it need not wait for the next
 * value.
 */
export class JsonValueSplitter {
  readonly #pieces: string[] = [];
  #length = 0;
  #state: "between" | "nested" | "string" | "escape" | "scalar" = "between";
  #depth = 0;
  #line = 1;
  #column = 1;
  #startLine = 1;
  #startColumn = 1;

  /** Yields the values that are complete after this text. */
  *push(text: string): Generator<JsonText> {
    let start = 0;
    for (let index = 0; index < text.length; index++) {
      const char = text.charCodeAt(index);
      if (this.#state === "scalar" && endsScalar(char)) {
        yield this.#complete(text.slice(start, index));
      }
      if (this.#state === "between" && !isBetweenValues(char)) {
        start = index;
        this.#startLine = this.#line;
        this.#startColumn = this.#column;
      }
      const isComplete = this.#accept(char);
      this.#advance(char);
      if (isComplete) yield this.#complete(text.slice(start, index + 1));
    }
    if (this.#state !== "between") this.#keep(text.slice(start));
  }

  /** Yields the last value, if it is a number or a literal. Throws a {@link JsonSequenceError} if a value is incomplete. */
  *end(): Generator<JsonText> {
    if (this.#state === "scalar") yield this.#complete("");
    if (this.#state === "between") return;
    throw new JsonSequenceError("the JSON value that starts here is incomplete", this.#startLine, this.#startColumn);
  }

  /** Returns whether a value is complete after a character. */
  #accept(char: number): boolean {
    switch (this.#state) {
      case "between":
        if (isBetweenValues(char)) return false;
        if (char === quote) this.#state = "string";
        else if (isOpening(char)) {
          this.#state = "nested";
          this.#depth = 1;
        } else this.#state = "scalar";
        return false;
      case "nested":
        if (char === quote) this.#state = "string";
        else if (isOpening(char)) this.#depth++;
        else if (isClosing(char)) this.#depth--;
        return this.#depth === 0;
      case "string":
        if (char === backslash) this.#state = "escape";
        else if (char === quote) {
          this.#state = "nested";
          return this.#depth === 0;
        }
        return false;
      case "escape":
        this.#state = "string";
        return false;
      case "scalar":
        return false;
    }
  }

  #advance(char: number): void {
    this.#column++;
    if (char !== newline) return;
    this.#line++;
    this.#column = 1;
  }

  #keep(piece: string): void {
    this.#length += piece.length;
    if (this.#length > maxValueLength) {
      throw new JsonSequenceError(
        `the JSON value that starts here is longer than ${maxValueLength.toLocaleString("en")} characters, which is the limit`,
        this.#startLine,
        this.#startColumn,
      );
    }
    this.#pieces.push(piece);
  }

  #complete(piece: string): JsonText {
    this.#keep(piece);
    const text = this.#pieces.join("");
    this.#pieces.length = 0;
    this.#length = 0;
    this.#depth = 0;
    this.#state = "between";
    return { text, line: this.#startLine, column: this.#startColumn };
  }
}

const newline = 0x0a;
const quote = 0x22;
const backslash = 0x5c;

/** White space, and the record separator of RFC 7464. */
function isBetweenValues(char: number): boolean {
  return char === 0x20 || char === newline || char === 0x0d || char === 0x09 || char === 0x1e;
}

function endsScalar(char: number): boolean {
  return isBetweenValues(char) || char === quote || isOpening(char);
}

function isOpening(char: number): boolean {
  return char === 0x7b || char === 0x5b;
}

function isClosing(char: number): boolean {
  return char === 0x7d || char === 0x5d;
}
