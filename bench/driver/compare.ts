import type { Peer } from "../peers/peers.ts";
import type { Work } from "../works/work.ts";
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
  /** Prints a failure. */
  readonly print: (text: string) => void;
}

/** The measurements of one work: for each peer, one for each of its rounds. */
export type Rounds = ReadonlyMap<Peer, readonly Measurement[]>;

/**
 * Measures one work of all peers, one after the other in each round, so that other load on the machine affects all of
 * them equally. A peer that fails or takes long is left out of the following rounds.
 */
export async function compare(work: Work, { peers, pace, cores, go, print }: CompareOptions): Promise<Rounds> {
  const measured = new Map<Peer, Measurement[]>();
  const { load } = work;
  if (load === undefined || (load.client === "load" && !load.standIn && !go)) return measured;
  await using servers = new AsyncDisposableStack();
  const running = new Map<Peer, PeerServer>();

  async function attempt(peer: Peer, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      print(`${work.name}: ${peer.name} could not be measured: ${error instanceof Error ? error.message : error}`);
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
  // Memory is measured once, because a process returns memory late or never.
  const rounds = work.kind === "memory" || work.kind === "backlog" ? 1 : pace.rounds;
  for (let round = 0; round < rounds; round++) {
    const duration = round === 0 ? pace.first : pace.next;
    for (const [peer, server] of [...running]) {
      await attempt(peer, async () => {
        const start = performance.now();
        measured.get(peer)?.push(await measure(work, { load, server, size, duration, cores, go }));
        if (performance.now() - start > pace.longRound) running.delete(peer);
      });
    }
  }
  return measured;
}
