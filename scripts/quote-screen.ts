import { clearScreenDown, moveCursor } from "node:readline";
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";
import type { Quote } from "../gen/bourse/quote/v1/quote_pb.ts";
import { priceText, timeOfDay, volumeText } from "./quote-text.ts";

/** More often than this the eye does not follow. */
const drawMs = 100;

// The heading, the status, and the line on which the shell goes on.
const otherLines = 3;

type Move = "green" | "red" | undefined;

interface Row {
  quote: Quote;
  moves: Move[];
}

/** A table of the newest quote of each symbol, which is drawn anew in its place. Colours only where NO_COLOR is not set. */
export class QuoteScreen implements Disposable {
  readonly #out: WriteStream;
  readonly #rows = new Map<string, Row>();
  readonly #timer: NodeJS.Timeout;
  #status = "";
  #height = 0;
  #isChanged = true;

  constructor(out: WriteStream) {
    this.#out = out;
    this.#timer = setInterval(() => this.#draw(), drawMs);
  }

  /** Says how the stream is, below the table. */
  set status(text: string) {
    this.#status = text;
    this.#isChanged = true;
  }

  /** Shows a quote in place of the one before. */
  show(quote: Quote): void {
    const before = this.#rows.get(quote.symbol);
    const prices = [quote.bid, quote.ask, quote.last];
    const old = before && [before.quote.bid, before.quote.ask, before.quote.last];
    this.#rows.set(quote.symbol, { quote, moves: prices.map((price, index) => moveOf(old?.[index], price)) });
    this.#isChanged = true;
  }

  /** Draws for the last time. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const symbols = [...this.#rows.keys()].sort();
    const shown = symbols.slice(0, Math.max(1, this.#out.rows - otherLines));
    const width = Math.max(8, ...shown.map((symbol) => symbol.length));
    const left = symbols.length - shown.length;
    const lines = [
      this.#style(
        "bold",
        `${"symbol".padEnd(width)}  ${["bid", "ask", "last", "volume"].map((name) => name.padStart(11)).join("  ")}  time`,
      ),
      ...shown.map((symbol) => this.#line(symbol.padEnd(width), this.#rows.get(symbol))),
      this.#style("dim", left > 0 ? `${left} more  ${this.#status}` : this.#status),
    ];
    moveCursor(this.#out, 0, -this.#height);
    this.#out.cursorTo(0);
    clearScreenDown(this.#out);
    // Lines that wrapped would take more room than is counted: the terminal is to cut them.
    this.#out.write(`\x1b[?7l${lines.join("\n")}\n\x1b[?7h`);
    this.#height = lines.length;
  }

  #line(symbol: string, row: Row | undefined): string {
    if (row === undefined) return symbol;
    const { bid, ask, last, volume } = row.quote;
    const prices = [bid, ask, last].map((price, index) => this.#style(row.moves[index], priceText(price)));
    return [symbol, ...prices, volumeText(volume), timeOfDay(row.quote)].join("  ");
  }

  #style(format: "bold" | "dim" | Move, text: string): string {
    return format === undefined ? text : styleText(format, text, { stream: this.#out });
  }
}

function moveOf(before: number | undefined, after: number | undefined): Move {
  if (before === undefined || after === undefined || before === after) return undefined;
  return after > before ? "green" : "red";
}
