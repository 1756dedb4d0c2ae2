import { SingleBar } from "cli-progress";

/** How a {@link ProgressBar} shows itself. */
export interface ProgressOptions {
  /** How many items there are in all; 0 or absent where that is not known. */
  readonly total?: number;
  /** What is counted, in the plural, as in `orders`. */
  readonly items: string;
  /** Shows nothing, as with `--quiet` and `--json`. */
  readonly quiet?: boolean;
  /** How many were done before, as when a broken export goes on: they do not count for the rate. */
  readonly startAt?: number;
  /** Where it is shown, standard error as a rule: a terminal gets a bar, everything else plain lines now and then. */
  readonly stream?: NodeJS.WriteStream;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

/**
 * Progress of a script with the rate and the time that remains: a bar on a terminal, a line every five seconds in a
 * pipe. Disposing of it shows the last state; twice is allowed.
 */
export class ProgressBar implements Disposable {
  readonly #options: ProgressOptions;
  readonly #stream: NodeJS.WriteStream;
  readonly #now: () => number;
  readonly #began: number;
  readonly #startAt: number;
  #bar: SingleBar | undefined;
  #done: number;
  #total: number;
  #shownAt: number;
  #isOver = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#stream = options.stream ?? process.stderr;
    this.#now = options.now ?? (() => performance.now());
    this.#began = this.#now();
    this.#startAt = options.startAt ?? 0;
    this.#done = this.#startAt;
    this.#total = options.total ?? 0;
    this.#shownAt = this.#began;
    if (options.quiet !== true && this.#stream.isTTY === true) this.#bar = this.#startBar();
  }

  /** Tells how many are done in all, and in how many of what there is where that is news. May be called for each. */
  update(done: number, total = this.#total): void {
    if (this.#isOver) return;
    this.#done = done;
    if (total !== this.#total) {
      this.#total = total;
      this.#bar?.setTotal(total);
    }
    if (this.#bar !== undefined) this.#bar.update(done);
    else if (this.#options.quiet !== true) this.#printNowAndThen();
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
      gracefulExit: false, // scripts end by themselves on a signal
      format: (_options, { progress }) => {
        const filled = Math.round(Math.min(1, Math.max(0, progress)) * barChars);
        return this.#total > 0 ? `[${"=".repeat(filled).padEnd(barChars, "-")}] ${this.#text()}` : this.#text();
      },
    });
    bar.start(this.#total, this.#done);
    return bar;
  }

  #printNowAndThen(): void {
    const now = this.#now();
    if (now - this.#shownAt < millisBetweenLines) return;
    this.#shownAt = now;
    this.#print();
  }

  #print(): void {
    this.#stream.write(`${this.#text()}\n`);
  }

  #text(): string {
    const { items } = this.#options;
    const seconds = (this.#now() - this.#began) / 1_000;
    const rate = seconds > 0 ? (this.#done - this.#startAt) / seconds : 0;
    const parts = [
      this.#total > 0 ? `${count(this.#done)} of ${count(this.#total)} ${items}` : `${count(this.#done)} ${items}`,
    ];
    if (this.#total > 0) parts.push(`${Math.floor((this.#done / this.#total) * 100)} %`);
    parts.push(`${count(Math.round(rate))}/s`);
    if (this.#isOver) parts.push(`in ${span(seconds)}`);
    else if (rate > 0 && this.#total >= this.#done && this.#total > 0) {
      parts.push(`${span((this.#total - this.#done) / rate)} left`);
    }
    return parts.join(", ");
  }
}

const barChars = 30;

const millisBetweenLines = 5_000;

function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** As in `3 s`, `2 min 5 s` and `1 h 10 min`. */
function span(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
