import { expect, test } from "vitest";
import { seededRandom } from "../../shared/seeded-random.ts";
import { LimitError } from "./limit-error.ts";
import { type Peer, SharedLimit, SharedLimits } from "./shared-limit.ts";

const exports = { name: "maxExports", counted: "concurrent exports", max: 1_000 };

test("a client may use its share, and then another client its own", () => {
  const limit = new SharedLimit(exports, { peerShare: 0.5 });
  for (let at = 0; at < 500; at++) limit.acquire("a");
  expect(() => limit.acquire("a")).toThrow(
    "limit of 500 concurrent exports per client reached; end some of yours, or wait until they have finished",
  );
  for (let at = 0; at < 500; at++) limit.acquire("b");
  expect(() => limit.acquire("c")).toThrow("limit of 1,000 concurrent exports reached; retry later");
  expect([limit.used, limit.usedBy("a"), limit.availableTo("a"), limit.availableTo("c")]).toEqual([1_000, 500, 0, 0]);
});

test("the error carries the limit's name and value, and its message the use and the advice", () => {
  const limit = new SharedLimit({ ...exports, advice: "delete others" }, { peerShare: 0.25, max: 8 });
  limit.add("a");
  const error = limit.refusal("a", 2);
  expect(error).toBeInstanceOf(LimitError);
  expect(error?.limit).toEqual({ name: "maxExports", value: 2 });
  expect(error?.message).toBe(
    "limit of 2 concurrent exports per client would be exceeded: 1 are in use, and 2 more were requested; delete others",
  );
});

test("with a share of 1 one client may use all, and every client may use at least one", () => {
  const whole = new SharedLimit(exports, { peerShare: 1 });
  whole.add("a", 1_000);
  expect(whole.refusal("a")?.message).toContain("concurrent exports per client reached");
  expect(whole.refusal("b")?.message).toContain("concurrent exports reached");
  expect(new SharedLimit(exports, { peerShare: 0.5, max: 1 }).maxPerPeer).toBe(1);
});

test.each([0, -1, 1.1, Number.NaN])("a share of %d is refused", (peerShare) => {
  expect(() => new SharedLimit(exports, { peerShare })).toThrow("above 0 and up to 1");
});

test("use by an unknown client counts for the server, and for no share", () => {
  const limit = new SharedLimit(exports, { peerShare: 0.5, max: 4 });
  limit.add(undefined, 3);
  expect([limit.used, limit.peerCount, limit.availableTo("a"), limit.availableTo(undefined)]).toEqual([3, 0, 1, 1]);
  limit.remove(undefined, 3);
  expect(limit.used).toBe(0);
});

test("count ignores the limit", () => {
  const limit = new SharedLimit(exports, { peerShare: 0.5, max: 4 });
  limit.count("a", 9);
  expect([limit.used, limit.availableTo("a"), limit.availableTo("b")]).toEqual([9, 0, 0]);
});

test("a second disposal changes nothing, and use that was not counted cannot be removed", () => {
  const limit = new SharedLimit(exports);
  const held = limit.acquire("a");
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  expect(limit.used).toBe(0);
  expect(() => limit.remove("a")).toThrow("were not counted");
  expect(() => limit.remove(undefined)).toThrow("were not counted");
});

test("no count exceeds its limit or is negative, and all are 0 at the end", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const peerShare = [0.1, 0.5, 1][random.below(3)];
    const limit = new SharedLimit(exports, { peerShare, max: 1 + random.below(30) });
    const peers: Peer[] = ["a", "b", "c", undefined];
    const held: { readonly peer: Peer; readonly amount: number; readonly release: Disposable }[] = [];
    const sumOf = (peer?: { readonly of: Peer }) =>
      held.reduce((sum, each) => sum + (peer === undefined || each.peer === peer.of ? each.amount : 0), 0);
    for (let step = 0; step < 200; step++) {
      if (random.below(3) === 0) {
        const [ended] = held.splice(random.below(held.length || 1), 1);
        ended?.release[Symbol.dispose]();
      } else {
        const peer = peers[random.below(peers.length)];
        const amount = random.below(5);
        const fits = amount <= limit.availableTo(peer);
        try {
          held.push({ peer, amount, release: limit.acquire(peer, amount) });
          expect(fits).toBe(true);
        } catch (error) {
          if (!(error instanceof LimitError)) throw error;
          expect(fits).toBe(false);
        }
      }
      expect(limit.used).toBe(sumOf());
      expect(limit.used).toBeLessThanOrEqual(limit.max);
      for (const peer of ["a", "b", "c"]) {
        expect(limit.usedBy(peer)).toBe(sumOf({ of: peer }));
        expect(limit.usedBy(peer)).toBeLessThanOrEqual(limit.maxPerPeer);
      }
    }
    for (const { release } of held) release[Symbol.dispose]();
    expect([limit.used, limit.peerCount]).toEqual([0, 0]);
  }
});

test("each limit of a server is made once, with the share of the server", () => {
  const limits = new SharedLimits({ peerShare: 0.5, values: { maxExports: 10 } });
  const limit = limits.limit(exports);
  expect([limit.max, limit.maxPerPeer]).toEqual([10, 5]);
  expect(limits.limit({ ...exports, name: "other" }).max).toBe(1_000);
  expect(limits.all.map(({ name }) => name)).toEqual(["maxExports", "other"]);
  expect(() => limits.limit(exports)).toThrow("maxExports was made twice");
});

test("a value for an unknown limit is refused, with the known names", () => {
  const limits = new SharedLimits({ peerShare: 0.5, values: { maxExports: 10, maxImports: 10 } });
  limits.limit(exports);
  expect(() => limits.checkNames()).toThrow("there is no limit named maxImports: the limits are maxExports");
  limits.limit({ ...exports, name: "maxImports" });
  limits.checkNames();
});
