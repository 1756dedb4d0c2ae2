/** Notes that wait; a client that posts more without reading them is a mistake in its cases. */
const maxNotes = 1_000;

/** Texts by name, left by one call for another to read, so that cases can prove an order without measuring time. */
export class Notes {
  readonly #notes = new Map<string, PromiseWithResolvers<string>>();

  /** Stores a note; the first with a name stays. Throws if there are too many. */
  post(name: string, text = ""): void {
    this.#note(name).resolve(text);
  }

  /** Waits for a note, which stays for others to read. Rejects with the signal's reason when that aborts. */
  read(name: string, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      void this.#note(name).promise.then((text) => {
        signal.removeEventListener("abort", onAbort);
        resolve(text);
      });
    });
  }

  #note(name: string): PromiseWithResolvers<string> {
    const known = this.#notes.get(name);
    if (known !== undefined) return known;
    if (this.#notes.size >= maxNotes) throw new Error(`more than ${maxNotes} notes: name fewer in the cases`);
    const note = Promise.withResolvers<string>();
    this.#notes.set(name, note);
    return note;
  }
}
