import { mkdtempDisposable } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { pino } from "pino";
import { expect, vi } from "vitest";
import { OrderService } from "../../gen/bourse/order/v1/order_service_pb.ts";
import { ProductService } from "../../gen/bourse/product/v1/product_service_pb.ts";
import { QuoteService } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { UploadService } from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { type App, createApp } from "../../server/app.ts";
import { type Config, type RawSettings, readConfig } from "../../server/config/config.ts";

/** A client at an address of this machine. */
export interface Peer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly health: Client<typeof Health>;
  readonly orders: Client<typeof OrderService>;
  readonly products: Client<typeof ProductService>;
  readonly quotes: Client<typeof QuoteService>;
  readonly uploads: Client<typeof UploadService>;
}

export interface PeerApp extends AsyncDisposable {
  readonly app: App;
  /** Opens a client with a separate connection from a loopback address, for example `127.0.0.2`. */
  peer(address: string): Promise<Peer>;
}

const MiB = 1024 * 1024;

/** The share of each client of a limit. */
const peerShare = 0.25;

/** More than the server sends to a client that does not read. */
const orderCount = 5_000;

/** Starts a server with small limits, and with so many orders that an export stalls if the client does not read. */
export async function startLimitedApp(): Promise<PeerApp> {
  const limited = await startPeerApp({ "demo-orders": String(orderCount) }, (config) => ({
    ...config,
    limits: { ...config.limits, peerShare, maxConnections: 40, maxActiveCalls: 80 },
    uploads: { ...config.uploads, maxTotalBytes: 32 * MiB, maxOpenUploads: 20 },
    sharedLimits: {
      maxSubscribers: 32,
      maxSubscriptions: 16,
      maxExports: 12,
      maxCatalogueReads: 12,
      maxDownloads: 12,
      maxBufferedChunkBytes: 6 * MiB,
    },
  }));
  await using peer = await limited.peer("127.0.0.1");
  const areMade = async () => expect((await peer.orders.getOrderSummary({})).orderCount).toBe(BigInt(orderCount));
  await vi.waitFor(areMade, { timeout: 20_000 });
  return limited;
}

/** Starts a server with settings, for clients at several addresses. */
export async function startPeerApp(
  settings: RawSettings,
  change: (config: Config) => Config = (config) => config,
): Promise<PeerApp> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await mkdtempDisposable(join(tmpdir(), "bourse-limits-")));
  const config = change(readConfig({ port: "0", data: join(folder.path, "data"), grace: "1", ...settings }, {}));
  const app = opened.adopt(await createApp(config, pino({ level: "silent" })), async (it) => void (await it.close()));
  const resources = opened.move();
  return {
    app,
    peer: async (address) => connectFrom(address, app.url),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function connectFrom(address: string, baseUrl: string): Peer {
  const port = Number(new URL(baseUrl).port);
  const createConnection = () => connect({ host: "127.0.0.1", port, localAddress: address, noDelay: true });
  const sessionManager = new Http2SessionManager(baseUrl, {}, { createConnection });
  const transport = createGrpcTransport({ baseUrl, sessionManager });
  return {
    address,
    port,
    health: createClient(Health, transport),
    orders: createClient(OrderService, transport),
    products: createClient(ProductService, transport),
    quotes: createClient(QuoteService, transport),
    uploads: createClient(UploadService, transport),
    async [Symbol.asyncDispose]() {
      sessionManager.abort();
    },
  };
}
