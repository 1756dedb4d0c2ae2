/** Twelve bytes a slot, half of the slots in use: about 400 MB at this many. */
const maxEntries = 1 << 24;

const firstSlots = 1 << 12;

/** Counts how often numbers come. Takes about 24 bytes for each that is another one, which a Map does not. */
export class OccurrenceCounter {
  #keys = new Float64Array(firstSlots).fill(Number.NaN);
  #counts = new Uint32Array(firstSlots);
  #size = 0;

  /** Counts the number once more, and returns its count: 1 the first time. Throws a RangeError for too many numbers. */
  add(value: number): number {
    const slot = this.#slotOf(value);
    const count = (this.#counts[slot] ?? 0) + 1;
    this.#counts[slot] = count;
    if (count === 1) {
      this.#keys[slot] = value;
      if (++this.#size > maxEntries) throw new RangeError(`more than ${maxEntries.toLocaleString("en")} are too many`);
      if (this.#size * 2 > this.#keys.length) this.#grow();
    }
    return count;
  }

  #slotOf(value: number): number {
    const mask = this.#keys.length - 1;
    let slot = (value % 0x1_0000_0000) & mask;
    while (this.#counts[slot] !== 0 && this.#keys[slot] !== value) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, counts] = [this.#keys, this.#counts];
    this.#keys = new Float64Array(keys.length * 2).fill(Number.NaN);
    this.#counts = new Uint32Array(counts.length * 2);
    for (const [at, key] of keys.entries()) {
      if (counts[at] === 0) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#counts[slot] = counts[at] ?? 0;
    }
  }
}
