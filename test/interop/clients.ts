import { join } from "node:path";
import { buildGoClients, generatePythonMessages, preparePython } from "./toolchains.ts";

/** A client library over a protocol. */
export interface Client {
  readonly name: string;
  /** Installs the needs of a client, and returns its command. Throws a ToolchainError. */
  readonly prepare: () => Promise<readonly [command: string, ...args: string[]]>;
  /** The required cases. A missing result fails, except for the cases in `lacks`. */
  readonly cases: readonly string[];
  /** The flags of the complete server. */
  readonly flags?: readonly string[];
  /** The cases that the client cannot run, with the reasons. */
  readonly lacks?: Readonly<Record<string, string>>;
}

/** The cases of Bourse's services and of the wire service. */
const cases = [
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
  "deadline-is-sent",
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

/** The cases of the classic services. */
const classicCases = [
  "get-products",
  "get-products-bad-size",
  "get-products-cancel",
  "get-products-header-list-size",
  "route",
  "list-value",
  "list-value-quotes",
  "sum-data",
  "server-stream",
  "client-stream",
  "client-stream-too-long",
  "all-stream",
  "create-laptop",
  "create-laptop-refused",
  "message-too-large",
  "order-list",
  "order-list-cancel",
  "upload-file",
  "upload-file-too-much",
  "search-laptop",
  "rate-laptop",
  "upload-image",
  "upload-image-refused",
  "upload-image-cancel",
] as const;

/**
 * The flags of the classic cases. The interval of periodic streams is 0, so that 1,000 products do not take 1,000
 * seconds. The cases expect this number of orders.
 */
const classic = { cases: classicCases, flags: ["--classic-interval", "0", "--demo-orders", "1000"] };

const noHealthHelper = { "health-helper": "the library does not watch the health of services" };
const oneCallEach = { ...noHealthHelper, keepalive: "each call is a separate process" };

const goProgram = once(buildGoClients);
const pythonProgram = once(preparePython);

/** The clients. Those with the longest waits are first. */
export const clients: readonly Client[] = [
  { name: "grpc-go", prepare: go("grpc-go"), cases },
  { name: "connect-go, gRPC", prepare: go("connect-go-grpc"), cases, lacks: noHealthHelper },
  { name: "connect-go, gRPC-Web", prepare: go("connect-go-grpc-web"), cases, lacks: noHealthHelper },
  { name: "connect-go, Connect", prepare: go("connect-go-connect"), cases, lacks: noHealthHelper },
  {
    name: "grpcio",
    prepare: async () => [await pythonProgram(), "-B", pathOf("python/interop.py")],
    cases,
  },
  { name: "grpc-js", prepare: node("grpc-js/grpc-js-client.ts"), cases, lacks: noHealthHelper },
  { name: "buf curl, gRPC", prepare: node("buf-curl/buf-curl-client.ts", "grpc"), cases, lacks: oneCallEach },
  { name: "buf curl, gRPC-Web", prepare: node("buf-curl/buf-curl-client.ts", "grpcweb"), cases, lacks: oneCallEach },
  { name: "buf curl, Connect", prepare: node("buf-curl/buf-curl-client.ts", "connect"), cases, lacks: oneCallEach },
  { name: "classic, grpc-go", prepare: go("classic"), ...classic },
  {
    name: "classic, grpcio",
    prepare: async () => {
      const python = await pythonProgram();
      return [python, "-B", pathOf("python/classic.py"), await generatePythonMessages(python)];
    },
    ...classic,
  },
  {
    name: "classic, grpc-js",
    prepare: node("grpc-js/classic-client.ts"),
    ...classic,
    lacks: { "get-products-header-list-size": "the library does not announce its limit" },
  },
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
