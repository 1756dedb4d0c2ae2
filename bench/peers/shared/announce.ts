import { createInterface } from "node:readline";

/**
 * Prints the port for the benchmark driver, then handles commands on standard input. Ends the process when standard
 * input closes, so that a peer never outlives the driver.
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
  // Runs twice, because the first run can release objects that refer to others.
  global.gc?.();
  global.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed + external };
}
