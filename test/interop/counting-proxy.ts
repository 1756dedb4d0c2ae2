import { type AddressInfo, createConnection, createServer } from "node:net";

/** The counted traffic of a proxy. */
export interface Traffic {
  readonly connections: number;
  /** The numbers of bytes to the server and from the server. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** A proxy to a server that counts the traffic. */
export interface CountingProxy {
  readonly port: number;
  readonly traffic: Traffic;
  /** Resolves after the server has acknowledged `count` more PING frames. Rejects with the signal's reason on abort. */
  pingsAnswered(count: number, signal: AbortSignal): Promise<void>;
}

/** Opens a proxy to `targetPort` on a free port of the loopback interface. */
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
    // The close event follows an error.
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

/** Parses the frames of a server on one connection. Returns the number of PING acknowledgements in each chunk. */
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
