import { LimitError } from "./limit-error.ts";

/** A limit on what all clients use at the same time. */
export interface LimitDefinition {
  /** The name of its constant or its setting, as in `maxExports`. */
  readonly name: string;
  /** What is counted, in the plural, as in `concurrent exports`. */
  readonly counted: string;
  /** How much all clients together may use: a positive whole number. */
  readonly max: number;
  /**
   * The advice to a client that has used up its share. Default: `end some of yours, or wait until they have finished`.
   */
  readonly advice?: string;
}

/** Options that replace parts of a limit's definition. */
export interface SharedLimitOptions {
  /**
   * The fraction of the limit that one client may use, above 0 and up to 1. A client may always use at least one unit.
   * Default: 1.
   */
  readonly peerShare?: number | undefined;
  /** Replaces the defined maximum. */
  readonly max?: number | undefined;
}

/**
 * The key of a client, as `peerOf` returns it. Undefined if no client is known: such use counts for the server, and for no
 * share.
 */
export type Peer = string | undefined;

/**
 * Counts the use of a resource by all clients and by each of them. A client may use no more than its share, so that it leaves
 * enough for the others. Keeps no client that uses nothing.
 */
export class SharedLimit {
  readonly name: string;
  readonly counted: string;
  /** How much all clients together may use. */
  readonly max: number;
  /** How much one client may use. */
  readonly maxPerPeer: number;
  readonly #advice: string;
  readonly #byPeer = new Map<string, number>();
  #used = 0;

  constructor(definition: LimitDefinition, { peerShare = 1, max = definition.max }: SharedLimitOptions = {}) {
    if (!(peerShare > 0 && peerShare <= 1)) throw new RangeError(`a share is above 0 and up to 1, not ${peerShare}`);
    this.name = definition.name;
    this.counted = definition.counted;
    this.max = max;
    this.maxPerPeer = Math.max(1, Math.floor(max * peerShare));
    this.#advice = definition.advice ?? "end some of yours, or wait until they have finished";
  }

  /** How much all clients use. */
  get used(): number {
    return this.#used;
  }

  /** The number of clients whose use is counted. */
  get peerCount(): number {
    return this.#byPeer.size;
  }

  /** Returns how much a client uses; 0 for an unknown one. */
  usedBy(peer: Peer): number {
    return (peer === undefined ? undefined : this.#byPeer.get(peer)) ?? 0;
  }

  /** Returns how much more a client may use; never negative. */
  availableTo(peer: Peer): number {
    const left = this.max - this.#used;
    const leftOfShare = peer === undefined ? left : this.maxPerPeer - this.usedBy(peer);
    return Math.max(0, Math.min(left, leftOfShare));
  }

  /** Returns the error of a client that may not use the given amount in addition; undefined if it may. */
  refusal(peer: Peer, amount = 1): LimitError | undefined {
    if (amount <= this.availableTo(peer)) return undefined;
    const usedByPeer = this.usedBy(peer);
    // The share first: the client itself can release what it uses.
    if (peer !== undefined && usedByPeer + amount > this.maxPerPeer) {
      return this.#errorOf(this.maxPerPeer, `${this.counted} per client`, usedByPeer, amount, this.#advice);
    }
    return this.#errorOf(this.max, this.counted, this.#used, amount, "retry later");
  }

  #errorOf(value: number, counted: string, used: number, requested: number, advice: string): LimitError {
    const limit = `limit of ${format(value)} ${counted}`;
    const problem =
      requested === 1
        ? "reached"
        : `would be exceeded: ${format(used)} are in use, and ${format(requested)} more were requested`;
    return new LimitError({ name: this.name, value }, `${limit} ${problem}; ${advice}`);
  }

  /** Counts use by a client. Throws a {@link LimitError}, and counts nothing, if that exceeds the limit. */
  add(peer: Peer, amount = 1): void {
    const refusal = this.refusal(peer, amount);
    if (refusal !== undefined) throw refusal;
    this.count(peer, amount);
  }

  /** Counts use by a client without a check of the limit: for use that exists after a restart, or is only queued. */
  count(peer: Peer, amount = 1): void {
    this.#used += amount;
    if (peer !== undefined && amount > 0) this.#byPeer.set(peer, this.usedBy(peer) + amount);
  }

  /** Releases use by a client. Throws if it exceeds the counted use. */
  remove(peer: Peer, amount = 1): void {
    const left = peer === undefined ? this.#used - amount : this.usedBy(peer) - amount;
    if (left < 0) throw new Error(`${amount} of ${this.counted} were given back that were not counted`);
    this.#used -= amount;
    if (peer === undefined) return;
    if (left === 0) this.#byPeer.delete(peer);
    else this.#byPeer.set(peer, left);
  }

  /** Counts use by a client until the result is disposed of. Throws a {@link LimitError} if that exceeds the limit. */
  acquire(peer: Peer, amount = 1): Disposable {
    this.add(peer, amount);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.remove(peer, amount);
        isHeld = false;
      },
    };
  }
}

function format(value: number): string {
  return value.toLocaleString("en-US");
}

export interface SharedLimitsOptions {
  /** The fraction of each limit that one client may use, above 0 and up to 1. */
  readonly peerShare: number;
  /** Replaces defined maxima, by name. */
  readonly values?: Readonly<Record<string, number>> | undefined;
}

/** The limits that the clients of a server share. */
export class SharedLimits {
  readonly #options: SharedLimitsOptions;
  readonly #limits = new Map<string, SharedLimit>();

  constructor(options: SharedLimitsOptions) {
    this.#options = options;
  }

  /** All limits that were made. */
  get all(): readonly SharedLimit[] {
    return [...this.#limits.values()];
  }

  /** Makes a limit. Throws if there is one of that name. */
  limit(definition: LimitDefinition): SharedLimit {
    const { name } = definition;
    if (this.#limits.has(name)) throw new Error(`the limit ${name} was made twice`);
    const { peerShare, values } = this.#options;
    const limit = new SharedLimit(definition, { peerShare, max: values?.[name] });
    this.#limits.set(name, limit);
    return limit;
  }

  /** Throws if a value was given for a limit that was not made: call it when all limits are made. */
  checkNames(): void {
    const unknown = Object.keys(this.#options.values ?? {}).filter((name) => !this.#limits.has(name));
    if (unknown.length === 0) return;
    const known = [...this.#limits.keys()].join(", ");
    throw new Error(`there is no limit named ${unknown.join(", ")}: the limits are ${known}`);
  }
}
