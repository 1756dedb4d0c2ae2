import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { UploadProblemReason as Reason } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { SimulatedDisk } from "./file/testing/simulated-disk.ts";
import { hello, id, metadata, openTestUploads, refusal, send } from "./testing/test-uploads.ts";

describe("a recovery", () => {
  test("marks an upload as damaged whose file has lost committed bytes", async () => {
    await using first = await openTestUploads();
    const { generation } = await first.uploads.start(metadata);
    await send(first, generation, 0, "hello");
    await first.uploads[Symbol.asyncDispose]();
    first.disk.plant(`open/${id}`, Buffer.from("hell"));
    await using second = await openTestUploads({ disk: first.disk, store: first.store });
    expect(second.recovery.damaged).toEqual([id]);
    expect((await refusal(second.uploads.start(metadata))).slice(0, 3)).toEqual([
      Reason.STATE,
      Code.FailedPrecondition,
      5n,
    ]);
    expect((await second.uploads.abort(id)).phase).toBe("aborted");
    expect(await second.disk.list("open")).toEqual([]);
  });

  test("removes files that belong to no upload", async () => {
    const disk = new SimulatedDisk({ below: () => 0 });
    disk.plant("open/stray", hello);
    disk.plant(`complete/${id}`, hello);
    await using _store = await openTestUploads({ disk });
    expect([...(await disk.list("open")), ...(await disk.list("complete"))]).toEqual([]);
    expect(disk.bytesOf(`complete/${id}`)).toBeUndefined();
  });
});
