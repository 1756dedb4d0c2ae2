import { clientExport } from "./client-export.ts";
import { exportOrders } from "./export-orders.ts";
import { importOrders } from "./import-orders.ts";
import type { LoadResult } from "./load-result.ts";
import { type LoadSettings, parseLoadSettings } from "./load-settings.ts";
import { pingPong } from "./ping-pong.ts";
import { unary } from "./unary.ts";
import { upload } from "./upload.ts";

// A load client in Node: for works that measure what runs on Node, and as a stand-in for the one in Go.

const works: Record<string, (settings: LoadSettings) => Promise<LoadResult>> = {
  "client-export": clientExport,
  export: exportOrders,
  import: importOrders,
  upload,
  pingpong: pingPong,
  unary,
};

const settings = parseLoadSettings(process.argv.slice(2));
const work = works[settings.work];
if (work === undefined) throw new Error(`there is no work ${settings.work}`);
// Streams may still be open: they are not waited for.
try {
  const result = await work(settings);
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`, () => process.exit(1));
}
