import { LimitError } from "./limit-error.ts";

/** A limit on what all clients use at a time. */
export interface LimitDefinition {
  /** The name of its constant or of its setting, as in `maxExports`. */
  readonly name: string;
  /** What is counted, in the plural, as in `concurrent exports`. */
  readonly counted: string;
  /** How much all clients together may use: a positive whole number. */
  readonly max: number;
  /** What a client can do that has used its share. Default: `end others first`. */
  readonly advice?: string;
}

/** What may differ from a limit's definition. */
export interface SharedLimitOptions {
  /** How much of the limit one client may use, above 0 and up to 1; at least one. Default: 1, all of it. */
  readonly peerShare?: number | undefined;
  /** The limit where it is not the defined one. */
  readonly max?: number | undefined;
}

/**
 * The key of a client, by which its use is counted, as `peerOf` gives it. Undefined if no client is known: such use counts
 * for all clients together, and for no share.
 */
export type Peer = string | undefined;

/**
 * Counts what all clients use of something, and what each of them does. No client gets more than its share, so that none
 * can take what the others need. The memory is bounded: a client that uses nothing is not kept.
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
    this.#advice = definition.advice ?? "end others first";
  }

  /** How much is used, by all. */
  get used(): number {
    return this.#used;
  }

  /** How many clients use some of it. */
  get peerCount(): number {
    return this.#byPeer.size;
  }

  /** How much a client uses; of nobody 0. */
  usedBy(peer: Peer): number {
    return (peer === undefined ? undefined : this.#byPeer.get(peer)) ?? 0;
  }

  /** How much more a client may use; never negative. */
  availableTo(peer: Peer): number {
    const left = this.max - this.#used;
    const leftOfShare = peer === undefined ? left : this.maxPerPeer - this.usedBy(peer);
    return Math.max(0, Math.min(left, leftOfShare));
  }

  /** The error that tells a client that it may not use so much more; undefined if it may. */
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
    const reached = `limit of ${format(value)} ${counted} reached`;
    const usage = requested === 1 ? "" : `: ${format(used)} are in use, and ${format(requested)} more do not fit`;
    return new LimitError({ name: this.name, value }, `${reached}${usage}; ${advice}`);
  }

  /** Counts what a client uses from now on. Throws a {@link LimitError} and counts nothing if that is too much. */
  add(peer: Peer, amount = 1): void {
    const refusal = this.refusal(peer, amount);
    if (refusal !== undefined) throw refusal;
    this.count(peer, amount);
  }

  /** Counts what a client uses already, whatever the limit says: what a restart finds, and what only has to wait. */
  count(peer: Peer, amount = 1): void {
    this.#used += amount;
    if (peer !== undefined && amount > 0) this.#byPeer.set(peer, this.usedBy(peer) + amount);
  }

  /** Counts what a client no longer uses. Throws if it is more than the client has. */
  remove(peer: Peer, amount = 1): void {
    const left = peer === undefined ? this.#used - amount : this.usedBy(peer) - amount;
    if (left < 0) throw new Error(`${amount} of ${this.counted} were given back that were not counted`);
    this.#used -= amount;
    if (peer === undefined) return;
    if (left === 0) this.#byPeer.delete(peer);
    else this.#byPeer.set(peer, left);
  }

  /** Counts what a client uses until it is disposed of, once. Throws a {@link LimitError} if that is too much. */
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
  /** How much of each limit one client may use: see {@link SharedLimit}. */
  readonly peerShare: number;
  /** Limits that are not the defined ones, by name. */
  readonly values?: Readonly<Record<string, number>> | undefined;
}

/** The limits that the clients of a server share, each made once. */
export class SharedLimits {
  readonly #options: SharedLimitsOptions;
  readonly #limits = new Map<string, SharedLimit>();

  constructor(options: SharedLimitsOptions) {
    this.#options = options;
  }

  /** All that were made. */
  get all(): readonly SharedLimit[] {
    return [...this.#limits.values()];
  }

  /** Makes the limit of a definition, with the share of this server. Throws if there is one of that name. */
  limit(definition: LimitDefinition): SharedLimit {
    const { name } = definition;
    if (this.#limits.has(name)) throw new Error(`the limit ${name} was made twice`);
    const { peerShare, values } = this.#options;
    const limit = new SharedLimit(definition, { peerShare, max: values?.[name] });
    this.#limits.set(name, limit);
    return limit;
  }
}
