import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { HashReply, HashRequest } from "./hash-thread-main.ts";
import type { Hasher } from "./hasher.ts";

interface PendingDigest {
  readonly request: HashRequest;
  readonly result: PromiseWithResolvers<string>;
  /** Whether a thread ended before it replied. */
  wasLost: boolean;
}

/**
 * Computes hashes in a worker thread, which reads the written bytes from the page cache. The event loop never waits for a
 * hash, and the hash covers the bytes that the disk has received.
 *
 * If the thread ends, for example because it is out of memory, another one computes the pending digests from the start of
 * their files. A digest that is lost twice is rejected.
 */
export class ThreadHasher implements Hasher {
  readonly #root: string;
  readonly #startThread: () => Worker;
  /** By ticket, which identifies a digest in the messages. */
  readonly #pending = new Map<number, PendingDigest>();
  #thread: Worker | undefined;
  #nextTicket = 0;
  #isDisposed = false;

  /** @param root the absolute path of the folder that paths are relative to */
  constructor(root: string, startThread = () => new Worker(new URL("./hash-thread-main.ts", import.meta.url))) {
    this.#root = root;
    this.#startThread = startThread;
    this.#thread = this.#start();
  }

  advance(id: string, path: string, end: number): void {
    this.#thread?.postMessage({ kind: "advance", id, path: join(this.#root, path), end } satisfies HashRequest);
  }

  digest(id: string, path: string, end: number): Promise<string> {
    if (this.#isDisposed) return Promise.reject(new Error(shutDownMessage));
    const ticket = this.#nextTicket++;
    const request: HashRequest = { kind: "digest", id, path: join(this.#root, path), end, ticket };
    const pending = { request, result: Promise.withResolvers<string>(), wasLost: false };
    this.#pending.set(ticket, pending);
    this.#send(pending);
    return pending.result.promise;
  }

  forget(id: string): void {
    this.#thread?.postMessage({ kind: "forget", id } satisfies HashRequest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const thread = this.#thread;
    this.#thread = undefined;
    for (const { result } of this.#pending.values()) result.reject(new Error(shutDownMessage));
    this.#pending.clear();
    await thread?.terminate();
  }

  #send({ request }: PendingDigest): void {
    this.#thread ??= this.#start();
    this.#thread.postMessage(request);
  }

  #start(): Worker {
    const thread = this.#startThread();
    let reason: unknown = new Error("the hash thread has ended");
    thread.unref();
    thread.on("message", (reply: HashReply) => this.#settle(reply));
    thread.on("error", (error) => {
      reason = error;
    });
    thread.on("exit", () => {
      if (this.#thread === thread) this.#onExit(reason);
    });
    return thread;
  }

  #onExit(reason: unknown): void {
    this.#thread = undefined;
    for (const [ticket, pending] of this.#pending) {
      if (pending.wasLost) {
        this.#pending.delete(ticket);
        pending.result.reject(reason);
      } else {
        pending.wasLost = true;
        this.#send(pending);
      }
    }
  }

  #settle(reply: HashReply): void {
    const pending = this.#pending.get(reply.ticket);
    this.#pending.delete(reply.ticket);
    if ("sha256" in reply) pending?.result.resolve(reply.sha256);
    else pending?.result.reject(new Error(reply.error));
  }
}

const shutDownMessage = "the server is shutting down";
