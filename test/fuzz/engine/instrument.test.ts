import { stripTypeScriptTypes } from "node:module";
import { expect, test } from "vitest";
import { Coverage } from "./coverage.ts";
import { instrument } from "./instrument.ts";

const source = `
type Kind = "a" extends string ? "b" : never;
function f(x: number, s: string = "dflt"): string {
  let out = "";
  if (x > 3) if (x === 4 as number) out += "four"; else out += "many";
  for (const c of s) if (c === "q") { out += "q"; continue } else out += ".";
  let i = 0;
  while (i < x) i++;
  do i--; while (i > 0);
  switch (s) { case "one": out += 1; break; case "two": default: out += "d" }
  const g = (y: number) => y !== x ? { y } : undefined;
  const h = (y?: { z: number }) => (y?.z ?? 7) || (y && 8);
  try { if (x === 9) throw new Error("nine") } catch { out += "caught" }
  out += JSON.stringify(g(1)) + h() + h({ z: 0 })! + (typeof s === "string") + (s === undefined);
  return out;
}
`;

function load(code: string): (x: number, s?: string) => string {
  return new Function(`${stripTypeScriptTypes(code)}; return f`)() as (x: number, s?: string) => string;
}

test("an instrumented module keeps its behaviour and its line numbers", () => {
  const { code, edges } = instrument(source, "f.ts", 0);
  expect(code.split("\n").length).toBe(source.split("\n").length);
  expect(edges).toBeGreaterThan(20);
  new Coverage().install();
  const [plain, instrumented] = [load(source), load(code)];
  for (const x of [0, 1, 3, 4, 5, 9]) {
    for (const s of [undefined, "", "one", "two", "qx"]) expect(instrumented(x, s)).toBe(plain(x, s));
  }
});

test("an execution has a feature for each branch and the bucket of its hit count", () => {
  const coverage = new Coverage();
  const { code, edges, literals } = instrument(source, "f.ts", coverage.reserve(100));
  expect(edges).toBeLessThan(100);
  coverage.install();
  const run = load(code);
  const featuresOf = (x: number, s: string) => {
    const features: number[] = [];
    coverage.reset();
    run(x, s);
    coverage.features((feature) => features.push(feature));
    return features.join();
  };
  expect(featuresOf(1, "one")).toBe(featuresOf(1, "one"));
  expect(new Set([featuresOf(1, "one"), featuresOf(4, "one"), featuresOf(5, "one"), featuresOf(9, "")]).size).toBe(4);
  expect(literals).toEqual(expect.arrayContaining(["four", "dflt", "two", 3, 9]));
});

test("the coverage records compared values that differ", () => {
  const coverage = new Coverage();
  coverage.install();
  const run = load(instrument(source, "f.ts", coverage.reserve(100)).code);
  coverage.reset();
  run(5, "x");
  expect(coverage.compared).toContainEqual([5, 4]);
  expect(coverage.compared).toContainEqual(["x", "q"]);
});
