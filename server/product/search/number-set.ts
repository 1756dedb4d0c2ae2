/** A set of whole numbers from 0 on, a bit for each number up to the highest. */
export class NumberSet {
  #bits = new Uint8Array(1024);

  add(number: bigint): void {
    const byte = Number(number >> 3n);
    if (byte >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(byte + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << Number(number & 7n));
  }

  has(number: bigint): boolean {
    const byte = this.#bits[Number(number >> 3n)] ?? 0;
    return (byte & (1 << Number(number & 7n))) !== 0;
  }
}
