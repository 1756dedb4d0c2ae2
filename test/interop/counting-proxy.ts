import { type AddressInfo, createConnection, createServer } from "node:net";

/** The traffic through a proxy. */
export interface Traffic {
  readonly connections: number;
  /** Bytes to the server, and from it. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** A way to a server that counts what goes through it. */
export interface CountingProxy {
  readonly port: number;
  readonly traffic: Traffic;
  /** Resolves when the server has answered `count` more HTTP/2 PINGs; rejects with the signal's reason on abort. */
  pingsAnswered(count: number, signal: AbortSignal): Promise<void>;
}

/** Opens a proxy on a free port of the loopback that leads to `targetPort`. */
export async function openCountingProxy(targetPort: number): Promise<CountingProxy> {
  const traffic = { connections: 0, bytesUp: 0, bytesDown: 0 };
  let answers = 0;
  let answered = Promise.withResolvers<void>();

  const proxy = createServer({ noDelay: true }, (client) => {
    traffic.connections++;
    const server = createConnection({ host: "127.0.0.1", port: targetPort, noDelay: true });
    const countPingAnswers = pingAnswerCounter();
    client.on("data", (bytes: Buffer) => {
      traffic.bytesUp += bytes.length;
    });
    server.on("data", (bytes: Buffer) => {
      traffic.bytesDown += bytes.length;
      const more = countPingAnswers(bytes);
      if (more === 0) return;
      answers += more;
      answered.resolve();
      answered = Promise.withResolvers();
    });
    client.pipe(server).pipe(client);
    // "close" follows an error.
    client.on("error", () => {}).once("close", () => server.destroy());
    server.on("error", () => {}).once("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen({ host: "127.0.0.1", port: 0 }, resolve));

  return {
    port: (proxy.address() as AddressInfo).port,
    traffic,
    async pingsAnswered(count, signal) {
      const goal = answers + count;
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      aborted.catch(() => {});
      while (answers < goal) await Promise.race([answered.promise, aborted]);
    },
  };
}

const frameHeaderBytes = 9;
const pingType = 6;
const ackFlag = 1;

/** Reads what a server sends on one connection; reports the number of answers to PINGs in each piece. */
function pingAnswerCounter(): (bytes: Buffer) => number {
  const header = Buffer.alloc(frameHeaderBytes);
  let headerLength = 0;
  let payloadLeft = 0;
  return (bytes) => {
    let found = 0;
    for (let at = 0; at < bytes.length; ) {
      if (payloadLeft > 0) {
        const skipped = Math.min(payloadLeft, bytes.length - at);
        payloadLeft -= skipped;
        at += skipped;
        continue;
      }
      const copied = bytes.copy(header, headerLength, at);
      headerLength += copied;
      at += copied;
      if (headerLength < frameHeaderBytes) break;
      headerLength = 0;
      payloadLeft = header.readUIntBE(0, 3);
      if (header[3] === pingType && header.readUInt8(4) & ackFlag) found++;
    }
    return found;
  };
}
