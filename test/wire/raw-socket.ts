import { connect, type Socket } from "node:net";

/** A TCP connection to a local port, with all received bytes as text. */
export interface RawSocket extends Disposable {
  readonly socket: Socket;
  /** Sends bytes unchanged. */
  send(bytes: string | Uint8Array): void;
  /** Resolves to the received text when it contains `text`. Rejects if the connection closes earlier. */
  until(text: string): Promise<string>;
  /** Resolves to the received text when the server has closed the connection. */
  readonly closed: Promise<string>;
}

/** Opens a connection. */
export async function openRawSocket(port: number): Promise<RawSocket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let received = "";
  let look = () => {};
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
    look();
  });
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) => {
    socket.once("close", () => resolve(received));
  });
  await new Promise((resolve) => socket.once("connect", resolve));
  return {
    socket,
    send: (bytes) => {
      socket.write(bytes);
    },
    until: (text) =>
      new Promise((resolve, reject) => {
        look = () => {
          if (received.includes(text)) resolve(received);
        };
        look();
        void closed.then(() => reject(new Error(`closed after ${JSON.stringify(received)}`)));
      }),
    closed,
    [Symbol.dispose]: () => socket.destroy(),
  };
}
