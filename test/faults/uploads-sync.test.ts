import { randomUUID } from "node:crypto";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { expect, test, vi } from "vitest";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { startBourse } from "../start-bourse.ts";

const marker = "THE-BYTES-OF-THE-CHUNK";

test("a chunk is acknowledged after its bytes and offset are synced, and a completion after file, folders and row", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "bourse-strace-"));
  const trace = join(folder.path, "trace");
  const calls =
    "trace=read,recvmsg,pwrite64,pwritev,pwritev2,fsync,fdatasync,rename,renameat,renameat2,write,writev,sendmsg";
  // With -D the child process is the server, not strace.
  const strace = ["strace", "-D", "-f", "-yy", "-s", "4000", "-e", calls, "-o", trace];
  const quiet = ["--no-demo", "--simulated-instruments", "1", "--simulated-rate", "1", "--log-level", "warn"];
  await using server = await startBourse(quiet, undefined, strace);
  // Responses in JSON are readable in a trace.
  const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", useBinaryFormat: false });
  const client = createClient(UploadService, transport);
  const uploadId = randomUUID();
  const { writerGeneration } = await client.startUpload({ info: { uploadId } });
  await client.uploadChunk({ uploadId, writerGeneration, offset: 0n, data: Buffer.from(marker) });
  await client.finishUpload({ uploadId, writerGeneration, size: BigInt(marker.length) });

  await vi.waitFor(async () => {
    const lines = (await readFile(trace, "utf8")).split("\n");
    // Each step must come after the step before it.
    const steps: Record<string, RegExp> = {
      "the chunk is written": new RegExp(`pwritev?(64|2)?\\(\\d+<[^>]*uploads/open/${uploadId}>.*${marker}`),
      "its bytes are synced": completed("fdatasync", `uploads/open/${uploadId}`),
      "the offset is logged": /pwrite64\(\d+<[^>]*bourse\.sqlite-wal>/,
      "the log is synced": completed("(fsync|fdatasync)", "bourse\\.sqlite-wal"),
      "the chunk is acknowledged": /(write|writev|sendmsg)\(\d+<TCP.*committedOffset/,
      "the file is synced": completed("fsync", `uploads/open/${uploadId}`),
      "the file is moved": new RegExp(`rename.*uploads/open/${uploadId}.*uploads/complete/${uploadId}`),
      "the new folder is synced": completed("fsync", "uploads/complete"),
      "the old folder is synced": completed("fsync", "uploads/open"),
      "the row is logged": /pwrite64\(\d+<[^>]*bourse\.sqlite-wal>/,
      "the log is synced again": completed("(fsync|fdatasync)", "bourse\\.sqlite-wal"),
      "the completion is acknowledged": /(write|writev|sendmsg)\(\d+<TCP.*UPLOAD_STATE_COMPLETE/,
    };
    let at = 0;
    for (const [step, pattern] of Object.entries(steps)) {
      const found = lines.findIndex((line, index) => index >= at && pattern.test(line));
      expect([step, found >= at]).toEqual([step, true]);
      at = found + 1;
    }
    // No earlier response has the state COMPLETE.
    const responses = lines.filter((line) => /(write|writev|sendmsg)\(\d+<TCP.*UPLOAD_STATE_COMPLETE/.test(line));
    expect(responses).toHaveLength(1);
  });
});

/** Matches a call that returned. If a call of another thread came in between, strace prints its end on another line. */
function completed(call: string, path: string): RegExp {
  return new RegExp(`${call}\\(\\d+<[^>]*${path}>(\\) += 0| <unfinished)`);
}
