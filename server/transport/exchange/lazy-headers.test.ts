import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LazyHeaders } from "./lazy-headers.ts";

const name = fc.constantFrom(
  "a",
  "B",
  "b",
  "x-Bin",
  "set-cookie",
  "Set-Cookie",
  "cookie",
  "Cookie",
  "c d",
  "",
  ":path",
  "é",
  "__proto__",
);
const value = fc.oneof(
  fc.constantFrom("", " \t", "one", " two\t", "a \t b", "a, b", "é", "€", "x\r\ny", "\n\0", "nul\0"),
  fc.string({ maxLength: 5 }),
);
const change = fc.oneof(
  fc.record({ kind: fc.constantFrom("set", "append"), name, value }),
  fc.record({ kind: fc.constant("delete"), name, value: fc.constant("") }),
);
const source = fc.dictionary(
  fc.constantFrom("a", "b", "x-bin", "set-cookie", "cookie", "__proto__"),
  fc.oneof(fc.constantFrom("one", "two, three", ""), fc.array(fc.constantFrom("one", "two"), { minLength: 1 })),
  { noNullPrototype: false },
);

test("equal the platform's Headers after any changes", () => {
  fc.assert(
    fc.property(source, fc.array(change, { maxLength: 6 }), (begin, changes) => {
      const ours = new LazyHeaders(begin);
      const theirs = new Headers();
      for (const [key, values] of Object.entries(begin)) for (const each of [values].flat()) theirs.append(key, each);
      expect(seen(ours)).toEqual(seen(theirs));
      for (const { kind, name, value } of changes) {
        const act = kind as "set" | "append" | "delete";
        expect(fails(() => ours[act](name, value))).toBe(fails(() => theirs[act](name, value)));
        expect(seen(ours)).toEqual(seen(theirs));
        expect(fails(() => ours.get(name)) ?? ours.get(name)).toEqual(
          fails(() => theirs.get(name)) ?? theirs.get(name),
        );
        expect(fails(() => ours.has(name)) ?? ours.has(name)).toEqual(
          fails(() => theirs.has(name)) ?? theirs.has(name),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test("do not change their source", () => {
  const begin = Object.freeze({ ":path": "/a", a: "one", b: Object.freeze(["two", "three"]), c: undefined });
  const headers = new LazyHeaders(begin);
  headers.append("b", "four");
  headers.delete("a");
  expect([...headers]).toEqual([["b", "two, three, four"]]);
  expect(new LazyHeaders(begin).get("b")).toBe("two, three");
});

test("are accepted as the platform's Headers", async () => {
  const headers = new LazyHeaders({ ":status": "200", b: "2", a: ["1", "3"] });
  expect(headers).toBeInstanceOf(Headers);
  expect([...new Headers(headers)]).toEqual([...headers]);
  expect(new Response(null, { headers }).headers.get("a")).toBe("1, 3");
  expect(Object.prototype.toString.call(headers)).toBe("[object Headers]");
  expect(inspect(headers)).toBe("Headers { a: '1, 3', b: '2' }");
});

/** Reads headers in every way. */
function seen(headers: Headers) {
  const each: string[] = [];
  headers.forEach((value, key, all) => void each.push(key, value, String(all === headers)));
  return {
    entries: [...headers.entries()],
    iterated: [...headers],
    keys: [...headers.keys()],
    values: [...headers.values()],
    cookies: headers.getSetCookie(),
    each,
  };
}

/** Returns the kind of error that a function throws; undefined if it throws none. */
function fails(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof TypeError ? "TypeError" : String(error);
  }
}
