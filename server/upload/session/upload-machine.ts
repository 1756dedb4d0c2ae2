import type { UploadPhase } from "../store/upload-record.ts";
import type { Outcome, Problem, Progress, UploadEvent } from "./upload-events.ts";

/** The most bytes of one chunk. Two of them, in either order, are what a client may have under way. */
export const maxChunkBytes = 512 * 1024;

/** The rules that are no matter of state. */
export interface MachineLimits {
  /** The most bytes of one file. */
  readonly maxFileBytes: number;
}

/** What follows when something happens to an upload. Pure and total: it never throws, and does nothing by itself. */
export function decide(progress: Progress, event: UploadEvent, limits: MachineLimits): Outcome {
  const rule = table[progress.phase][event.kind] as Rule<UploadEvent["kind"]>;
  return rule(progress, event, limits);
}

type EventOf<K extends UploadEvent["kind"]> = Extract<UploadEvent, { kind: K }>;
type Rule<K extends UploadEvent["kind"]> = (progress: Progress, event: EventOf<K>, limits: MachineLimits) => Outcome;
type Row = { readonly [K in UploadEvent["kind"]]: Rule<K> };

const answer = (): Outcome => ({ kind: "answer" });
const discard =
  (phase: "aborted" | "expired") =>
  (progress: Progress): Outcome => ({ kind: "discard", next: { ...progress, phase, expected: undefined } });

/** Every state and every event. What a state cannot be told by the code around it is answered, so that it is total. */
const table: { readonly [P in UploadPhase]: Row } = {
  open: {
    start: own,
    chunk: takeChunk,
    committed: note,
    lost: forget,
    finish: verify,
    hashed: answer,
    unhashed: answer,
    abort: discard("aborted"),
    expire: discard("expired"),
    found: recover,
  },
  verifying: {
    start: own,
    chunk: compareOnly,
    committed: note,
    lost: answer,
    finish: verifyAgain,
    hashed: judge,
    unhashed: (progress) => ({ kind: "note", next: { ...progress, phase: "open", expected: undefined } }),
    abort: discard("aborted"),
    expire: answer,
    found: recover,
  },
  complete: {
    start: sameWords,
    chunk: compareOnly,
    committed: answer,
    lost: answer,
    finish: sameFile,
    hashed: answer,
    unhashed: answer,
    abort: discard("aborted"),
    expire: answer,
    found: recover,
  },
  aborted: gone("was aborted: send the file under a new id"),
  expired: gone("has expired, as nothing more of it came: send the file under a new id"),
  damaged: {
    ...gone("is damaged, as the server's disk has lost some of it: abort it, and send the file under a new id"),
    abort: discard("aborted"),
    expire: discard("expired"),
  },
};

function gone(why: string): Row {
  const refused = () => refuse("STATE", `the upload ${why}`);
  return {
    start: refused,
    chunk: refused,
    committed: answer,
    lost: answer,
    finish: refused,
    hashed: answer,
    unhashed: answer,
    abort: answer,
    expire: answer,
    found: answer,
  };
}

function own(progress: Progress, { difference }: EventOf<"start">): Outcome {
  if (difference !== undefined) return otherWords(difference);
  return { kind: "own", next: { ...progress, generation: progress.generation + 1 } };
}

function sameWords(_progress: Progress, { difference }: EventOf<"start">): Outcome {
  return difference === undefined ? { kind: "answer" } : otherWords(difference);
}

function otherWords(difference: string): Outcome {
  return refuse("CONFLICT", `the upload was started otherwise: ${difference}; send another file under a new id`);
}

function takeChunk(progress: Progress, event: EventOf<"chunk">, { maxFileBytes }: MachineLimits): Outcome {
  const { received, size } = progress;
  const end = event.offset + event.length;
  const stale = staleWriter(progress, event.generation);
  if (stale !== undefined) return stale;
  if (size !== undefined && end > size) {
    return refuse("TOO_LONG", `the chunk ends at ${end}, but the file was announced with ${size} bytes`);
  }
  if (end > maxFileBytes) {
    return refuse("FILE_LIMIT", `the chunk ends at ${end}, but a file may have ${maxFileBytes} bytes at most`);
  }
  if (event.offset - received > maxChunkBytes) return gap(progress, event.offset);
  if (event.offset > received) return { kind: "hold" };
  if (end <= received) return { kind: "compare" };
  return { kind: "append", known: received - event.offset, next: { ...progress, received: end } };
}

/** The refusal of a chunk that does not continue the upload. */
export function gap({ received, committed }: Progress, offset: number): Outcome & { kind: "refuse" } {
  return refuse(
    "GAP",
    `offset ${offset} does not continue the upload: ${received} bytes were received, ${committed} of them are committed; go on there`,
  );
}

