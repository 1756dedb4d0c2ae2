import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { UploadState } from "../../../../gen/bourse/upload/v1/upload_pb.ts";
import { UploadService } from "../../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { pageSize, StoredUploadListModel } from "./stored-upload-list-model.ts";

const { ABORTED, EXPIRED } = UploadState;

function setUp(count: number) {
  let ids = Array.from({ length: count }, (_, index) => `upload ${count - index}`);
  const server: { failure: ConnectError | undefined } = { failure: undefined };
  const transport = createRouterTransport(({ service }) => {
    service(UploadService, {
      listUploads(request) {
        if (server.failure) throw server.failure;
        expect(request.states).not.toContain(ABORTED);
        expect(request.states).not.toContain(EXPIRED);
        const start = Number(request.pageToken || "0");
        const end = start + request.pageSize;
        const uploads = ids.slice(start, end).map((uploadId) => ({ uploadId }));
        return { uploads, nextPageToken: end < ids.length ? String(end) : "" };
      },
      abortUpload({ uploadId }) {
        if (server.failure) throw server.failure;
        ids = ids.filter((id) => id !== uploadId);
        return {};
      },
    });
  });
  const stored = new StoredUploadListModel(createClient(UploadService, transport), (task) => task());
  const shown = () => stored.list().uploads.map(({ uploadId }) => uploadId);
  return { stored, shown, server };
}

test("uploads are loaded in pages", async () => {
  const { stored, shown } = setUp(pageSize + 2);
  await stored.refresh();
  expect(shown()).toHaveLength(pageSize);
  expect(stored.list()).toMatchObject({ kind: "loaded", hasMore: true });
  await stored.loadMore();
  expect(shown()).toHaveLength(pageSize + 2);
  expect(new Set(shown()).size).toBe(pageSize + 2);
  expect(stored.list().hasMore).toBe(false);
});

test("a second load cancels the first", async () => {
  const { stored, shown } = setUp(3);
  const first = stored.refresh();
  await Promise.all([first, stored.refresh()]);
  expect(shown()).toEqual(["upload 3", "upload 2", "upload 1"]);
});

test("a deleted upload is removed, and one that could not be deleted stays with a description", async () => {
  const { stored, shown, server } = setUp(2);
  await stored.refresh();
  await stored.delete("upload 2");
  expect(shown()).toEqual(["upload 1"]);
  server.failure = new ConnectError("the disk has failed", Code.Unavailable);
  await stored.delete("upload 1");
  expect(shown()).toEqual(["upload 1"]);
  expect(stored.list().problem).toBe(
    "The upload could not be deleted. The server is unavailable: the disk has failed.",
  );
  await stored.refresh();
  expect(stored.list()).toMatchObject({ kind: "failed", problem: "The server is unavailable: the disk has failed." });
  expect(shown()).toEqual(["upload 1"]);
});
