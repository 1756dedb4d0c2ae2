import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { HashReply, HashRequest } from "./hash-worker.ts";
import type { Hasher } from "./hasher.ts";

/** A digest that somebody waits for. */
interface Asked {
  readonly request: HashRequest;
  readonly answer: PromiseWithResolvers<string>;
  /** Whether a thread has ended before it had counted this one. */
  wasLost: boolean;
}

/**
 * Counts hashes in a thread of its own, which reads what was written from the cache of the file system: the event loop
 * never waits for a hash, and what is counted is what the disk was given.
 *
 * Where the thread ends, as it does when it runs out of memory, another one counts from the beginning what is asked
 * for; what two threads have not survived is rejected.
 */
export class WorkerHasher implements Hasher {
  readonly #root: string;
  readonly #startThread: () => Worker;
  readonly #asked = new Map<number, Asked>();
  #thread: Worker | undefined;
  #tickets = 0;
  #isDisposed = false;

  /** @param root the folder that paths are relative to, absolute */
  constructor(root: string, startThread = () => new Worker(new URL("./hash-worker.ts", import.meta.url))) {
    this.#root = root;
    this.#startThread = startThread;
    this.#thread = this.#start();
  }

  advance(id: string, path: string, end: number): void {
    this.#thread?.postMessage({ kind: "advance", id, path: join(this.#root, path), end } satisfies HashRequest);
  }

  digest(id: string, path: string, end: number): Promise<string> {
    if (this.#isDisposed) return Promise.reject(new Error(shutDown));
    const ticket = this.#tickets++;
    const request: HashRequest = { kind: "digest", id, path: join(this.#root, path), end, ticket };
    const asked = { request, answer: Promise.withResolvers<string>(), wasLost: false };
    this.#asked.set(ticket, asked);
    this.#ask(asked);
    return asked.answer.promise;
  }

  forget(id: string): void {
    this.#thread?.postMessage({ kind: "forget", id } satisfies HashRequest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const thread = this.#thread;
    this.#thread = undefined;
    for (const { answer } of this.#asked.values()) answer.reject(new Error(shutDown));
    this.#asked.clear();
    await thread?.terminate();
  }

  #ask({ request }: Asked): void {
    this.#thread ??= this.#start();
    this.#thread.postMessage(request);
  }

  #start(): Worker {
    const thread = this.#startThread();
    let reason: unknown = new Error("the thread that counts hashes has ended");
    thread.unref();
    thread.on("message", (answer: HashReply) => this.#settle(answer));
    thread.on("error", (error) => {
      reason = error;
    });
    thread.on("exit", () => {
      if (this.#thread === thread) this.#onEnd(reason);
    });
    return thread;
  }

  #onEnd(reason: unknown): void {
    this.#thread = undefined;
    for (const [ticket, asked] of this.#asked) {
      if (asked.wasLost) {
        this.#asked.delete(ticket);
        asked.answer.reject(reason);
      } else {
        asked.wasLost = true;
        this.#ask(asked);
      }
    }
  }

  #settle(answer: HashReply): void {
    const asked = this.#asked.get(answer.ticket);
    this.#asked.delete(answer.ticket);
    if ("sha256" in answer) asked?.answer.resolve(answer.sha256);
    else asked?.answer.reject(new Error(answer.error));
  }
}

const shutDown = "the server shuts down";
