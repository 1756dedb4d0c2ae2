import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { projectFolder } from "../driver/folders.ts";
import type { LoadResult } from "./load-result.ts";
import type { LoadSettings } from "./load-settings.ts";
import { Meter } from "./meter.ts";

/** Imports a file of orders with `bourse orders import` over gRPC. Rejects if a line is not stored. */
export async function importOrders({ address, pid, size }: LoadSettings): Promise<LoadResult> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bench-import-"));
  const file = join(folder.path, `orders-${process.pid}.csv`);
  await writeOrders(file, size);
  const program = join(projectFolder, "cli/main.ts");
  const meter = new Meter(pid);
  const args = ["orders", "import", "--json", "--address", `http://${address}`, "--protocol", "grpc", file];
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const [summary] = await Promise.all([text(child.stdout), once(child, "close")]);
  const result = meter.stop(size);
  const { added } = JSON.parse(summary).files[0];
  if (added !== size) throw new Error(`${added} of ${size} lines were stored`);
  return result;
}

/** Repeats the lines of the demo file. Each repetition has its own invoice numbers. */
async function writeOrders(file: string, size: number): Promise<void> {
  const lines: string[] = [];
  const real = join(projectFolder, "test/data/orders/online-retail.csv");
  for await (const line of createInterface({ input: createReadStream(real) })) lines.push(line);
  const [header, ...rows] = lines;
  function* repeated() {
    yield `${header}\n`;
    for (let index = 0; index < size; index++) {
      const row = rows[index % rows.length] ?? "";
      yield `${row.replace(/^(C?)(\d+)/, `$1$2${Math.floor(index / rows.length)}`)}\n`;
    }
  }
  await pipeline(Readable.from(repeated()), createWriteStream(file));
}
