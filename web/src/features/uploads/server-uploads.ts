import type { Client } from "@connectrpc/connect";
import { type Upload, UploadState } from "../../../../gen/bourse/upload/v1/upload_pb.ts";
import type { UploadService } from "../../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { errorSentence } from "../../shared/error-sentence.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";

/** How many uploads are asked for at a time. */
export const pageSize = 50;

/** Those that there is something of. */
const states = [UploadState.OPEN, UploadState.VERIFYING, UploadState.COMPLETE, UploadState.DAMAGED];

/** The uploads that the server has, as far as they were asked for: the newest first. */
export interface ServerList {
  readonly kind: "loading" | "loaded" | "failed";
  readonly uploads: readonly Upload[];
  readonly hasMore: boolean;
  /** Why it could not be loaded, or something not be deleted. */
  readonly problem: string | undefined;
}

/** Lists the server's uploads, and deletes them, outside React. */
export class ServerUploads {
  readonly #client: Pick<Client<typeof UploadService>, "listUploads" | "abortUpload">;
  readonly #notifier: Notifier;
  #list: ServerList = { kind: "loading", uploads: [], hasMore: false, problem: undefined };
  #nextPageToken = "";
  #current = new AbortController();

  constructor(client: Pick<Client<typeof UploadService>, "listUploads" | "abortUpload">, schedule: Schedule) {
    this.#client = client;
    this.#notifier = new Notifier(schedule);
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  readonly list = (): ServerList => this.#list;

  /** Asks for the first page anew. What is shown stays until the answer comes. */
  async refresh(): Promise<void> {
    await this.#load("");
  }

  /** Asks for the next page. */
  async more(): Promise<void> {
    await this.#load(this.#nextPageToken);
  }

  /** Shows an upload that has just become complete, without asking for it. */
  take(upload: Upload): void {
    const others = this.#list.uploads.filter(({ uploadId }) => uploadId !== upload.uploadId);
    this.#set({ uploads: [upload, ...others] });
  }

  /** Deletes an upload. */
  async remove(uploadId: string): Promise<void> {
    try {
      await this.#client.abortUpload({ uploadId });
      const uploads = this.#list.uploads.filter((upload) => upload.uploadId !== uploadId);
      this.#set({ uploads, problem: undefined });
    } catch (reason) {
      this.#set({ problem: `It could not be deleted. ${errorSentence(reason)}` });
    }
  }

  async #load(pageToken: string): Promise<void> {
    this.#current.abort();
    const current = new AbortController();
    this.#current = current;
    this.#set({ kind: "loading" });
    try {
      const answer = await this.#client.listUploads({ states, pageSize, pageToken }, { signal: current.signal });
      if (current.signal.aborted) return;
      this.#nextPageToken = answer.nextPageToken;
      const before = pageToken === "" ? [] : this.#list.uploads;
      this.#set({
        kind: "loaded",
        uploads: [...before, ...answer.uploads],
        hasMore: answer.nextPageToken !== "",
        problem: undefined,
      });
    } catch (reason) {
      if (!current.signal.aborted) this.#set({ kind: "failed", problem: errorSentence(reason) });
    }
  }

  #set(change: Partial<ServerList>): void {
    this.#list = { ...this.#list, ...change };
    this.#notifier.touch();
  }
}
