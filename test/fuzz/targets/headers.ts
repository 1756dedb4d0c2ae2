import { LazyHeaders } from "../../../server/transport/exchange/lazy-headers.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";

// LazyHeaders behaves like the platform's Headers in any sequence of operations.

const operations = ["get", "has", "set", "append", "delete", "list", "getSetCookie"] as const;
const maxOperations = 24;

export const target: FuzzTarget = {
  maxBytes: 512,
  seeds: [
    Buffer.from("\x02a: b\nset-cookie: 1\n\x00a\n\x03A\n c \n\x05\n\x06\n"),
    Buffer.from("\x01content-type: x\n\x03set-cookie\n2\n\x03set-cookie\n3\n\x04content-type\n\x05"),
    Buffer.from("\x00\x02x\xff\nä\n\x02x\n\t a b \t\n\x01x y\n"),
  ],
  run(input) {
    const reader = new InputReader(input);
    const source = sourceOf(reader);
    const ours = new LazyHeaders(source);
    const platforms = new Headers();
    for (const [name, values] of Object.entries(source)) {
      if (!name.startsWith(":")) for (const value of [values].flat()) platforms.append(name, value);
    }
    for (let count = 0; count < maxOperations && !reader.isAtEnd; count++) {
      const operation = reader.pick(operations);
      const [name, value] = [reader.line(), operation === "set" || operation === "append" ? reader.line() : ""];
      const [expected, found] = [platforms, ours].map((headers) => apply(headers, operation, name, value));
      invariant(
        JSON.stringify(found) === JSON.stringify(expected),
        () =>
          `${operation} ${JSON.stringify([name, value])}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`,
      );
    }
  },
};

/** Creates headers in Node's format: lower-case names, valid values, and pseudo-headers. */
function sourceOf(reader: InputReader): Record<string, string | string[]> {
  const source: Record<string, string | string[]> = { ":path": "/" };
  for (let count = reader.byte() % 4; count > 0; count--) {
    const [, name, value = ""] = /^([a-z0-9-]+): ?([!-~](?:[ -~]*[!-~])?)?$/.exec(reader.line()) ?? [];
    if (name === undefined) continue;
    const known = source[name];
    source[name] = known === undefined ? (name === "set-cookie" ? [value] : value) : [known, value].flat();
  }
  return source;
}

function apply(headers: Headers, operation: (typeof operations)[number], name: string, value: string): unknown {
  try {
    switch (operation) {
      case "get":
      case "has":
      case "delete":
        return headers[operation](name) ?? null;
      case "set":
      case "append":
        headers[operation](name, value);
        return "done";
      case "list":
        return [...headers];
      case "getSetCookie":
        return headers.getSetCookie();
    }
  } catch (error) {
    if (error instanceof TypeError) return "a TypeError";
    throw error;
  }
}
