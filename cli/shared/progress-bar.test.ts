import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { ProgressBar } from "./progress-bar.ts";

test("output to a pipe has a line every five seconds, with the rate and the remaining time, and a line at the end", () => {
  const shown = output(false);
  const time = { now: 0 };
  const bar = new ProgressBar({ total: 10_000, items: "orders", stream: shown.stream, now: () => time.now });
  for (time.now = 500; time.now <= 10_000; time.now += 500) bar.update(time.now / 2);
  time.now = 20_000;
  bar[Symbol.dispose]();
  bar[Symbol.dispose]();
  expect(shown.text()).toBe(
    "2,500 of 10,000 orders, 25 %, 500/s, 15 s left\n" +
      "5,000 of 10,000 orders, 50 %, 500/s, 10 s left\n" +
      "5,000 of 10,000 orders, 50 %, 250/s, in 20 s\n",
  );
});

test("items that were complete at the start do not count for the rate", () => {
  const shown = output(false);
  const time = { now: 0 };
  const bar = new ProgressBar({ total: 400, startAt: 100, items: "orders", stream: shown.stream, now: () => time.now });
  time.now = 5_000;
  bar.update(200);
  expect(shown.text()).toBe("200 of 400 orders, 50 %, 20/s, 10 s left\n");
});

test("without a total, the line has a count and a rate", () => {
  const shown = output(false);
  const time = { now: 0 };
  const bar = new ProgressBar({ items: "lines", stream: shown.stream, now: () => time.now });
  time.now = 90_000;
  bar.update(900);
  bar.update(1_000, 4_000);
  bar[Symbol.dispose]();
  expect(shown.text()).toBe("900 lines, 10/s\n1,000 of 4,000 lines, 25 %, 11/s, in 1 min 30 s\n");
});

test("output to a terminal has a progress bar", () => {
  const shown = output(true);
  const time = { now: 0 };
  const bar = new ProgressBar({ total: 300, items: "orders", stream: shown.stream, now: () => time.now });
  time.now = 3_000;
  bar.update(150);
  bar[Symbol.dispose]();
  const text = stripVTControlCharacters(shown.text());
  expect(text).toContain("[------------------------------] 0 of 300 orders, 0 %, 0/s");
  expect(text).toContain("[===============---------------] 150 of 300 orders, 50 %, 50/s, in 3 s");
});

test("with quiet, nothing is printed", () => {
  for (const isTerminal of [true, false]) {
    const shown = output(isTerminal);
    const time = { now: 0 };
    const bar = new ProgressBar({ total: 10, items: "orders", quiet: true, stream: shown.stream, now: () => time.now });
    time.now = 60_000;
    bar.update(5);
    bar[Symbol.dispose]();
    expect(shown.text()).toBe("");
  }
});

function output(isTerminal: boolean) {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  Object.assign(stream, { isTTY: isTerminal, columns: 120 });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => chunks.join("") };
}
