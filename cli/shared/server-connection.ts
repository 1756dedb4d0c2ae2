import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { ServerOptions } from "./common-options.ts";

/**
 * Returns a transport to the server of `--address`. It connects when the first call starts.
 *
 * @param httpVersion gRPC always uses HTTP/2
 */
export function connectTo(
  { address, protocol }: Pick<ServerOptions, "address" | "protocol">,
  httpVersion: "1.1" | "2" = "2",
): Transport {
  switch (protocol) {
    case "connect":
      return createConnectTransport({ baseUrl: address, httpVersion });
    case "grpc":
      return createGrpcTransport({ baseUrl: address });
    case "grpc-web":
      return createGrpcWebTransport({ baseUrl: address, httpVersion });
  }
}
