/** One server program that is compared. */
export interface Peer {
  readonly name: string;
  /** What it is written in: a peer in Go is built, one in TypeScript is run from source. */
  readonly language: "go" | "typescript";
  /** Which fan-out it serves: the project's own quote service, or the bench's. */
  readonly watch: "hub" | "plain";
  /** Whether it stores what is uploaded. */
  readonly stores?: boolean;
}

/** The peers, in the order of the table. */
export const peers: readonly Peer[] = [
  { name: "ours", language: "typescript", watch: "hub", stores: true },
  { name: "connect-node", language: "typescript", watch: "plain" },
  { name: "grpc-js", language: "typescript", watch: "plain" },
  { name: "grpc-go", language: "go", watch: "plain", stores: true },
  { name: "connect-go", language: "go", watch: "plain" },
  { name: "raw", language: "typescript", watch: "plain" },
];
