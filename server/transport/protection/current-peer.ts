import { AsyncLocalStorage } from "node:async_hooks";
import type { Peer } from "./shared-limit.ts";

const peers = new AsyncLocalStorage<Peer>();

/**
 * Returns the key of the client whose call runs, across everything that it awaits; undefined if no call runs, as in a
 * timer of the server. For queues below a call that serve clients round-robin (docs/decisions/0026-client-of-a-call.md).
 */
export function currentPeer(): Peer {
  return peers.getStore();
}

/** Runs a function as a part of a call of a client; of no client if `peer` is undefined. */
export function runForPeer<T>(peer: Peer, run: () => T): T {
  return peers.run(peer, run);
}
