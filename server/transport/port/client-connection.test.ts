import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { coveredBytes } from "../protection/call-memory-budget.ts";
import { defaultLimits } from "../protection/default-limits.ts";
import { Connections } from "./client-connection.ts";

const MiB = 1024 * 1024;
const smallHeap = 100 * MiB;

test("all connections can buffer a fifth of a small heap, one client half of that, one connection at least two messages", () => {
  const connections = new Connections(defaultLimits, smallHeap);
  expect(connections.budget.limit).toBe(20 * MiB);
  const [one, other] = [socketOf("10.0.0.1"), socketOf("10.0.0.1")];
  const calls = [one, other].map((socket) => connections.of(socket).open({ refuse() {} }));
  for (const call of calls) call.hold(coveredBytes + 7 * MiB);
  expect(calls.map(({ held }) => held)).toEqual([7 * MiB, 0]);
  const stranger = connections.of(socketOf("10.0.0.2")).open({ refuse() {} });
  stranger.hold(coveredBytes + 7 * MiB);
  expect(stranger.held).toBe(7 * MiB);
});

test("freeMemory ends the calls of the connection with the most buffered bytes", () => {
  const connections = new Connections(defaultLimits, smallHeap);
  const ended: string[] = [];
  const open = (name: string) => connections.of(socketOf(name)).open({ refuse: () => ended.push(name) });
  open("10.0.0.1").hold(MiB);
  open("10.0.0.2").hold(3 * MiB);
  open("10.0.0.3").hold(2 * MiB);
  connections.freeMemory();
  expect(ended).toEqual(["10.0.0.2"]);
  connections.freeMemory();
  expect(ended).toEqual(["10.0.0.2", "10.0.0.3"]);
});

test("a client is forgotten with its last connection", () => {
  const connections = new Connections(defaultLimits, smallHeap);
  const socket = socketOf("10.0.0.1");
  expect(connections.of(socket)).toBe(connections.of(socket));
  connections
    .of(socket)
    .open({ refuse() {} })
    .hold(MiB);
  socket.emit("close");
  connections.freeMemory();
  expect(connections.of(socketOf("10.0.0.1"))).not.toBe(connections.of(socket));
});

/** The properties of a socket that the code uses. */
function socketOf(remoteAddress: string): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket;
}
