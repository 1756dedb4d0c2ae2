import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { defaultLimits } from "../protection/limits.ts";
import { Sessions } from "./session.ts";

const MiB = 1024 * 1024;
const smallHeap = 100 * MiB;

test("all connections may hold a fifth of a small heap, one client half of it, one connection at least two messages", () => {
  const sessions = new Sessions(defaultLimits, smallHeap);
  expect(sessions.budget.limit).toBe(20 * MiB);
  const [one, other] = [connectionOf("10.0.0.1"), connectionOf("10.0.0.1")];
  const calls = [one, other].map((connection) => sessions.of(connection).open({ refuse() {} }));
  for (const call of calls) call.hold(7 * MiB);
  expect(calls.map(({ held }) => held)).toEqual([7 * MiB, 0]);
  const stranger = sessions.of(connectionOf("10.0.0.2")).open({ refuse() {} });
  stranger.hold(7 * MiB);
  expect(stranger.held).toBe(7 * MiB);
});

test("relief ends the calls of the connection that holds most", () => {
  const sessions = new Sessions(defaultLimits, smallHeap);
  const ended: string[] = [];
  const open = (name: string) => sessions.of(connectionOf(name)).open({ refuse: () => ended.push(name) });
  open("10.0.0.1").hold(MiB);
  open("10.0.0.2").hold(3 * MiB);
  open("10.0.0.3").hold(2 * MiB);
  sessions.relieve();
  expect(ended).toEqual(["10.0.0.2"]);
  sessions.relieve();
  expect(ended).toEqual(["10.0.0.2", "10.0.0.3"]);
});

test("a client is forgotten with its last connection", () => {
  const sessions = new Sessions(defaultLimits, smallHeap);
  const connection = connectionOf("10.0.0.1");
  expect(sessions.of(connection)).toBe(sessions.of(connection));
  sessions
    .of(connection)
    .open({ refuse() {} })
    .hold(MiB);
  connection.emit("close");
  sessions.relieve();
  expect(sessions.of(connectionOf("10.0.0.1"))).not.toBe(sessions.of(connection));
});

/** A connection as far as sessions look at it. */
function connectionOf(remoteAddress: string): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket;
}
