import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { FeedError } from "../../../server/quote/feed/quote-feed.ts";
import { readTickFile } from "../../../server/quote/feed/read-tick-file.ts";
import { fuzzOutput } from "../engine/corpus.ts";
import { type FuzzTarget, invariant } from "../engine/fuzz-target.ts";

// The reader of tick files returns at most one tick for each line, with times that do not decrease, or an error that
// contains the line number.

const folder = join(fuzzOutput, "files");

export const target: FuzzTarget = {
  maxBytes: 1_024,
  seeds: [
    Buffer.from("time,symbol,bid,ask\n2013-01-01T22:00:00.295000Z,ACME,1.5,1.6\n2013-01-02,B,2,3\n"),
    Buffer.from("Date,Open,High,Low,Close,Volume\nJan 1 2000,1,2,0.5,1.5,100\nJan 2 2000,1,2,0.5,1.5,100.0\n"),
    Buffer.from('\ufefftimestamp, price,source_seq\r\n"2013-01-01 22:00+01:00",1e3,7\r\n\r\n'),
  ],
  async run(input) {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `ticks-${process.pid}-${threadId}.csv`);
    writeFileSync(path, input);
    const newest = new Map<string, number>();
    let before = 1;
    try {
      for await (const { line, tick } of readTickFile(path)) {
        invariant(line > before, `line ${line} follows line ${before}`);
        before = line;
        const { symbol, sourceTime } = tick;
        invariant(Number.isSafeInteger(sourceTime), `the time of line ${line} is ${sourceTime}`);
        invariant(sourceTime >= (newest.get(symbol) ?? sourceTime), `the time of ${symbol} decreases`);
        newest.set(symbol, sourceTime);
        const prices = [tick.bid, tick.ask, tick.last].filter((price) => price !== undefined);
        invariant(prices.length > 0 && prices.every(Number.isFinite), `the prices of line ${line} are ${prices}`);
      }
    } catch (error) {
      if (!(error instanceof FeedError)) throw error;
      invariant(error.message.startsWith(path), error.message);
    } finally {
      rmSync(path);
    }
  },
};
