import type { Peer } from "../peers/peers.ts";
import type { Workload } from "../workloads/workload.ts";
import type { Cores } from "./cores.ts";
import { measure } from "./measure.ts";
import type { Measurement } from "./measurement.ts";
import type { Pace } from "./pace.ts";
import { PeerServer } from "./peer-server.ts";

export interface CompareOptions {
  readonly peers: readonly Peer[];
  readonly pace: Pace;
  readonly cores: Cores;
  /** Whether the Go programs are built. */
  readonly go: boolean;
  /** Prints an error message. */
  readonly print: (text: string) => void;
}

/** The measurements of one workload: for each peer, one in each round. */
export type Rounds = ReadonlyMap<Peer, readonly Measurement[]>;

/**
 * Measures one workload of all peers. Each round measures them one after another, so that other load on the machine
 * affects all of them equally. Skips a peer in the following rounds if it fails or takes long.
 */
export async function compare(workload: Workload, { peers, pace, cores, go, print }: CompareOptions): Promise<Rounds> {
  const measured = new Map<Peer, Measurement[]>();
  const { load } = workload;
  if (load === undefined || (load.client === "load" && !load.standIn && !go)) return measured;
  await using servers = new AsyncDisposableStack();
  const running = new Map<Peer, PeerServer>();

  async function attempt(peer: Peer, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      print(`${workload.name}: ${peer.name} could not be measured: ${error instanceof Error ? error.message : error}`);
      running.delete(peer);
      measured.delete(peer);
    }
  }

  for (const peer of peers) {
    if (peer.language === "go" && !go) continue;
    if (load.servedBy !== undefined && !load.servedBy.includes(peer.name)) continue;
    await attempt(peer, async () => {
      running.set(peer, servers.use(await PeerServer.start(peer, cores)));
      measured.set(peer, []);
    });
  }
  const size = load.size[pace.sizes];
  // Memory is measured once, because a process returns freed memory late or never.
  const rounds = workload.kind === "memory" || workload.kind === "backlog" ? 1 : pace.rounds;
  for (let round = 0; round < rounds; round++) {
    const duration = round === 0 ? pace.first : pace.next;
    for (const [peer, server] of [...running]) {
      await attempt(peer, async () => {
        const start = performance.now();
        measured.get(peer)?.push(await measure(workload, { load, server, size, duration, cores, go }));
        if (performance.now() - start > pace.longRound) running.delete(peer);
      });
    }
  }
  return measured;
}
