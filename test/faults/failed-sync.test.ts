import { randomUUID } from "node:crypto";
import { mkdtempDisposable, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { storingServices } from "../../server/routes.ts";
import { startBourse } from "../start-bourse.ts";
import { type Fault, realPathIn, withFault } from "./faulty-system.ts";
import { storeClient } from "./store-client.ts";

const quiet = ["--no-demo", "--simulated-instruments", "1", "--simulated-rate", "1", "--log-level", "warn"];

/** The health names of the server and of all services that store data, sorted. */
const storing = ["", ...storingServices.map(({ typeName }) => typeName)].sort();

const uploadId = randomUUID();
const syncs = { calls: "fsync,fdatasync", error: "EIO" } as const;

const faults: readonly (readonly [name: string, fault: Fault])[] = [
  ["the write-ahead log", { ...syncs, when: "15+", file: "bourse.sqlite-wal" }],
  // Only the first sync fails, so a retry would succeed.
  ["the write-ahead log once", { ...syncs, when: "15", file: "bourse.sqlite-wal" }],
  ["the database in a checkpoint", { ...syncs, when: "1", file: "bourse.sqlite" }],
  ["the file of an upload", { ...syncs, when: "1", file: `uploads/open/${uploadId}` }],
  [
    "a file system that becomes read-only",
    { calls: "pwrite64", error: "EROFS", when: "60+", file: "bourse.sqlite-wal" },
  ],
];

test.each(faults)(
  "after a failed sync of %s the store is read-only, and acknowledged data is readable",
  async (_, fault) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-sync-"));
    const data = join(folder.path, "data");
    // Creates the files, so that the first sync of each belongs to a client's write.
    await using first = await startBourse(quiet, data);
    expect(await storeClient(first.url).create("the first")).toBe("OK");
    first.process.kill("SIGTERM");
    expect(await first.ended).toBe(0);

    const file = await realPathIn(data, fault.file ?? "");
    await using server = await startBourse(quiet, data, withFault(join(folder.path, "trace"), { ...fault, file }));
    const client = storeClient(server.url);
    let acknowledged = 0;
    let failed = "OK";
    for (let round = 0; failed === "OK" && round < 2_000; round++) {
      // An order takes several pages of the log. SQLite runs a checkpoint at 1,000 pages.
      failed = await client.submit(round + 1);
      if (failed === "OK") acknowledged++;
      if (round === 5 && fault.file?.startsWith("uploads")) failed = await client.uploadChunk(uploadId);
    }
    expect(failed).toBe("Unavailable");

    const [product] = await Array.fromAsync(client.products.listProducts({}));
    const id = product?.product?.id ?? "";
    const refused = await Promise.all([
      client.submit(50_000),
      client.create("another"),
      client.rate(id),
      client.startUpload(),
      client.uploadChunk(uploadId),
    ]);
    expect(refused).toEqual(Array(5).fill("Unavailable"));
    await expect(client.products.updateProduct({ product: { id, name: "other" } })).rejects.toThrow(
      /the store is read-only.*acknowledged data is stored.*check the disk and restart/,
    );

    expect((await client.exported()).length).toBe(acknowledged);
    expect((await client.products.getProduct({ id })).product?.name).toBe("the first");
    await client.uploads.listUploads({});
    expect((await client.quotes.listInstruments({})).instruments).not.toEqual([]);
    expect((await client.serving()).not).toEqual(storing);
    const errors = server
      .log()
      .split("\n")
      .filter((line) => line.includes('"level":50'));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("the store is read-only");

    // The server ends without a checkpoint. The next start runs one, independently of the failed sync.
    server.process.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect((await stat(join(data, "bourse.sqlite-wal"))).size).toBeGreaterThan(0);
    await using again = await startBourse(quiet, data);
    const after = storeClient(again.url);
    // Unacknowledged data can be stored, because it reached the log.
    const stored = (await after.exported()).length;
    expect([acknowledged, acknowledged + 1]).toContain(stored);
    expect(await after.submit(60_000)).toBe("OK");
    expect((await after.serving()).not).toEqual([]);
  },
);
