import type { Metadata } from "../../shared/metadata.ts";
import type { OrderStore } from "./order-store.ts";

/** How far an export has come. The same object until it changes. */
export type ExportState = {
  /** What was received, which grows while it is received. */
  readonly store: OrderStore;
  /** How many orders that is. */
  readonly received: number;
  /** How many there are to receive; undefined until the headers came, or where they do not tell. */
  readonly total: number | undefined;
  /** How many come in a second; undefined where that cannot be told. */
  readonly perSecond: number | undefined;
  /** The running digest of what was received, in lower-case hex; undefined where nothing was. */
  readonly digest: string | undefined;
  readonly headers: Metadata | undefined;
  readonly trailers: Metadata | undefined;
  /** Calls that were made for it: more than one where the connection broke, or the user cancelled and went on. */
  readonly attempts: number;
} & (
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "receiving" }
  /** The connection broke; the export goes on at `retryAt`, in milliseconds of the timers' clock. */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly reason: string }
  /** All of it is here, and count and digest are those that the server tells. */
  | { readonly kind: "complete" }
  /** It ended, but count or digest are others than those that the server tells. */
  | { readonly kind: "wrong" }
  /** The user has cancelled it; it can go on. */
  | { readonly kind: "cancelled" }
  /** The page keeps no more. */
  | { readonly kind: "full" }
  /** Asking again does not mend it. */
  | { readonly kind: "failed"; readonly reason: string }
);