function compareOnly({ phase, received }: Progress, event: EventOf<"chunk">): Outcome {
  const end = event.offset + event.length;
  if (end <= received) return { kind: "compare" };
  return refuse("TOO_LONG", `the chunk ends at ${end}, but the upload is ${phase} and has ${received} bytes`);
}

function note(progress: Progress, { offset }: EventOf<"committed">): Outcome {
  return { kind: "note", next: { ...progress, committed: Math.max(progress.committed, offset) } };
}

function forget(progress: Progress, { received }: EventOf<"lost">): Outcome {
  const kept = Math.max(progress.committed, Math.min(progress.received, received));
  return { kind: "note", next: { ...progress, received: kept } };
}

function verify(progress: Progress, event: EventOf<"finish">): Outcome {
  const stale = staleWriter(progress, event.generation);
  if (stale !== undefined) return stale;
  const { received } = progress;
  if (event.size !== undefined && progress.size !== undefined && event.size !== progress.size) {
    return refuse("SIZE", `the file was announced with ${progress.size} bytes, not ${event.size}`);
  }
  const size = event.size ?? progress.size ?? received;
  if (received !== size) {
    const advice = received < size ? `send the rest from ${progress.committed} on` : "finish with the right size";
    return refuse("SIZE", `${received} bytes of ${size} were received: ${advice}`);
  }
  const otherHash = announcedOtherwise(progress, event);
  if (otherHash !== undefined) return otherHash;
  return { kind: "verify", next: { ...progress, phase: "verifying", expected: event.sha256 ?? progress.sha256 } };
}

function verifyAgain(progress: Progress, event: EventOf<"finish">): Outcome {
  const stale = staleWriter(progress, event.generation);
  if (stale !== undefined) return stale;
  if (event.size !== undefined && event.size !== progress.received) {
    return refuse("SIZE", `the upload is being verified with ${progress.received} bytes, not ${event.size}`);
  }
  const otherHash = announcedOtherwise(progress, event);
  if (otherHash !== undefined) return otherHash;
  if (event.sha256 === undefined || event.sha256 === progress.expected) return { kind: "answer" };
  return { kind: "note", next: { ...progress, expected: event.sha256 } };
}

function announcedOtherwise({ sha256 }: Progress, event: EventOf<"finish">): Outcome | undefined {
  if (sha256 === undefined || event.sha256 === undefined || event.sha256 === sha256) return undefined;
  return refuse("HASH", `the file was announced with the SHA-256 ${sha256}, not ${event.sha256}`);
}

function judge(progress: Progress, { sha256 }: EventOf<"hashed">): Outcome {
  const { received, expected } = progress;
  if (expected === undefined || expected === sha256) {
    return { kind: "publish", next: { ...progress, phase: "complete", size: received, sha256, expected: undefined } };
  }
  return {
    ...refuse(
      "HASH",
      `the ${received} bytes have the SHA-256 ${sha256}, not ${expected}: finish with the right one, or abort`,
    ),
    next: { ...progress, phase: "open", expected: undefined },
  };
}

function sameFile({ size, sha256 }: Progress, event: EventOf<"finish">): Outcome {
  if (event.size !== undefined && event.size !== size) {
    return refuse("SIZE", `the upload is complete with ${size} bytes, not ${event.size}`);
  }
  if (event.sha256 !== undefined && event.sha256 !== sha256) {
    return refuse("HASH", `the upload is complete with the SHA-256 ${sha256}, not ${event.sha256}`);
  }
  return { kind: "answer" };
}

/** The database is right: what a file has more was never acknowledged, what it has less was, and is lost. */
function recover(progress: Progress, { bytes }: EventOf<"found">): Outcome {
  const { committed } = progress;
  const length = bytes ?? 0;
  if (length < committed || (progress.phase === "complete" && bytes !== committed)) {
    return { kind: "damage", next: { ...progress, phase: "damaged", expected: undefined } };
  }
  return length > committed ? { kind: "truncate", bytes: committed } : { kind: "answer" };
}

function staleWriter(progress: Progress, generation: number): Outcome | undefined {
  if (generation === progress.generation) return undefined;
  return refuse(
    "STALE_WRITER",
    generation < progress.generation
      ? `another writer has taken the upload over (its generation is ${progress.generation}, this one's ${generation}): stop, or start the upload again to take it back`
      : `there is no writer of generation ${generation}, but ${progress.generation}: start the upload again`,
  );
}

function refuse(problem: Problem, message: string): Outcome & { kind: "refuse" } {
  return { kind: "refuse", problem, message };
}
