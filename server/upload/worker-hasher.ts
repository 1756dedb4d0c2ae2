import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { HashAnswer, HashRequest } from "./hash-worker.ts";
import type { Hasher } from "./hasher.ts";

/**
 * Counts hashes in a thread of its own, which reads what was written from the cache of the file system: the event loop
 * never waits for a hash, and what is counted is what the disk was given.
 */
export class WorkerHasher implements Hasher {
  readonly #root: string;
  readonly #worker = new Worker(new URL("./hash-worker.ts", import.meta.url));
  readonly #asked = new Map<number, PromiseWithResolvers<string>>();
  #tickets = 0;
  #failure: Error | undefined;

  /** @param root the folder that paths are relative to, absolute */
  constructor(root: string) {
    this.#root = root;
    this.#worker.unref();
    this.#worker.on("message", (answer: HashAnswer) => this.#settle(answer));
    this.#worker.on("error", (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
  }

  advance(id: string, path: string, end: number): void {
    this.#send({ kind: "advance", id, path: join(this.#root, path), end });
  }

  digest(id: string, path: string, end: number): Promise<string> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const ticket = this.#tickets++;
    const answer = Promise.withResolvers<string>();
    this.#asked.set(ticket, answer);
    this.#send({ kind: "digest", id, path: join(this.#root, path), end, ticket });
    return answer.promise;
  }

  forget(id: string): void {
    this.#send({ kind: "forget", id });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(new Error("the server shuts down"));
    await this.#worker.terminate();
  }

  #send(request: HashRequest): void {
    if (this.#failure === undefined) this.#worker.postMessage(request);
  }

  #settle(answer: HashAnswer): void {
    const asked = this.#asked.get(answer.ticket);
    this.#asked.delete(answer.ticket);
    if ("sha256" in answer) asked?.resolve(answer.sha256);
    else asked?.reject(new Error(answer.error));
  }

  #end(failure: Error): void {
    this.#failure ??= failure;
    for (const { reject } of this.#asked.values()) reject(failure);
    this.#asked.clear();
  }
}
