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

/** The key of calls that came by no connection, as through a router in memory. */
export const localPeer = "local";

/** How many of the eight groups of an IPv6 address name its network: the first 64 bits, which one client can have. */
const networkGroups = 4;

/**
 * The key of a client: the IP address of HOST:PORT, without the port. IPv6 addresses count by their network of 64
 * bits, as one machine can have all of its addresses (RFC 4291, section 2.5.1); IPv4 addresses that are mapped into IPv6
 * count as IPv4 (section 2.5.5.2).
 *
 * @param peer as `Exchange.peer` has it: IPv6 addresses as the system writes them, without brackets
 */
export function peerKeyOf(peer: string): string {
  const port = peer.lastIndexOf(":");
  return addressKeyOf(port < 0 ? peer : peer.slice(0, port));
}

/** The same for an address alone, as a socket has it; undefined where it has none, as a local one. */
export function addressKeyOf(address: string | undefined): string {
  if (address === undefined || address === "undefined") return localPeer;
  if (!address.includes(":")) return address;
  if (address.includes(".")) return address.slice(address.lastIndexOf(":") + 1);
  return networkOf(address);
}

function networkOf(address: string): string {
  const [unscoped = ""] = address.split("%", 1); // fe80::1%eth0
  const [head = "", tail] = unscoped.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...Array.from({ length: zeros }, () => "0"), ...last].slice(0, networkGroups);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
