import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import type { CallOptions } from "@connectrpc/connect";
import { vi } from "vitest";
import { SubscriptionStatus } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { SharedLimit } from "../../server/transport/protection/shared-limit.ts";
import { maxChunkBytes } from "../../server/upload/session/upload-state-machine.ts";
import type { Peer } from "./start-peer-app.ts";

/** A client that uses up a shared limit. */
export interface Attack {
  /**
   * Uses one more unit of the limit. Resolves to a function that releases it. Rejects with the error of the server if
   * the limit is reached.
   *
   * @param index the number of earlier calls for this client
   */
  readonly take: (peer: Peer, index: number, limit: SharedLimit) => Promise<() => Promise<void>>;
  /** The expected error. Default: the message of the limit. */
  readonly refusal?: string;
}

/** A reference to another test, for a limit that a client cannot use up alone. */
interface TestElsewhere {
  readonly file: string;
  readonly test: string;
}

/** The attacks by the name of the limit. */
export const attacks: Readonly<Record<string, Attack | TestElsewhere>> = {
  maxConnections: { take: takeConnection, refusal: "the server has closed the connection" },
  maxActiveCalls: {
    take: (peer, _index, limit) => takeStream(peer, limit, (options) => peer.health.watch({}, options)),
  },
  maxSubscribers: {
    take: (peer, _index, limit) =>
      takeStream(peer, limit, (options) => peer.quotes.watchQuotes({ symbols: ["TEST"] }, options)),
  },
  maxSubscriptions: { take: takeSubscription, refusal: "TOO_MANY" },
  maxExports: {
    take: (peer, _index, limit) => takeStream(peer, limit, (options) => peer.orders.exportOrders({}, options)),
  },
  maxCatalogueReads: { take: takeCatalogueRead },
  maxDownloads: { take: takeDownload },
  "max-open-uploads": { take: (peer) => startUpload(peer) },
  "upload-quota": { take: takeBytes },
  maxBufferedChunkBytes: { take: takeBufferedBytes },
  maxQueuedThumbnails: {
    file: "server/upload/image/thumbnails.test.ts",
    test: "one client cannot use up the limit on queued thumbnails",
  },
  maxWaitingOrders: {
    file: "server/order/submit/order-intake.test.ts",
    test: "a client that has used its share waits, and another client does not",
  },
  maxConcurrentWrites: {
    file: "server/product/catalogue.test.ts",
    test: "one client cannot use up the limit on concurrent writes",
  },
};

/** Opens a connection with an idle HTTP/1.1 client. */
async function takeConnection(peer: Peer): Promise<() => Promise<void>> {
  const socket = connect({ host: "127.0.0.1", port: peer.port, localAddress: peer.address });
  const closed = new Promise<void>((resolve) => socket.on("error", () => {}).once("close", () => resolve()));
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const isOpen = await Promise.race([
    new Promise<true>((resolve) => socket.once("data", () => resolve(true))),
    closed.then(() => false as const),
  ]);
  if (!isOpen) throw new Error("the server has closed the connection");
  return async () => void socket.destroy();
}

/** Starts a stream, and reads only the first message, like a stalled client. */
async function takeStream(
  { address }: Peer,
  limit: SharedLimit,
  call: (options: CallOptions) => AsyncIterable<unknown>,
): Promise<() => Promise<void>> {
  const end = new AbortController();
  const before = limit.usedBy(address);
  const first = call({ signal: end.signal })[Symbol.asyncIterator]().next();
  const isCounted = () => expectMore(limit.usedBy(address), before);
  await Promise.race([
    first.then(isCounted), // also rejects with the error of a refused call
    vi.waitFor(isCounted, { interval: 5, timeout: 5_000 }),
  ]);
  first.catch(() => {}); // It is aborted at the end.
  return async () => end.abort();
}

