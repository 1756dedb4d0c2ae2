import { styleText } from "node:util";
import { escapeControls } from "./terminal-output.ts";

export interface Column {
  readonly title: string;
  /** The minimum width, in characters. The rows are printed as they arrive, so a longer cell moves the rest of its row. */
  readonly width: number;
  /** Default: left. */
  readonly align?: "right";
  readonly style?: "bold" | "dim" | "green" | "yellow" | "red";
}

/**
 * Prints rows with aligned columns. On a terminal with a heading; in a pipe rows only. With colours if standard output is
 * a terminal, unless NO_COLOR is set, or if FORCE_COLOR is set.
 */
export class Table {
  readonly #columns: readonly Column[];
  readonly #write: (text: string) => Promise<void>;
  #hasHeading = process.stdout.isTTY === true;

  /** @param write writes a text to standard output unchanged */
  constructor(columns: readonly Column[], write: (text: string) => Promise<void>) {
    this.#columns = columns;
    this.#write = write;
  }

  /**
   * Prints a row, and the heading before the first one.
   *
   * @param cells one for each column; their control characters are escaped
   * @param styles the styles of cells that differ from that of their column, by index
   */
  async row(cells: readonly string[], styles: Readonly<Record<number, Column["style"]>> = {}): Promise<void> {
    if (this.#hasHeading) {
      this.#hasHeading = false;
      await this.#write(this.#format((index) => [this.#columns[index]?.title ?? "", "bold"]));
    }
    await this.#write(this.#format((index) => [cells[index] ?? "", styles[index] ?? this.#columns[index]?.style]));
  }

  #format(cellAt: (index: number) => readonly [text: string, style: Column["style"]]): string {
    const parts = this.#columns.map(({ width, align }, index) => {
      const [text, style] = cellAt(index);
      const cell = escapeControls(text);
      const isLast = index === this.#columns.length - 1;
      const padded = align === "right" ? cell.padStart(width) : isLast ? cell : cell.padEnd(width);
      return style === undefined ? padded : styleText(style, padded, { stream: process.stdout });
    });
    return `${parts.join("  ")}\n`;
  }
}
