/** The name of a peer, which is also the name of its column and of the folder of its program. */
export type PeerName = "ours" | "connect-node" | "grpc-js" | "grpc-go" | "connect-go" | "raw";

/** A server in the comparison. */
export interface Peer {
  readonly name: PeerName;
  /** The language. A peer in Go is built before it runs. */
  readonly language: "go" | "typescript";
  /** The service of the fan-out: QuoteService for `hub`, BenchService for `plain`. */
  readonly watch: "hub" | "plain";
}

/** The peers, in the order of the table. */
export const peers: readonly Peer[] = [
  { name: "ours", language: "typescript", watch: "hub" },
  { name: "connect-node", language: "typescript", watch: "plain" },
  { name: "grpc-js", language: "typescript", watch: "plain" },
  { name: "grpc-go", language: "go", watch: "plain" },
  { name: "connect-go", language: "go", watch: "plain" },
  { name: "raw", language: "typescript", watch: "plain" },
];
