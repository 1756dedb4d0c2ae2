import type { UploadPhase } from "../store/upload-record.ts";

/**
 * The maximum size of one chunk, in bytes. A client may have two chunks in flight, which may arrive in either order: a
 * chunk that is further ahead of the received bytes than this is refused.
 */
export const maxChunkBytes = 512 * 1024;

/** The state of an upload: all that a decision depends on. Sizes and offsets are in bytes. */
export interface UploadState {
  readonly phase: UploadPhase;
  /** The number of bytes received in order. */
  readonly received: number;
  /** The number of received bytes that are synced and recorded in the database. */
  readonly committed: number;
  /** The generation of the current writer. Grows with each start. */
  readonly generation: number;
  /** The announced size; the size of the file once it is complete. Absent: unknown. */
  readonly size?: number | undefined;
  /** Lower-case hex. The announced SHA-256; the computed one once the file is complete. Absent: unknown. */
  readonly sha256?: string | undefined;
  /** The SHA-256 that the hash must equal while it is computed. Absent: any. */
  readonly expectedSha256?: string | undefined;
}

/** An event in the life of an upload. */
export type UploadEvent =
  /** A client starts the upload. `difference` describes metadata that differs from the first start, if any does. */
  | { readonly kind: "start"; readonly difference?: string | undefined }
  | { readonly kind: "chunk"; readonly generation: number; readonly offset: number; readonly length: number }
  /** All bytes before `offset` are synced and recorded. */
  | { readonly kind: "committed"; readonly offset: number }
  /** The bytes from `received` on could not be written and were dropped. */
  | { readonly kind: "dropped"; readonly received: number }
  | {
      readonly kind: "finish";
      readonly generation: number;
      readonly size?: number | undefined;
      readonly sha256?: string | undefined;
    }
  /** The SHA-256 of all received bytes was computed. */
  | { readonly kind: "hashComputed"; readonly sha256: string }
  /** The SHA-256 could not be computed, or the file could not be published. */
  | { readonly kind: "hashFailed" }
  | { readonly kind: "abort" }
  | { readonly kind: "expire" }
  /** The length of the file was read before the file is used. Absent: there is no file. */
  | { readonly kind: "fileChecked"; readonly bytes?: number | undefined };

/** Nothing changes: the caller gets the current status. */
type None = { readonly kind: "none" };
/** The caller becomes the writer. */
type Acquire = { readonly kind: "acquire"; readonly next: UploadState };
/** The first `overlap` bytes of the chunk must equal the stored ones; the others are appended. */
type Append = { readonly kind: "append"; readonly overlap: number; readonly next: UploadState };
/** All bytes of the chunk were received before: they must equal the stored ones. */
type Compare = { readonly kind: "compare" };
/** The chunk waits until the bytes before it are received. */
type Wait = { readonly kind: "wait" };
/** Only the state changes. */
type Update = { readonly kind: "update"; readonly next: UploadState };
/** The hash of the file is computed. */
type Verify = { readonly kind: "verify"; readonly next: UploadState };
/** The file becomes readable for clients. */
type Publish = { readonly kind: "publish"; readonly next: UploadState };
/** The file is deleted. */
type Discard = { readonly kind: "discard"; readonly next: UploadState };
/** The file is cut to `bytes`: the rest was never acknowledged. */
type Truncate = { readonly kind: "truncate"; readonly bytes: number };
/** The file has lost committed bytes. */
type MarkDamaged = { readonly kind: "markDamaged"; readonly next: UploadState };
/** The request fails. `next`, if present, is the state after it. */
export type Refuse = {
  readonly kind: "refuse";
  readonly reason: ProblemReason;
  readonly message: string;
  readonly next?: UploadState;
};

/** The possible outcomes of each kind of event. `next` is the state after the outcome is carried out. */
interface Outcomes {
  readonly start: None | Acquire | Refuse;
  readonly chunk: Append | Compare | Wait | Refuse;
  readonly committed: None | Update;
  readonly dropped: None | Update;
  readonly finish: None | Update | Verify | Refuse;
  readonly hashComputed: None | Publish | Refuse;
  readonly hashFailed: None | Update;
  readonly abort: None | Discard;
  readonly expire: None | Discard;
  readonly fileChecked: None | Truncate | MarkDamaged;
}

/** The outcome of an event of kind `K`. */
export type Outcome<K extends UploadEvent["kind"] = UploadEvent["kind"]> = Outcomes[K];

/** Why a request is refused: the names of `UploadProblemReason` in the protos. */
export type ProblemReason =
  | "STALE_WRITER"
  | "GAP"
  | "OVERLAP"
  | "CHECKSUM"
  | "TOO_LONG"
  | "SIZE"
  | "HASH"
  | "CONFLICT"
  | "STATE"
  | "FILE_LIMIT"
  | "QUOTA"
  | "TOO_MANY"
  | "READ_ONLY"
  | "STALLED";

