import { NotFoundError } from "../../shared/resource-errors.ts";
import type { QuoteWatch } from "./quote-watch.ts";

/** The streams of quotes that are running, by their names. */
export class WatchRegistry {
  readonly #watches = new Map<string, QuoteWatch>();

  /** Knows a stream until what it returns is disposed of. */
  add(streamId: string, watch: QuoteWatch): Disposable {
    this.#watches.set(streamId, watch);
    return { [Symbol.dispose]: () => void this.#watches.delete(streamId) };
  }

  /** Throws a {@link NotFoundError} where no such stream runs. */
  get(streamId: string): QuoteWatch {
    const watch = this.#watches.get(streamId);
    if (watch === undefined || watch.isOver) throw new NotFoundError("running stream", streamId);
    return watch;
  }
}
