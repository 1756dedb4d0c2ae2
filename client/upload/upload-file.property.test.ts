import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { immediateTimers } from "../shared/testing/manual-timers.ts";
import { type Fault, ModelUploadService } from "./testing/model-upload-service.ts";
import { type FileUpload, uploadFile } from "./upload-file.ts";
import type { UploadMemo } from "./upload-memo.ts";
import { blobSource } from "./upload-source.ts";

type Method = "chunked" | "streaming";
const methods: Method[] = ["chunked", "streaming"];
const everyFault: Fault[] = ["lost", "restart", "damaged", "slow", "client-dies"];

/**
 * Uploads a file to a server with faults. When a client dies, another one resumes the upload with the memo, by the next
 * upload method.
 */
async function upload(size: number, faults: ReadonlyMap<number, Fault>, order: readonly Method[], polls = 0) {
  const service = new ModelUploadService();
  service.faults = faults;
  service.polls = polls;
  const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) % 251);
  const source = blobSource(Object.assign(new Blob([bytes]), { name: "file", lastModified: 5 }));
  let memo: UploadMemo | undefined;
  let current: FileUpload | undefined;
  service.onClientDies = () => current?.close();
  for (let life = 0; ; life++) {
    current = uploadFile(service.client, source, {
      method: order[life % order.length] ?? "chunked",
      timers: immediateTimers,
      random: () => 0.5,
      ...(memo && { memo }),
    });
    memo = JSON.parse(JSON.stringify(current.memo));
    const result = await current.done.catch(() => undefined);
    if (result === undefined) {
      if (current.state.kind === "failed") throw current.state.error;
      continue;
    }
    const session = service.sessions.get(current.memo.uploadId);
    expect(session?.state).toBe(UploadState.COMPLETE);
    expect(Buffer.compare(session?.bytes ?? new Uint8Array(), bytes)).toBe(0);
    expect(result.sha256).toEqual(sha256(bytes));
    expect(service.sessions.size).toBe(1);
    expect(current.progress).toMatchObject({ committedBytes: size, size });
    return service;
  }
}

test.each(methods)("%s: an upload completes despite one fault at any step", async (method) => {
  const { steps } = await upload(450, new Map(), [method], 1);
  expect(steps).toBeGreaterThan(8);
  for (let step = 0; step < steps; step++) {
    for (const fault of everyFault) await upload(450, new Map([[step, fault]]), [method], 1);
  }
});

const someFaults = fc.array(fc.record({ after: fc.nat(12), fault: fc.constantFrom(...everyFault) }), { maxLength: 40 });

test("an upload completes with the right content despite lost, damaged and restarted calls, by any mix of methods", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2_000),
      someFaults,
      fc.array(fc.constantFrom(...methods), { minLength: 1, maxLength: 4 }),
      fc.nat(3),
      async (size, steps, order, polls) => {
        const faults = new Map<number, Fault>();
        let step = -1;
        for (const { after, fault } of steps) {
          step += after + 1;
          faults.set(step, fault);
        }
        await upload(size, faults, order, polls);
      },
    ),
    { numRuns: 200 },
  );
});