/** The limits that the machine enforces. */
export interface MachineLimits {
  /** The maximum size of one file, in bytes. */
  readonly maxFileBytes: number;
}

/** The event of kind `K`. */
export type EventOf<K extends UploadEvent["kind"]> = Extract<UploadEvent, { kind: K }>;
type Rule<K extends UploadEvent["kind"]> = (state: UploadState, event: EventOf<K>, limits: MachineLimits) => Outcome<K>;
type Row = { readonly [K in UploadEvent["kind"]]: Rule<K> };

/** Decides the outcome of an event. Pure and total: has an outcome for every event in every state, and never throws. */
export function decide<K extends UploadEvent["kind"]>(
  state: UploadState,
  event: EventOf<K>,
  limits: MachineLimits,
): Outcome<K> {
  const rule: Rule<K> = table[state.phase][event.kind as K];
  return rule(state, event, limits);
}

const none = (): None => ({ kind: "none" });
const discard =
  (phase: "aborted" | "expired") =>
  (state: UploadState): Discard => ({ kind: "discard", next: { ...state, phase, expectedSha256: undefined } });

/** The rule for every event in every phase. An event that a phase cannot have changes nothing. */
const table: { readonly [P in UploadPhase]: Row } = {
  open: {
    start: acquire,
    chunk: takeChunk,
    committed: moveCommitted,
    dropped: dropUnwritten,
    finish: startVerifying,
    hashComputed: none,
    hashFailed: none,
    abort: discard("aborted"),
    expire: discard("expired"),
    fileChecked: checkLength,
  },
  verifying: {
    start: acquire,
    chunk: compareOnly,
    committed: moveCommitted,
    dropped: none,
    finish: finishAgain,
    hashComputed: compareHash,
    hashFailed: (state) => ({ kind: "update", next: { ...state, phase: "open", expectedSha256: undefined } }),
    abort: discard("aborted"),
    expire: none,
    fileChecked: checkLength,
  },
  complete: {
    start: startComplete,
    chunk: compareOnly,
    committed: none,
    dropped: none,
    finish: finishComplete,
    hashComputed: none,
    hashFailed: none,
    abort: discard("aborted"),
    expire: none,
    fileChecked: checkLength,
  },
  aborted: ended("the upload was aborted; send the file with a new upload id"),
  expired: ended("the upload has expired because it received nothing for too long; send the file with a new upload id"),
  damaged: {
    ...ended("the server's disk has lost bytes of the upload; abort it and send the file with a new upload id"),
    abort: discard("aborted"),
    expire: discard("expired"),
  },
};

function ended(message: string): Row {
  const refused = () => refuse("STATE", message);
  return {
    start: refused,
    chunk: refused,
    committed: none,
    dropped: none,
    finish: refused,
    hashComputed: none,
    hashFailed: none,
    abort: none,
    expire: none,
    fileChecked: none,
  };
}

function acquire(state: UploadState, { difference }: EventOf<"start">): Acquire | Refuse {
  if (difference !== undefined) return conflict(difference);
  return { kind: "acquire", next: { ...state, generation: state.generation + 1 } };
}

function startComplete(_state: UploadState, { difference }: EventOf<"start">): None | Refuse {
  return difference === undefined ? { kind: "none" } : conflict(difference);
}

function conflict(difference: string): Refuse {
  return refuse("CONFLICT", `${difference}; choose a new upload id for another file`);
}

function takeChunk(state: UploadState, event: EventOf<"chunk">, { maxFileBytes }: MachineLimits): Outcome<"chunk"> {
  const { received, size } = state;
  const end = event.offset + event.length;
  const stale = staleWriter(state, event.generation);
  if (stale !== undefined) return stale;
  if (size !== undefined && end > size) {
    return refuse(
      "TOO_LONG",
      `the chunk ends at ${end}, after the announced size of ${size} bytes; if the file has grown, abort and send it with a new upload id`,
    );
  }
  if (end > maxFileBytes) {
    return refuse("FILE_LIMIT", `the chunk ends at ${end}, after the limit of ${maxFileBytes} bytes per file`);
  }
  if (event.offset - received > maxChunkBytes) return gap(state, event.offset);
  if (event.offset > received) return { kind: "wait" };
  if (end <= received) return { kind: "compare" };
  return { kind: "append", overlap: received - event.offset, next: { ...state, received: end } };
}

/** The refusal of a chunk whose preceding bytes are missing. */
export function gap({ received, committed }: UploadState, offset: number): Refuse {
  return refuse(
    "GAP",
    `offset ${offset} does not continue the upload: ${received} bytes are received and ${committed} of them committed; resume at ${committed}`,
  );
}

function compareOnly({ phase, received }: UploadState, event: EventOf<"chunk">): Compare | Refuse {
  const end = event.offset + event.length;
  if (end <= received) return { kind: "compare" };
  return refuse("TOO_LONG", `the chunk ends at ${end}, but the upload is ${phase} with ${received} bytes`);
}

