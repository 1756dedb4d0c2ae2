import { readFile } from "node:fs/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { SharedLimit } from "../../server/transport/protection/shared-limit.ts";
import { type Attack, attacks } from "./shared-limit-attacks.ts";
import { type Peer, startLimitedApp } from "./start-peer-app.ts";

// Two clients with different addresses of this machine use up the limits of a server with small limits.
const server = await startLimitedApp();
afterAll(() => server[Symbol.asyncDispose]());
const limits = server.app.sharedLimits;

test("each shared limit has an attack, or a reason why it needs none", async () => {
  expect(limits.map(({ name }) => name).toSorted()).toEqual(Object.keys(attacks).toSorted());
  for (const attack of Object.values(attacks)) {
    if (!("test" in attack)) continue;
    const source = await readFile(new URL(`../../${attack.file}`, import.meta.url), "utf8");
    expect(source).toContain(`test("${attack.test}"`);
  }
});

describe.each(limits.filter(({ name }) => !("test" in (attacks[name] ?? {}))))("$name", (limit) => {
  const attack = attacks[limit.name] as Attack;

  test("each client receives only its share, and all of it is released", async () => {
    await using greedy = await server.peer("127.0.0.1");
    await using other = await server.peer("127.0.0.2");
    const used = limit.used;
    const first = await takeAll(greedy, limit, attack);
    expectRefusal(first.refusal, limit, attack);
    expect(limit.usedBy(greedy.address)).toBe(limit.maxPerPeer);
    const second = await takeAll(other, limit, attack);
    expectRefusal(second.refusal, limit, attack);
    expect(limit.usedBy(other.address)).toBe(limit.maxPerPeer);
    for (const { taken } of [first, second]) for (const release of taken) await release();
    await vi.waitFor(() => expect(limit.used - used).toBeLessThanOrEqual(0), { timeout: 10_000 });
  }, 60_000);
});

/** Uses the limit until the server refuses. */
async function takeAll(peer: Peer, limit: SharedLimit, { take }: Attack) {
  const taken: (() => Promise<void>)[] = [];
  for (let index = 0; index <= limit.maxPerPeer; index++) {
    try {
      taken.push(await take(peer, index, limit));
    } catch (refusal) {
      return { taken, refusal };
    }
  }
  throw new Error(`the server has given ${peer.address} more than its share of ${limit.name}`);
}

function expectRefusal(refusal: unknown, limit: SharedLimit, attack: Attack): void {
  if (attack.refusal !== undefined) {
    expect(refusal).toMatchObject({ message: attack.refusal });
    return;
  }
  const { code, rawMessage } = ConnectError.from(refusal);
  const value = limit.maxPerPeer.toLocaleString("en-US");
  const problem = new RegExp(`limit of ${value} ${limit.counted} per client (reached|would be exceeded)`);
  expect([code, rawMessage]).toEqual([Code.ResourceExhausted, expect.stringMatching(problem)]);
}
