import { createInterface } from "node:readline";

/**
 * Prints the address of the peer for the bench, then answers commands on standard input, and ends the process when
 * that ends: a peer never outlives the bench.
 */
export function announce(port: number): void {
  process.stdout.write(`LISTENING ${port}\n`);
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    if (line === "memory") process.stdout.write(`MEMORY ${JSON.stringify(measureMemory())}\n`);
  });
  lines.on("close", () => process.exit(0));
}

function measureMemory() {
  // Twice, as what the first finds dead may hold on to more.
  global.gc?.();
  global.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed + external };
}
