import { expect, test } from "vitest";
import { addressKeyOf, localPeer, peerKeyOf } from "./peer-key.ts";

test.each([
  ["127.0.0.1:54321", "127.0.0.1"],
  ["::ffff:192.0.2.7:443", "192.0.2.7"],
  ["::1:54321", "0:0:0:0::/64"],
  ["2001:db8::1:54321", "2001:db8:0:0::/64"],
  ["2001:db8:1:2:3:4:5:6:80", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::80", "2001:db8:1:2::/64"],
  ["fe80::1%eth0:80", "fe80:0:0:0::/64"],
  ["undefined:undefined", localPeer],
])("%s counts as %s", (peer, key) => expect(peerKeyOf(peer)).toBe(key));

test("addresses with the same /64 prefix are one client, and others are not", () => {
  const key = addressKeyOf("2001:db8:1:2::1");
  expect(addressKeyOf("2001:db8:1:2:ffff:ffff:ffff:ffff")).toBe(key);
  expect(addressKeyOf("2001:db8:1:2:0:0:0:9")).toBe(key);
  expect(addressKeyOf("2001:db8:1:3::1")).not.toBe(key);
  expect(addressKeyOf("2001:db8::1:2:0:1")).not.toBe(key);
});

test("a socket without an address is local", () => expect(addressKeyOf(undefined)).toBe(localPeer));
