import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A line to a server that a test can hold up and cut. */
export interface Line extends AsyncDisposable {
  /** As in `http://127.0.0.1:8080`: what clients call. */
  readonly url: string;
  /** Where it leads to: another server may have taken the first one's place. */
  target: string;
  /** How many bytes have gone to the server. */
  readonly sent: number;
  /** Holds the line up when so many more bytes have gone to the server. Resolves when they have. */
  holdAfter(bytes: number): Promise<void>;
  /** Lets everything through again. */
  release(): void;
  /** Breaks all connections, and refuses others until `mend`. */
  cut(): void;
  mend(): void;
}

/** Opens a line to a server, given by its address. */
export async function openLine(url: string): Promise<Line> {
  const sockets = new Set<Socket>();
  let sent = 0;
  let holdAt = Number.POSITIVE_INFINITY;
  let isHeld = Promise.withResolvers<void>();
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(new URL(line.target).port), "127.0.0.1");
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
      sent += data.length;
      upstream.write(data);
      if (sent < holdAt) return;
      for (const socket of sockets) socket.pause();
      isHeld.resolve();
    });
    if (sent >= holdAt) client.pause();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const line: Line = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: url,
    get sent() {
      return sent;
    },
    holdAfter(bytes) {
      isHeld = Promise.withResolvers();
      holdAt = sent + bytes;
      return isHeld.promise;
    },
    release() {
      holdAt = Number.POSITIVE_INFINITY;
      for (const socket of sockets) socket.resume();
    },
    cut() {
      isCut = true;
      line.release();
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      line.cut();
      server.close();
      await once(server, "close");
    },
  };
  return line;
}
