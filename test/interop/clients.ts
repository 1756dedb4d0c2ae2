import { join } from "node:path";
import { buildGoClients, preparePython } from "./toolchains.ts";

/** A client library over a protocol. */
export interface Client {
  readonly name: string;
  /** Gets what it needs, and tells how to run it. Throws a ToolchainError. */
  readonly prepare: () => Promise<readonly [command: string, ...args: string[]]>;
  /** Cases that it cannot have, and why. */
  readonly lacks?: Readonly<Record<string, string>>;
}

/** Every case. A client that leaves one out has failed it, but for those that it lacks. */
export const caseNames = [
  "unary",
  "server-stream",
  "client-stream",
  "bidi-stream",
  "headers-at-once-server-stream",
  "headers-at-once-bidi-stream",
  "trailers-on-success",
  "trailers-on-failure",
  "repeated-keys",
  "binary-metadata",
  "error-details",
  "cancel",
  "deadline-is-told",
  "deadline-ends-call",
  "gzip",
  "request-at-limit",
  "request-over-limit",
  "response-at-limit",
  "response-over-limit",
  "keepalive",
  "list-products",
  "get-product",
  "create-product",
  "invalid-product",
  "watch-quotes",
  "health-check",
  "health-watch",
  "health-helper",
  "reflection",
  "restart",
  "shutdown",
] as const;

const noHealthHelper = { "health-helper": "the library does not watch the health of services itself" };
const oneCallEach = { ...noHealthHelper, keepalive: "each call is a process of its own" };

const goProgram = once(buildGoClients);

/** The clients, those that wait longest first. */
export const clients: readonly Client[] = [
  { name: "grpc-go", prepare: go("grpc-go") },
  { name: "connect-go, gRPC", prepare: go("connect-go-grpc"), lacks: noHealthHelper },
  { name: "connect-go, gRPC-Web", prepare: go("connect-go-grpc-web"), lacks: noHealthHelper },
  { name: "connect-go, Connect", prepare: go("connect-go-connect"), lacks: noHealthHelper },
  {
    name: "grpcio",
    prepare: async () => [await preparePython(), "-B", pathOf("python/interop.py")],
  },
  { name: "grpc-js", prepare: node("grpc-js/grpc-js-client.ts"), lacks: noHealthHelper },
  { name: "buf curl, gRPC", prepare: node("buf-curl/buf-curl-client.ts", "grpc"), lacks: oneCallEach },
  { name: "buf curl, gRPC-Web", prepare: node("buf-curl/buf-curl-client.ts", "grpcweb"), lacks: oneCallEach },
  { name: "buf curl, Connect", prepare: node("buf-curl/buf-curl-client.ts", "connect"), lacks: oneCallEach },
];

function go(name: string): Client["prepare"] {
  return async () => [await goProgram(), name];
}

function node(file: string, ...args: string[]): Client["prepare"] {
  return async () => [process.execPath, pathOf(file), ...args];
}

function pathOf(file: string): string {
  return join(import.meta.dirname, file);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
