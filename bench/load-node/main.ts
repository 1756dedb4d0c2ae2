import { clientExport } from "./client-export.ts";
import { exportOrders } from "./export-orders.ts";
import { importOrders } from "./import-orders.ts";
import type { LoadResult } from "./load-result.ts";
import { type LoadSettings, parseLoadSettings } from "./load-settings.ts";
import { pingPong } from "./ping-pong.ts";
import { unary } from "./unary.ts";
import { upload } from "./upload.ts";

// The load client in Node. It runs the workloads that measure clients on Node, and replaces the load client in Go if Go
// is missing.

const workloads: Record<string, (settings: LoadSettings) => Promise<LoadResult>> = {
  "client-export": clientExport,
  export: exportOrders,
  import: importOrders,
  upload,
  pingpong: pingPong,
  unary,
};

const settings = parseLoadSettings(process.argv.slice(2));
const workload = workloads[settings.workload];
if (workload === undefined) throw new Error(`unknown workload ${settings.workload}`);
// Does not wait for open streams.
try {
  const result = await workload(settings);
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`, () => process.exit(1));
}
