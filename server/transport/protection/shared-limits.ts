import { type LimitDefinition, SharedLimit } from "./shared-limit.ts";

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
