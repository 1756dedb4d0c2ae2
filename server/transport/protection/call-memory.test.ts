import type { ConnectError } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callBytes, maxUnreadRefusals, SessionMemory } from "./call-memory.ts";
import { MemoryBudget } from "./memory-budget.ts";

const KiB = 1024;

describe("a call without room", () => {
  test("is not open, and its error says how much there is and what to do", () => {
    const session = new SessionMemory(new MemoryBudget(callBytes));
    expect(session.open(unendable).isOpen).toBe(true);
    expect(session.open(unendable).isOpen).toBe(false);
    expect(session.noRoom()).toMatchObject({ code: Code.ResourceExhausted });
    expect(session.noRoom().message).toContain(`${callBytes} bytes of unfinished requests and unread responses`);
  });

  test("is refused without an answer when many answers are unread", () => {
    const session = new SessionMemory(new MemoryBudget(0));
    const refused = Array.from({ length: maxUnreadRefusals }, () => session.open(unendable));
    expect(session.admits).toBe(false);
    refused[0]?.close();
    expect(session.admits).toBe(true);
  });
});

describe("bytes without room", () => {
  test("end the newest call that holds any, so that an older one can go on", () => {
    const { session, ended, open } = sessionOf(4 * callBytes + 45 * KiB);
    const [oldest, , newest] = [open("oldest"), open("empty"), open("newest"), open("empty")];
    oldest.hold(15 * KiB);
    newest.hold(25 * KiB);
    oldest.hold(10 * KiB);
    expect(ended).toEqual(["newest"]);
    expect([oldest.held, newest.held]).toEqual([25 * KiB, 0]);
    expect(session.admits).toBe(true);
  });

  test("end the call that wants them, if it is the newest", () => {
    const { ended, open } = sessionOf(2 * callBytes + 30 * KiB);
    const [older, newer] = [open("older"), open("newer")];
    older.hold(20 * KiB);
    newer.hold(20 * KiB);
    expect(ended).toEqual(["newer"]);
    expect([older.held, older.isOpen, newer.isOpen]).toEqual([20 * KiB, true, false]);
  });

  test("of a client are counted over all of its connections", () => {
    const client = new MemoryBudget(2 * callBytes + 20 * KiB);
    const [one, other] = [sessionOf(1024 * KiB, client), sessionOf(1024 * KiB, client)];
    one.open("one").hold(20 * KiB);
    other.open("other").hold(1);
    expect([one.ended, other.ended]).toEqual([[], ["other"]]);
  });
});

test("whatever calls do, no budget is exceeded, and all bytes are given back in the end", () => {
  const step = fc.record({ call: fc.nat(9), session: fc.nat(2), bytes: fc.nat(60 * KiB), act: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const all = new MemoryBudget(20 * callBytes);
      const budgets = [0, 1, 2].map(() => new MemoryBudget(9 * callBytes, all));
      const sessions = budgets.map((budget) => new SessionMemory(budget));
      const calls = sessions.map(() => new Map<number, ReturnType<SessionMemory["open"]>>());
      for (const { session, call, bytes, act } of steps) {
        const open = calls[session]?.get(call);
        if (open === undefined) calls[session]?.set(call, (sessions[session] as SessionMemory).open(unendable));
        else if (act === 0) {
          open.close();
          calls[session]?.delete(call);
        } else if (act === 1) open.release(bytes);
        else open.hold(bytes);
        for (const budget of [all, ...budgets]) {
          expect(budget.used).toBeGreaterThanOrEqual(0);
          expect(budget.used).toBeLessThanOrEqual(budget.limit);
        }
      }
      for (const each of calls) for (const call of each.values()) call.close();
      expect([all, ...budgets].map(({ used }) => used)).toEqual([0, 0, 0, 0]);
    }),
  );
});

const unendable = { refuse() {} };

function sessionOf(limit: number, parent?: MemoryBudget) {
  const session = new SessionMemory(new MemoryBudget(limit, parent));
  const ended: string[] = [];
  const open = (name: string) =>
    session.open({
      refuse(reason: ConnectError) {
        expect(reason.code).toBe(Code.ResourceExhausted);
        ended.push(name);
      },
    });
  return { session, ended, open };
}
