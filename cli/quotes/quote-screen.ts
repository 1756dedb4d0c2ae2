import { clearScreenDown, moveCursor } from "node:readline";
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";
import type { Quote } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { escapeControls } from "../shared/terminal-output.ts";
import { formatPrice, formatTimeOfDay, formatVolume } from "./format-quote.ts";

/** The interval of redraws, in milliseconds. A shorter one is not visible. */
const drawMs = 100;

/** The lines besides quotes: the heading, the status, and the next prompt of the shell. */
const otherLines = 3;

/** The colour of a price that has risen or fallen. */
type Move = "green" | "red" | undefined;

interface Row {
  quote: Quote;
  moves: Move[];
}

/** A table of the newest quote of each symbol, which is redrawn in place. Without colours if NO_COLOR is set. */
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

  /** The line below the table. */
  set status(text: string) {
    this.#status = escapeControls(text);
    this.#isChanged = true;
  }

  /** Replaces the quote of its symbol. */
  show(quote: Quote): void {
    const previous = this.#rows.get(quote.symbol)?.quote;
    const moves = (["bid", "ask", "last"] as const).map((field) => moveOf(previous?.[field], quote[field]));
    this.#rows.set(quote.symbol, { quote, moves });
    this.#isChanged = true;
  }

  /** Stops, after a last redraw. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const symbols = [...this.#rows.keys()].sort();
    const shown = symbols.slice(0, Math.max(1, this.#out.rows - otherLines));
    const width = Math.max(8, ...shown.map((symbol) => escapeControls(symbol).length));
    const hiddenCount = symbols.length - shown.length;
    const lines = [
      this.#style(
        "bold",
        `${"symbol".padEnd(width)}  ${["bid", "ask", "last", "volume"].map((name) => name.padStart(11)).join("  ")}  time`,
      ),
      ...shown.map((symbol) => this.#formatRow(escapeControls(symbol).padEnd(width), this.#rows.get(symbol))),
      this.#style("dim", hiddenCount > 0 ? `${hiddenCount} more  ${this.#status}` : this.#status),
    ];
    moveCursor(this.#out, 0, -this.#height);
    this.#out.cursorTo(0);
    clearScreenDown(this.#out);
    // DECAWM off and on: a wrapped line would make the height of the table wrong
    // (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html).
    this.#out.write(`\x1b[?7l${lines.join("\n")}\n\x1b[?7h`);
    this.#height = lines.length;
  }

  #formatRow(symbol: string, row: Row | undefined): string {
    if (row === undefined) return symbol;
    const { bid, ask, last, volume } = row.quote;
    const prices = [bid, ask, last].map((price, index) => this.#style(row.moves[index], formatPrice(price)));
    return [symbol, ...prices, formatVolume(volume), formatTimeOfDay(row.quote)].join("  ");
  }

  #style(format: "bold" | "dim" | Move, text: string): string {
    return format === undefined ? text : styleText(format, text, { stream: this.#out });
  }
}

function moveOf(before: number | undefined, after: number | undefined): Move {
  if (before === undefined || after === undefined || before === after) return undefined;
  return after > before ? "green" : "red";
}
