import type { HandlerContext } from "@connectrpc/connect";
import { callOf } from "../rpc/call.ts";
import { localPeer } from "./peer-key.ts";

/**
 * The key of the client that calls, by which what it uses is counted: its IP address, or the network of it. Routers that
 * the transport does not serve, as in memory, have one client, `local`.
 */
export function peerOf(context: HandlerContext): string {
  return callOf(context).wire?.peer ?? localPeer;
}
