/** A peer's name: the column of the table, and the folder of its program. */
export type PeerName = "ours" | "connect-node" | "grpc-js" | "grpc-go" | "connect-go" | "raw";

/** One server program that is compared. */
export interface Peer {
  readonly name: PeerName;
  /** The language: a peer in Go is built, one in TypeScript runs from its source. */
  readonly language: "go" | "typescript";
  /** Which fan-out it serves: the project's own quote service, or the bench's. */
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
