import type { Client } from "@connectrpc/connect";
import { type Upload, UploadState } from "../../../../gen/bourse/upload/v1/upload_pb.ts";
import type { UploadService } from "../../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";
import { describeError } from "../../shared/describe-error.ts";

/** The number of uploads in a page of the list. */
export const pageSize = 50;

/** The states of listed uploads: those with stored bytes. */
const listedStates = [UploadState.OPEN, UploadState.VERIFYING, UploadState.COMPLETE, UploadState.DAMAGED];

/** The loaded part of the uploads on the server, the newest first. */
export interface StoredList {
  readonly kind: "loading" | "loaded" | "failed";
  readonly uploads: readonly Upload[];
  readonly hasMore: boolean;
  /** The error of a failed load or deletion. */
  readonly problem: string | undefined;
}

/** Lists and deletes the uploads on the server, outside React. */
export class StoredUploadListModel {
  readonly #client: Pick<Client<typeof UploadService>, "listUploads" | "abortUpload">;
  readonly #notifier: ChangeNotifier;
  #list: StoredList = { kind: "loading", uploads: [], hasMore: false, problem: undefined };
  #nextPageToken = "";
  #call = new AbortController();

  constructor(client: Pick<Client<typeof UploadService>, "listUploads" | "abortUpload">, schedule: Schedule) {
    this.#client = client;
    this.#notifier = new ChangeNotifier(schedule);
  }

  /** Adds a listener for changes of the list. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the list: the same object until it changes. */
  readonly list = (): StoredList => this.#list;

  /** Loads the first page again. The current list stays until then. */
  async refresh(): Promise<void> {
    await this.#load("");
  }

  /** Loads the next page. */
  async loadMore(): Promise<void> {
    await this.#load(this.#nextPageToken);
  }

  /** Adds a completed upload to the list without a call. */
  add(upload: Upload): void {
    const others = this.#list.uploads.filter(({ uploadId }) => uploadId !== upload.uploadId);
    this.#set({ uploads: [upload, ...others] });
  }

  /** Deletes an upload on the server. */
  async delete(uploadId: string): Promise<void> {
    try {
      await this.#client.abortUpload({ uploadId });
      const uploads = this.#list.uploads.filter((upload) => upload.uploadId !== uploadId);
      this.#set({ uploads, problem: undefined });
    } catch (reason) {
      this.#set({ problem: `The upload could not be deleted. ${describeError(reason)}` });
    }
  }

  async #load(pageToken: string): Promise<void> {
    this.#call.abort();
    const call = new AbortController();
    this.#call = call;
    this.#set({ kind: "loading" });
    try {
      const response = await this.#client.listUploads(
        { states: listedStates, pageSize, pageToken },
        { signal: call.signal },
      );
      if (call.signal.aborted) return;
      this.#nextPageToken = response.nextPageToken;
      const before = pageToken === "" ? [] : this.#list.uploads;
      this.#set({
        kind: "loaded",
        uploads: [...before, ...response.uploads],
        hasMore: response.nextPageToken !== "",
        problem: undefined,
      });
    } catch (reason) {
      if (!call.signal.aborted) this.#set({ kind: "failed", problem: describeError(reason) });
    }
  }

  #set(change: Partial<StoredList>): void {
    this.#list = { ...this.#list, ...change };
    this.#notifier.notify();
  }
}
