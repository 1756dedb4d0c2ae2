import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy to a server. A test can pause and disconnect it. */
export interface PausableProxy extends AsyncDisposable {
  /** The URL for clients, for example `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The address of the server. A test sets it after a restart at another port. */
  target: string;
  /** The number of bytes that were sent to the server. */
  readonly sentBytes: number;
  /** Pauses all connections after this many further bytes to the server. Resolves when they are paused. */
  pauseAfter(bytes: number): Promise<void>;
  /** Resumes paused connections. */
  resume(): void;
  /** Closes all connections, and refuses new ones until `reconnect`. */
  disconnect(): void;
  reconnect(): void;
}

/** Opens a proxy to the server at `url`, on a free port. */
export async function openPausableProxy(url: string): Promise<PausableProxy> {
  const sockets = new Set<Socket>();
  let sentBytes = 0;
  let pauseAt = Number.POSITIVE_INFINITY;
  let paused = Promise.withResolvers<void>();
  let isDisconnected = false;
  const server = createServer((client) => {
    if (isDisconnected) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(new URL(proxy.target).port), "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    upstream.pipe(client);
    client.on("data", (data) => {
      sentBytes += data.length;
      upstream.write(data);
      if (sentBytes < pauseAt) return;
      for (const socket of sockets) socket.pause();
      paused.resolve();
    });
    if (sentBytes >= pauseAt) client.pause();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: PausableProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: url,
    get sentBytes() {
      return sentBytes;
    },
    pauseAfter(bytes) {
      paused = Promise.withResolvers();
      pauseAt = sentBytes + bytes;
      return paused.promise;
    },
    resume() {
      pauseAt = Number.POSITIVE_INFINITY;
      for (const socket of sockets) socket.resume();
    },
    disconnect() {
      isDisconnected = true;
      proxy.resume();
      for (const socket of sockets) socket.destroy();
    },
    reconnect() {
      isDisconnected = false;
    },
    async [Symbol.asyncDispose]() {
      proxy.disconnect();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
