import { expect, test } from "vitest";
import { SharedLimit } from "../../transport/protection/shared-limit.ts";
import { SimulatedDisk } from "../file/testing/simulated-disk.ts";
import type { UploadView } from "../store/upload-record.ts";
import { maxConcurrentImages } from "./detect-file-type.ts";
import { maxQueuedThumbnails, queuedThumbnailsLimit, Thumbnails } from "./thumbnails.ts";

test("one client cannot use up the limit on queued thumbnails", async () => {
  const limit = new SharedLimit(queuedThumbnailsLimit, { peerShare: 0.5 });
  const thumbnails = await Thumbnails.open(new SimulatedDisk({ below: () => 0 }), limit);
  const opening = Promise.withResolvers<never>();
  const opened: string[] = [];
  const ask = (peer: string, index: number) => {
    const open = () => {
      opened.push(peer);
      return opening.promise;
    };
    return thumbnails.pathOf(imageOf(`${peer}-${index}`), open, peer);
  };
  const share = maxQueuedThumbnails / 2;
  const waiting = Array.from({ length: share }, (_, index) => ask("a", index));
  await expect(ask("a", share)).rejects.toThrow("limit of 50 queued thumbnails per client reached");
  waiting.push(ask("a", 0)); // the same thumbnail again: it is queued once
  waiting.push(...Array.from({ length: share }, (_, index) => ask("b", index)));
  await expect(ask("b", share)).rejects.toThrow("per client reached");
  opening.reject(new Error("the file is gone"));
  await Promise.allSettled(waiting);
  expect(opened.slice(0, maxConcurrentImages + 4)).toEqual(["a", "a", "a", "b", "a", "b"]);
  expect([limit.used, limit.peerCount]).toEqual([0, 0]);
});

function imageOf(id: string): UploadView {
  const times = { createMicros: 1, updateMicros: 1 };
  const file = { id, fileName: "", productId: "", size: 1, committed: 1, generation: 1 };
  return { ...file, ...times, phase: "complete", contentType: "image/png", image: { width: 1, height: 1 } };
}
