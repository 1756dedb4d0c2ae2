import { Code, type ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectionMemory, callBytes, coveredBytes, MemoryBudget, maxUnreadRefusals } from "./call-memory-budget.ts";

const KiB = 1024;

describe("a call for which there is no memory", () => {
  test("is not open, and its error has the limit and the remedy", () => {
    const connection = new ConnectionMemory(new MemoryBudget(callBytes));
    expect(connection.open(unendable).isOpen).toBe(true);
    expect(connection.open(unendable).isOpen).toBe(false);
    expect(connection.limitError()).toMatchObject({ code: Code.ResourceExhausted });
    const limit = callBytes.toLocaleString("en-US");
    expect(connection.limitError().rawMessage).toBe(
      `limit of ${limit} buffered bytes of the connection reached: ${limit} bytes of unfinished requests and unread ` +
        "responses are in use; read responses, finish requests, and retry",
    );
  });

  test.each([
    ["client", 1, 2, "read responses, finish requests, and retry"],
    ["server", 3, 1, "retry later"],
  ] as const)("has an error that names the budget that is used up: of the %s", (owner, ofClient, ofServer, advice) => {
    const server = new MemoryBudget(ofServer * callBytes, undefined, "server");
    const client = new MemoryBudget(ofClient * callBytes, server, "client");
    const connection = new ConnectionMemory(new MemoryBudget(4 * callBytes, client));
    expect(connection.open(unendable).isOpen).toBe(true);
    expect(connection.open(unendable).isOpen).toBe(false);
    expect(connection.limitError().rawMessage).toContain(`buffered bytes of the ${owner} reached`);
    expect(connection.limitError().rawMessage).toContain(`; ${advice}`);
  });

  test("is refused without a response if many responses are unread", () => {
    const connection = new ConnectionMemory(new MemoryBudget(0));
    const refused = Array.from({ length: maxUnreadRefusals }, () => connection.open(unendable));
    expect(connection.acceptsCalls).toBe(false);
    refused[0]?.close();
    expect(connection.acceptsCalls).toBe(true);
  });
});

test("the first bytes of a call are covered by what each call counts for", () => {
  const { connection, open } = connectionOf(2 * callBytes);
  const call = open("call");
  call.hold(coveredBytes);
  expect([connection.used, call.held]).toEqual([callBytes, 0]);
  call.hold(KiB);
  expect([connection.used, call.held]).toEqual([callBytes + KiB, KiB]);
  call.release(coveredBytes + KiB / 2);
  expect([connection.used, call.held]).toEqual([callBytes, 0]);
  call.hold(coveredBytes);
  expect([connection.used, call.held]).toEqual([callBytes + KiB / 2, KiB / 2]);
});

describe("bytes that do not fit", () => {
  test("end the newest call with buffered bytes, so that an older one can continue", () => {
    const { connection, ended, open } = connectionOf(4 * callBytes + 45 * KiB);
    const [oldest, , newest] = [open("oldest"), open("empty"), open("newest"), open("empty")];
    oldest.hold(coveredBytes + 15 * KiB);
    newest.hold(coveredBytes + 25 * KiB);
    oldest.hold(10 * KiB);
    expect(ended).toEqual(["newest"]);
    expect([oldest.held, newest.held]).toEqual([25 * KiB, 0]);
    expect(connection.acceptsCalls).toBe(true);
  });

  test("end the call that needs them, if it is the newest", () => {
    const { ended, open } = connectionOf(2 * callBytes + 30 * KiB);
    const [older, newer] = [open("older"), open("newer")];
    older.hold(coveredBytes + 20 * KiB);
    newer.hold(coveredBytes + 20 * KiB);
    expect(ended).toEqual(["newer"]);
    expect([older.held, older.isOpen, newer.isOpen]).toEqual([20 * KiB, true, false]);
  });

  test("of a client are counted over all of its connections", () => {
    const client = new MemoryBudget(2 * callBytes + 20 * KiB);
    const [one, other] = [connectionOf(1024 * KiB, client), connectionOf(1024 * KiB, client)];
    one.open("one").hold(coveredBytes + 20 * KiB);
    other.open("other").hold(coveredBytes + 1);
    expect([one.ended, other.ended]).toEqual([[], ["other"]]);
  });
});

test("no budget is exceeded in any sequence of calls, and all bytes are released at the end", () => {
  const step = fc.record({ call: fc.nat(9), connection: fc.nat(2), bytes: fc.nat(60 * KiB), act: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const all = new MemoryBudget(20 * callBytes);
      const budgets = [0, 1, 2].map(() => new MemoryBudget(9 * callBytes, all));
      const connections = budgets.map((budget) => new ConnectionMemory(budget));
      const calls = connections.map(() => new Map<number, ReturnType<ConnectionMemory["open"]>>());
      for (const { connection, call, bytes, act } of steps) {
        const open = calls[connection]?.get(call);
        if (open === undefined)
          calls[connection]?.set(call, (connections[connection] as ConnectionMemory).open(unendable));
        else if (act === 0) {
          open.close();
          calls[connection]?.delete(call);
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

function connectionOf(limit: number, parent?: MemoryBudget) {
  const connection = new ConnectionMemory(new MemoryBudget(limit, parent));
  const ended: string[] = [];
  const open = (name: string) =>
    connection.open({
      refuse(reason: ConnectError) {
        expect(reason.code).toBe(Code.ResourceExhausted);
        ended.push(name);
      },
    });
  return { connection, ended, open };
}
