import { SingleBar } from "cli-progress";

export interface ProgressOptions {
  /** The number of all items. 0 or absent: unknown. */
  readonly total?: number;
  /** The name of the items in the plural, as in `orders`. */
  readonly items: string;
  /** Shows nothing, as with `--quiet` and `--json`. */
  readonly quiet?: boolean;
  /** The number of items that were done before, as in a resumed export. They do not count for the rate. */
  readonly startAt?: number;
  /** Default: standard error. A terminal gets a bar, any other stream a line every five seconds. */
  readonly stream?: NodeJS.WriteStream;
  /** A monotonic clock, in milliseconds. */
  readonly now?: () => number;
}

/**
 * The progress of a command, with the rate and the remaining time: a bar on a terminal, a line every five seconds in a
 * pipe. Disposing of it shows the final state, once.
 */
export class ProgressBar implements Disposable {
  readonly #options: ProgressOptions;
  readonly #stream: NodeJS.WriteStream;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #startAt: number;
  #bar: SingleBar | undefined;
  #done: number;
  #total: number;
  #printedAt: number;
  #isOver = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#stream = options.stream ?? process.stderr;
    this.#now = options.now ?? (() => performance.now());
    this.#startedAt = this.#now();
    this.#startAt = options.startAt ?? 0;
    this.#done = this.#startAt;
    this.#total = options.total ?? 0;
    this.#printedAt = this.#startedAt;
    if (options.quiet !== true && this.#stream.isTTY === true) this.#bar = this.#startBar();
  }

  /** Sets the number of done items, and the number of all items if that has changed. May be called for each item. */
  update(done: number, total = this.#total): void {
    if (this.#isOver) return;
    this.#done = done;
    if (total !== this.#total) {
      this.#total = total;
      this.#bar?.setTotal(total);
    }
    if (this.#bar !== undefined) this.#bar.update(done);
    else if (this.#options.quiet !== true) this.#printIfDue();
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#bar !== undefined) this.#bar.stop();
    else if (this.#options.quiet !== true) this.#print();
  }

  #startBar(): SingleBar {
    const bar = new SingleBar({
      stream: this.#stream,
      barsize: barChars,
      hideCursor: true,
      gracefulExit: false, // commands handle signals
      format: (_options, { progress }) => {
        const filled = Math.round(Math.min(1, Math.max(0, progress)) * barChars);
        return this.#total > 0 ? `[${"=".repeat(filled).padEnd(barChars, "-")}] ${this.#text()}` : this.#text();
      },
    });
    bar.start(this.#total, this.#done);
    return bar;
  }

  #printIfDue(): void {
    const now = this.#now();
    if (now - this.#printedAt < printIntervalMs) return;
    this.#printedAt = now;
    this.#print();
  }

  #print(): void {
    this.#stream.write(`${this.#text()}\n`);
  }

  #text(): string {
    const { items } = this.#options;
    const seconds = (this.#now() - this.#startedAt) / 1_000;
    const rate = seconds > 0 ? (this.#done - this.#startAt) / seconds : 0;
    const parts = [
      this.#total > 0
        ? `${formatCount(this.#done)} of ${formatCount(this.#total)} ${items}`
        : `${formatCount(this.#done)} ${items}`,
    ];
    if (this.#total > 0) parts.push(`${Math.floor((this.#done / this.#total) * 100)} %`);
    parts.push(`${formatCount(Math.round(rate))}/s`);
    if (this.#isOver) parts.push(`in ${formatSeconds(seconds)}`);
    else if (rate > 0 && this.#total >= this.#done && this.#total > 0) {
      parts.push(`${formatSeconds((this.#total - this.#done) / rate)} left`);
    }
    return parts.join(", ");
  }
}

const barChars = 30;

const printIntervalMs = 5_000;

function formatCount(value: number): string {
  return value.toLocaleString("en-US");
}

/** Formats a time, as in `3 s`, `2 min 5 s` and `1 h 10 min`. */
function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
