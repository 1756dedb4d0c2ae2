/** The maximum number of unread notes. More of them indicate a defect in the cases. */
const maxNotes = 1_000;

/** Texts by name. One call posts a note and another reads it, so that cases prove an order without measuring time. */
export class Notes {
  readonly #notes = new Map<string, PromiseWithResolvers<string>>();

  /** Stores a note. Ignores a second note with the same name. Throws if there are too many. */
  post(name: string, text = ""): void {
    this.#note(name).resolve(text);
  }

  /** Waits for a note, and keeps it for other readers. Rejects with the signal's reason on abort. */
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
    if (this.#notes.size >= maxNotes)
      throw new Error(`limit of ${maxNotes} notes reached; use fewer notes in the cases`);
    const note = Promise.withResolvers<string>();
    this.#notes.set(name, note);
    return note;
  }
}
