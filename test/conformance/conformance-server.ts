import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, createRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { TlsFiles } from "../../server/transport/port/tls-credentials.ts";
import { startTransportServer } from "../../server/transport/transport-server.ts";
import { conformanceService } from "./conformance-service.ts";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./gen/connectrpc/conformance/v1/server_compat_pb.ts";
import {
  ConformanceService,
  file_connectrpc_conformance_v1_service,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

// The suite starts this program once for each set of properties. The program reads them from standard input, writes the
// address to standard output, and ends when it receives a signal.

const request = fromBinary(ServerCompatRequestSchema, await readSized());
const folder = mkdtempSync(join(tmpdir(), "bourse-conformance-"));
process.once("exit", () => rmSync(folder, { recursive: true }));
process.once("SIGTERM", () => process.exit(0));

const server = await startTransportServer({
  host: "127.0.0.1",
  port: 0,
  ...(request.useTls && { tls: writeTlsFiles() }),
  ...(request.messageReceiveLimit > 0 && { limits: { readMaxBytes: request.messageReceiveLimit } }),
  jsonOptions: { registry: createRegistry(file_connectrpc_conformance_v1_service) },
  routes: (router) => void router.service(ConformanceService, conformanceService),
  otherwise: (exchange) => {
    exchange.respond(404, {});
    void exchange.end();
  },
});

const response = create(ServerCompatResponseSchema, {
  host: "127.0.0.1",
  port: Number(new URL(server.url).port),
  ...(request.useTls && { pemCert: request.serverCreds?.cert ?? new Uint8Array() }),
});
writeSized(toBinary(ServerCompatResponseSchema, response));

function writeTlsFiles(): TlsFiles {
  const { cert, key } = request.serverCreds ?? {};
  if (cert === undefined || key === undefined) throw new Error("the suite requests TLS without credentials");
  const write = (name: string, pem: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, pem);
    return path;
  };
  const files = { cert: write("cert.pem", cert), key: write("key.pem", key) };
  const clientCert = request.clientTlsCert;
  return clientCert.length === 0 ? files : { ...files, clientCa: write("client.pem", clientCert) };
}

async function readSized(): Promise<Uint8Array> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) break;
  }
  return bytes.subarray(4, 4 + bytes.readUInt32BE());
}

function writeSized(bytes: Uint8Array): void {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  process.stdout.write(Buffer.concat([size, bytes]));
}
