/** The key of calls without a connection, as through a router in memory. */
export const localPeer = "local";

/** How many of the eight 16-bit groups of an IPv6 address identify a client: those of its /64 prefix. */
const prefixGroups = 4;

/**
 * Returns the key of a client: the IP address of HOST:PORT, without the port. For IPv6 it is the /64 prefix, because one
 * machine can use every address in its /64 (https://www.rfc-editor.org/rfc/rfc4291#section-2.5.1). IPv4 addresses that
 * are mapped into IPv6 are IPv4 (section 2.5.5.2).
 *
 * @param peer in the form of `Exchange.peer`: IPv6 addresses without brackets
 */
export function peerKeyOf(peer: string): string {
  const port = peer.lastIndexOf(":");
  return addressKeyOf(port < 0 ? peer : peer.slice(0, port));
}

/** Returns the key of the address of a socket: {@link localPeer} if it is undefined, as for a local socket. */
export function addressKeyOf(address: string | undefined): string {
  if (address === undefined || address === "undefined") return localPeer;
  if (!address.includes(":")) return address;
  if (address.includes(".")) return address.slice(address.lastIndexOf(":") + 1);
  return prefixOf(address);
}

function prefixOf(address: string): string {
  const [unscoped = ""] = address.split("%", 1); // fe80::1%eth0
  const [head = "", tail] = unscoped.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...Array.from({ length: zeros }, () => "0"), ...last].slice(0, prefixGroups);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