function moveCommitted(state: UploadState, { offset }: EventOf<"committed">): Update {
  return { kind: "update", next: { ...state, committed: Math.max(state.committed, offset) } };
}

function dropUnwritten(state: UploadState, event: EventOf<"dropped">): Update {
  const received = Math.max(state.committed, Math.min(state.received, event.received));
  return { kind: "update", next: { ...state, received } };
}

function startVerifying(state: UploadState, event: EventOf<"finish">): Verify | Refuse {
  const stale = staleWriter(state, event.generation);
  if (stale !== undefined) return stale;
  const { received, committed } = state;
  if (event.size !== undefined && state.size !== undefined && event.size !== state.size) {
    return refuse(
      "SIZE",
      `the announced size is ${state.size} bytes, not ${event.size}; finish with the announced size, or abort and send the file with a new upload id`,
    );
  }
  const size = event.size ?? state.size ?? received;
  if (received !== size) {
    const advice = received < size ? `send the rest from offset ${committed} on` : "finish with the right size";
    return refuse("SIZE", `${received} bytes of ${size} are received; ${advice}`);
  }
  const otherHash = unannouncedHash(state, event);
  if (otherHash !== undefined) return otherHash;
  return { kind: "verify", next: { ...state, phase: "verifying", expectedSha256: event.sha256 ?? state.sha256 } };
}

function finishAgain(state: UploadState, event: EventOf<"finish">): None | Update | Refuse {
  const stale = staleWriter(state, event.generation);
  if (stale !== undefined) return stale;
  if (event.size !== undefined && event.size !== state.received) {
    return refuse("SIZE", `the upload is being verified with ${state.received} bytes, not ${event.size}`);
  }
  const otherHash = unannouncedHash(state, event);
  if (otherHash !== undefined) return otherHash;
  if (event.sha256 === undefined || event.sha256 === state.expectedSha256) return { kind: "none" };
  return { kind: "update", next: { ...state, expectedSha256: event.sha256 } };
}

function unannouncedHash({ sha256 }: UploadState, event: EventOf<"finish">): Refuse | undefined {
  if (sha256 === undefined || event.sha256 === undefined || event.sha256 === sha256) return undefined;
  return refuse(
    "HASH",
    `the announced SHA-256 is ${sha256}, not ${event.sha256}; finish with the announced SHA-256, or abort and send the file with a new upload id`,
  );
}

function compareHash(state: UploadState, { sha256 }: EventOf<"hashComputed">): Publish | Refuse {
  const { received, expectedSha256 } = state;
  if (expectedSha256 === undefined || expectedSha256 === sha256) {
    const next = { ...state, phase: "complete", size: received, sha256, expectedSha256: undefined } as const;
    return { kind: "publish", next };
  }
  const problem =
    state.sha256 === undefined
      ? `not ${expectedSha256}; finish with the right SHA-256, or abort and send the file with a new upload id`
      : `not the announced ${expectedSha256}; abort and send the file with a new upload id`;
  return {
    ...refuse("HASH", `the ${received} received bytes have the SHA-256 ${sha256}, ${problem}`),
    next: { ...state, phase: "open", expectedSha256: undefined },
  };
}

function finishComplete({ size, sha256 }: UploadState, event: EventOf<"finish">): None | Refuse {
  if (event.size !== undefined && event.size !== size) {
    return refuse("SIZE", `the upload is complete with ${size} bytes, not ${event.size}`);
  }
  if (event.sha256 !== undefined && event.sha256 !== sha256) {
    return refuse("HASH", `the upload is complete with the SHA-256 ${sha256}, not ${event.sha256}`);
  }
  return { kind: "none" };
}

/** The database decides: bytes beyond the committed offset were never acknowledged, missing ones are lost. */
function checkLength(state: UploadState, { bytes }: EventOf<"fileChecked">): Outcome<"fileChecked"> {
  const { committed } = state;
  const length = bytes ?? 0;
  if (length < committed || (state.phase === "complete" && bytes !== committed)) {
    return { kind: "markDamaged", next: { ...state, phase: "damaged", expectedSha256: undefined } };
  }
  return length > committed ? { kind: "truncate", bytes: committed } : { kind: "none" };
}

function staleWriter(state: UploadState, generation: number): Refuse | undefined {
  if (generation === state.generation) return undefined;
  return refuse(
    "STALE_WRITER",
    generation < state.generation
      ? `another writer has taken the upload over (its generation is ${state.generation}, yours is ${generation}); stop, or start the upload again to take it back`
      : `there is no writer of generation ${generation}, the newest is ${state.generation}; start the upload again`,
  );
}

function refuse(reason: ProblemReason, message: string): Refuse {
  return { kind: "refuse", reason, message };
}
