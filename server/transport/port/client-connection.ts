import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { getHeapStatistics } from "node:v8";
import type { ConnectError } from "@connectrpc/connect";
import {
  type CallMemory,
  ConnectionMemory,
  type EndableCall,
  MemoryBudget,
  UnreadBytes,
} from "../protection/call-memory-budget.ts";
import { callScheduler, type Step, type StepOwner } from "../protection/call-scheduler.ts";
import type { Limits } from "../protection/default-limits.ts";
import { addressKeyOf } from "../protection/peer-key.ts";
import { type ConnectionReads, type ReadHandle, ReadScheduler } from "./read-scheduler.ts";

/** One connection of a client, with the state that its calls share. */
export class Connection implements StepOwner {
  /** The key of the client: see `addressKeyOf`. */
  readonly peer: string;
  /** The address of the client, HOST:PORT. */
  readonly address: string;
  /** The bytes of requests that no handler reads at the moment. */
  readonly unread: UnreadBytes;
  /** Counts what is read, so that other connections are read in time. */
  readonly reads: ConnectionReads;
  readonly #memory: ConnectionMemory;
  /** The last valid origin. Most requests of a connection have the same one. */
  #parsedOrigin: string | undefined;

  constructor(peer: string, address: string, memory: ConnectionMemory, unread: UnreadBytes, reads: ConnectionReads) {
    this.peer = peer;
    this.address = address;
    this.unread = unread;
    this.reads = reads;
    this.#memory = memory;
  }

  /** Whether a call may begin, even if it is only refused with an answer. */
  get acceptsCalls(): boolean {
    return this.#memory.acceptsCalls;
  }

  /** Counts the memory of a call from now on. */
  open(call: EndableCall): CallMemory {
    return this.#memory.open(call);
  }

  /** Returns the error of a call for which there is no memory. */
  memoryError(): ConnectError {
    return this.#memory.limitError();
  }

  /**
   * Returns whether the origin and the target of a call form a valid URL. The caller must know that the path of the target
   * is that of a method, which is always valid: only a new origin is parsed.
   */
  canParse({ origin, target }: { readonly origin: string; readonly target: string }): boolean {
    if (origin === this.#parsedOrigin) return true;
    if (!URL.canParse(origin + target)) return false;
    this.#parsedOrigin = origin;
    return true;
  }

  /** Runs the first step of a call, now or after the steps that are queued. Returns whether it ran now. */
  run(step: Step): boolean {
    this.reads.countFrame();
    return callScheduler.run(this, step);
  }

  /** Runs a further step of a call: now if there is time in this turn of the event loop, else after those queued. */
  resume(step: Step): void {
    if (callScheduler.sliceUsed) callScheduler.enqueue(this, step);
    else step();
  }

  /** Runs a further step of a call after the steps that are queued. */
  enqueue(step: Step): void {
    callScheduler.enqueue(this, step);
  }
}

/** The memory of one client: of all connections from its address. */
interface PeerMemory {
  readonly budget: MemoryBudget;
  connections: number;
}

/** The share of the heap limit that the calls of all clients may hold. The server itself needs the rest. */
const heapShare = 1 / 5;

/** The share of the budget of all calls that one connection may hold. */
const connectionShare = 1 / 8;

/**
 * The window of each stream while its connection is under memory pressure: enough for the messages of most methods.
 * https://www.rfc-editor.org/rfc/rfc9113#section-6.9.2
 */
const reducedWindowBytes = 16 * 1024;

/** The connections of a server, each with the memory budgets of its calls. */
export class Connections {
  readonly budget: MemoryBudget;
  readonly #maxConnectionBytes: number;
  readonly #windowBytes: number;
  readonly #peerShare: number;
  readonly #unread = new UnreadBytes();
  readonly #reads = new ReadScheduler();
  readonly #connections = new WeakMap<object, Connection>();
  readonly #memories = new Set<ConnectionMemory>();
  readonly #peers = new Map<string, PeerMemory>();

  constructor(limits: Limits, heapLimit = getHeapStatistics().heap_size_limit) {
    this.#windowBytes = limits.streamWindowBytes;
    this.#peerShare = limits.peerShare;
    const maxBytes = Math.min(limits.maxBufferedBytes, heapLimit * heapShare);
    this.budget = new MemoryBudget(maxBytes, undefined, "server");
    // At least twice the largest message, because a message is held as the chunks in which it arrives and as a whole.
    const minBytes = 2 * limits.readMaxBytes;
    this.#maxConnectionBytes = Math.min(limits.maxSessionBufferedBytes, Math.max(maxBytes * connectionShare, minBytes));
  }

  /** Returns the connection of a socket of HTTP/1.1, or of a session of HTTP/2. */
  of(transport: Socket | ServerHttp2Session): Connection {
    const known = this.#connections.get(transport);
    if (known !== undefined) return known;
    const socket = "socket" in transport ? transport.socket : transport;
    const key = addressKeyOf(socket?.remoteAddress);
    const peer = this.#peers.get(key) ?? this.#addPeer(key);
    peer.connections++;
    const budget = new MemoryBudget(this.#maxConnectionBytes, peer.budget);
    const memory = new ConnectionMemory(budget, (isHigh) => {
      if ("settings" in transport) announceWindow(transport, isHigh ? reducedWindowBytes : this.#windowBytes);
    });
    const reads = this.#reads.add(key, () => (transport.destroyed ? undefined : handleOf(socket)));
    const address = `${socket?.remoteAddress}:${socket?.remotePort}`;
    const connection = new Connection(key, address, memory, this.#unread, reads);
    this.#connections.set(transport, connection);
    this.#memories.add(memory);
    const forget = () => {
      reads.end();
      this.#memories.delete(memory);
      if (--peer.connections === 0) this.#peers.delete(key);
    };
    if (transport.destroyed) forget();
    else transport.once("close", forget);
    return connection;
  }

  /** Ends the calls of the connection that holds the most memory. */
  freeMemory(): void {
    let largest: ConnectionMemory | undefined;
    for (const memory of this.#memories) if (memory.used > (largest?.used ?? 0)) largest = memory;
    largest?.endCalls();
  }

  #addPeer(key: string): PeerMemory {
    const peer = {
      budget: new MemoryBudget(this.budget.limit * this.#peerShare, this.budget, "client"),
      connections: 0,
    };
    this.#peers.set(key, peer);
    return peer;
  }
}

/** Announces the window of each stream of a session, including open streams. */
function announceWindow(session: ServerHttp2Session, initialWindowSize: number): void {
  if (!session.closed && !session.destroyed) session.settings({ initialWindowSize });
}

/** Returns the system's handle of a socket. Node does not document it: see {@link ReadHandle}. */
function handleOf(socket: Socket | undefined): ReadHandle | null | undefined {
  return (socket as { readonly _handle?: ReadHandle | null } | undefined)?._handle;
}
