import type { PeerName } from "../peers/peers.ts";

/** The quantity that a workload measures. */
export type WorkloadKind =
  /** Operations or megabytes per second: more is better. */
  | "rate"
  /** KB for each idle stream: less is better. */
  | "memory"
  /** KB for each stalled subscriber, with its connection and its queue: less is better. */
  | "backlog"
  /** Milliseconds: less is better. */
  | "delay"
  /** The factor by which a delay increases: less is better. */
  | "slowdown"
  /** The duration in seconds: less is better. */
  | "time";

/** The load client of a workload, and its arguments. */
export type Load =
  /** The load client in Go, which the load client in Node can replace for some workloads. */
  | {
      readonly client: "load";
      readonly workload: string;
      readonly size: Sizes;
      readonly standIn: boolean;
      /** The peers that support the workload. Absent: all peers. */
      readonly servedBy?: readonly PeerName[];
    }
  /** The load client in Node, for workloads that measure the Connect client and scripts. */
  | {
      readonly client: "node";
      readonly workload: string;
      readonly size: Sizes;
      readonly servedBy?: readonly PeerName[];
    };

/** The number of messages, streams, calls or subscribers. */
export interface Sizes {
  readonly full: number;
  readonly quick: number;
}

/** One row of the table. */
export interface Workload {
  readonly name: string;
  readonly kind: WorkloadKind;
  /** The unit of the counter, or of the result. */
  readonly unit: string;
  /** Absent: no load client supports the workload. */
  readonly load?: Load;
}
