import { AsyncLocalStorage } from "node:async_hooks";
import type { Peer } from "./shared-limit.ts";

const peers = new AsyncLocalStorage<Peer>();

/**
 * The client whose call the code runs for, across everything that it awaits; undefined if it runs for none, as a timer
 * of the server's. For queues deep below a call, which are served from all clients in turn.
 */
export function currentPeer(): Peer {
  return peers.getStore();
}

/** Runs a function for a client, or for none. */
export function runForPeer<T>(peer: Peer, run: () => T): T {
  return peers.run(peer, run);
}