async function takeSubscription(peer: Peer, index: number): Promise<() => Promise<void>> {
  const end = new AbortController();
  const { instruments } = await peer.quotes.listInstruments({});
  const symbol = instruments[index]?.symbol ?? "";
  const stream = peer.quotes.watchQuotes({ symbols: [symbol] }, { signal: end.signal });
  const first = await stream[Symbol.asyncIterator]().next();
  const event = first.value?.event;
  const status = event?.case === "started" ? event.value.subscriptions[0]?.status : undefined;
  if (status === SubscriptionStatus.ACCEPTED) return async () => end.abort();
  end.abort();
  throw new Error(status === SubscriptionStatus.TOO_MANY ? "TOO_MANY" : `the status is ${status}`);
}

/** More than the server sends to a client that does not read. */
const largeProducts = 60;

async function takeCatalogueRead(peer: Peer, index: number, limit: SharedLimit): Promise<() => Promise<void>> {
  if (index === 0) {
    const product = { name: "Large", description: "x".repeat(10_000) };
    for (let count = 0; count < largeProducts; count++) await peer.products.createProduct({ product });
  }
  return takeStream(peer, limit, (options) => peer.products.listProducts({}, options));
}

async function takeDownload(peer: Peer, index: number, limit: SharedLimit): Promise<() => Promise<void>> {
  if (index === 0) largeFile = await uploadLargeFile(peer);
  const uploadId = largeFile;
  return takeStream(peer, limit, (options) => peer.uploads.download({ uploadId }, options));
}

let largeFile = "";

/** More than the server sends to a client that does not read. */
const largeFileBytes = 8 * maxChunkBytes;

async function uploadLargeFile(peer: Peer): Promise<string> {
  const uploadId = randomUUID();
  const { writerGeneration } = await peer.uploads.startUpload({ info: { uploadId } });
  const data = new Uint8Array(maxChunkBytes);
  for (let offset = 0; offset < largeFileBytes; offset += data.length) {
    await peer.uploads.uploadChunk({ uploadId, writerGeneration, offset: BigInt(offset), data });
  }
  await peer.uploads.finishUpload({ uploadId, writerGeneration, size: BigInt(largeFileBytes) });
  return uploadId;
}

async function startUpload(peer: Peer, uploadId = randomUUID()): Promise<() => Promise<void>> {
  await peer.uploads.startUpload({ info: { uploadId } });
  return async () => void (await peer.uploads.abortUpload({ uploadId }));
}

/** Sends chunks until less than one chunk of the quota is free. */
async function takeBytes(peer: Peer, _index: number, limit: SharedLimit): Promise<() => Promise<void>> {
  const uploadId = randomUUID();
  const { writerGeneration } = await peer.uploads.startUpload({ info: { uploadId } });
  const abort = async () => void (await peer.uploads.abortUpload({ uploadId }));
  const data = new Uint8Array(Math.min(maxChunkBytes, limit.availableTo(peer.address) || 1));
  try {
    for (let offset = 0n; offset < 4 * maxChunkBytes; offset += BigInt(data.length)) {
      await peer.uploads.uploadChunk({ uploadId, writerGeneration, offset, data });
    }
  } catch (refusal) {
    keptBytes.push(abort);
    throw refusal;
  }
  return async () => {
    await abort();
    for (const each of keptBytes.splice(0)) await each();
  };
}

/** Functions that abort refused uploads, because their committed bytes stay. */
const keptBytes: (() => Promise<void>)[] = [];

/** Sends a chunk that waits for the previous one. */
async function takeBufferedBytes(peer: Peer, _index: number, limit: SharedLimit): Promise<() => Promise<void>> {
  const uploadId = randomUUID();
  const { writerGeneration } = await peer.uploads.startUpload({ info: { uploadId } });
  const abort = async () => void (await peer.uploads.abortUpload({ uploadId }));
  const before = limit.usedBy(peer.address);
  const data = new Uint8Array(maxChunkBytes);
  const waiting = peer.uploads.uploadChunk({ uploadId, writerGeneration, offset: 1n, data });
  waiting.catch(() => {}); // It is refused at the end, when the upload is aborted.
  try {
    await Promise.race([waiting, vi.waitFor(() => expectMore(limit.usedBy(peer.address), before), { timeout: 5_000 })]);
  } catch (refusal) {
    await abort();
    throw refusal;
  }
  return abort;
}

function expectMore(value: number, before: number): void {
  if (value <= before) throw new Error("it is not counted yet");
}
