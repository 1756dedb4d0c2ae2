import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { getHeapStatistics } from "node:v8";
import type { ConnectError } from "@connectrpc/connect";
import { type CallMemory, type EndableCall, SessionMemory } from "../protection/call-memory.ts";
import { callScheduler, type Step, type StepOwner } from "../protection/call-scheduler.ts";
import type { Limits } from "../protection/limits.ts";
import { MemoryBudget } from "../protection/memory-budget.ts";
import { addressKeyOf } from "../protection/peer-key.ts";
import { UnreadBytes } from "../request/unread-bytes.ts";
import { type ReadHandle, ReadScheduler } from "./read-scheduler.ts";

/** One connection of a client: what its calls share. */
export class Session implements StepOwner {
  /** What its client counts as: see `addressKeyOf`. */
  readonly peer: string;
  /** What Node has received of requests that nobody reads at the moment. */
  readonly unread: UnreadBytes;
  /** When its connection is read. */
  readonly reads: ReadScheduler;
  readonly #memory: SessionMemory;

  constructor(peer: string, memory: SessionMemory, unread: UnreadBytes, handle: () => ReadHandle | null | undefined) {
    this.peer = peer;
    this.unread = unread;
    this.reads = new ReadScheduler(peer, handle);
    this.#memory = memory;
  }

  /** Whether a call may begin, be it only to be refused with an answer. */
  get admits(): boolean {
    return this.#memory.admits;
  }

  /** Begins to count the memory of a call. */
  open(call: EndableCall): CallMemory {
    return this.#memory.open(call);
  }

  /** The error of a call for which there is no memory. */
  noRoom(): ConnectError {
    return this.#memory.noRoom();
  }

  /** Runs the first step of a call, now or in its turn. Returns whether it ran now. */
  run(step: Step): boolean {
    return callScheduler.run(this, step);
  }

  /** Runs a further step of a call: now if there is time in this turn of the event loop, else in its turn. */
  resume(step: Step): void {
    if (callScheduler.sliceUsed) callScheduler.enqueue(this, step);
    else step();
  }

  /** Runs a further step of a call in its turn. */
  enqueue(step: Step): void {
    callScheduler.enqueue(this, step);
  }
}

/** The memory of one client: of all connections from its address. */
interface PeerMemory {
  readonly budget: MemoryBudget;
  sessions: number;
}

/** How much of the heap limit the calls of all clients may hold: the rest is for what the server itself keeps. */
const heapShare = 1 / 5;

/** How much of it one connection may hold. */
const sessionShare = 1 / 8;

/**
 * What a client may send ahead on each stream while its connection is under pressure: enough for the messages of most
 * methods. https://www.rfc-editor.org/rfc/rfc9113#section-6.9.2
 */
const pressedWindowBytes = 16 * 1024;

/** The connections of a server, each with the budgets that its calls count against. */
export class Sessions {
  readonly budget: MemoryBudget;
  readonly #maxSessionBytes: number;
  readonly #windowBytes: number;
  readonly #peerShare: number;
  readonly #unread = new UnreadBytes();
  readonly #sessions = new WeakMap<object, Session>();
  readonly #memories = new Set<SessionMemory>();
  readonly #peers = new Map<string, PeerMemory>();

  constructor(limits: Limits, heapLimit = getHeapStatistics().heap_size_limit) {
    this.#windowBytes = limits.streamWindowBytes;
    this.#peerShare = limits.peerShare;
    const maxBytes = Math.min(limits.maxBufferedBytes, heapLimit * heapShare);
    this.budget = new MemoryBudget(maxBytes);
    // At least room for the largest message twice: in the pieces in which it arrived, and as a whole.
    const smallest = 2 * limits.readMaxBytes;
    this.#maxSessionBytes = Math.min(limits.maxSessionBufferedBytes, Math.max(maxBytes * sessionShare, smallest));
  }

  /** The session of a connection of HTTP/1.1, or of a session of HTTP/2. */
  of(connection: Socket | ServerHttp2Session): Session {
    const known = this.#sessions.get(connection);
    if (known !== undefined) return known;
    const socket = "socket" in connection ? connection.socket : connection;
    const address = addressKeyOf(socket?.remoteAddress);
    const peer = this.#peers.get(address) ?? this.#addPeer(address);
    peer.sessions++;
    const budget = new MemoryBudget(this.#maxSessionBytes, peer.budget);
    const memory = new SessionMemory(budget, (isHigh) => {
      if ("settings" in connection) this.#setWindow(connection, isHigh ? pressedWindowBytes : this.#windowBytes);
    });
    const handle = () => (connection.destroyed ? undefined : handleOf(socket));
    const session = new Session(address, memory, this.#unread, handle);
    this.#sessions.set(connection, session);
    this.#memories.add(memory);
    const forget = () => {
      this.#memories.delete(memory);
      if (--peer.sessions === 0) this.#peers.delete(address);
    };
    if (connection.destroyed) forget();
    else connection.once("close", forget);
    return session;
  }

  /** Ends the calls of the connection that holds most. */
  relieve(): void {
    let most: SessionMemory | undefined;
    for (const memory of this.#memories) if (memory.used > (most?.used ?? 0)) most = memory;
    most?.endCalls();
  }

  /** Tells a client how much it may send ahead on each stream, also on those that are open. */
  #setWindow(session: ServerHttp2Session, initialWindowSize: number): void {
    if (!session.closed && !session.destroyed) session.settings({ initialWindowSize });
  }

  #addPeer(address: string): PeerMemory {
    const peer = { budget: new MemoryBudget(this.budget.limit * this.#peerShare, this.budget), sessions: 0 };
    this.#peers.set(address, peer);
    return peer;
  }
}

function handleOf(socket: Socket | undefined): ReadHandle | null | undefined {
  return (socket as { readonly _handle?: ReadHandle | null } | undefined)?._handle;
}
