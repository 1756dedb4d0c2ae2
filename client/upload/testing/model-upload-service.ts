import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type UploadInfoSchema, UploadProblemReason, UploadState } from "../../../gen/bourse/upload/v1/upload_pb.ts";
import type { UploadRequestSchema } from "../../../gen/bourse/upload/v1/upload_service_pb.ts";
import { type Crc32c, newCrc32c } from "../checksums.ts";
import type { UploadClient } from "../upload-method.ts";
import { finish, type ModelUpload, problem, uploadOf } from "./model-upload.ts";

/** A fault at a step of a call. `restart` affects the whole server. */
export type Fault = "lost" | "restart" | "damaged" | "slow" | "client-dies";

/** The largest chunk, in bytes. It is small, so that small files have many chunks. */
export const modelChunkBytes = 64;

/** The number of bytes after which a stream commits. */
const commitBytes = 3 * modelChunkBytes;

/** The number of event loop turns for which a chunk waits for the previous one. */
const waitTurns = 30;

type Options = { readonly signal?: AbortSignal; readonly onHeader?: (header: Headers) => void } | undefined;

/**
 * A model of the upload service as the protos specify it, in memory, with faults at the steps that a test selects. Each
 * call has a step before its execution and one before its response. In a stream each message is a step.
 */
export class ModelUploadService {
  readonly sessions = new Map<string, ModelUpload>();
  /** The names of all calls. */
  readonly calls: string[] = [];
  /** The faults by step. */
  faults: ReadonlyMap<number, Fault> = new Map();
  /** The number of steps. */
  steps = 0;
  /** All calls wait from this step on, until a test increases it. */
  stopAt = Number.POSITIVE_INFINITY;
  /** The number of VERIFYING responses of FinishUpload before the final one. */
  polls = 0;
  onClientDies: () => void = () => {};
  /** The error of all calls. Undefined: calls succeed. */
  failure: ConnectError | undefined;
  /** The number of chunk calls in flight, and its maximum. */
  inFlight = 0;
  mostInFlight = 0;
  #epoch = new AbortController();
  #crc32c: Crc32c | undefined;

  readonly client: UploadClient = {
    getUploadLimits: () =>
      this.#unary("limits", undefined, undefined, () => ({
        limits: { maxChunkBytes: modelChunkBytes, maxChunksInFlight: 2 },
      })) as never,
    startUpload: ({ info }, options) =>
      this.#unary("start", undefined, options, () => {
        const session = this.#start(info ?? {});
        const committedOffset = BigInt(session.bytes.length);
        return { upload: uploadOf(session), committedOffset, writerGeneration: session.generation };
      }) as never,
    uploadChunk: async (request, options) => {
      this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
      const chunk = async (data: Uint8Array = new Uint8Array()) => ({
        committedOffset: await this.#chunk({ ...request, data }),
      });
      return this.#unary("chunk", request.data, options, chunk).finally(() => this.inFlight--) as never;
    },
    getUpload: ({ uploadId = "" }, options) =>
      this.#unary("get", undefined, options, () => ({ upload: uploadOf(this.#session(uploadId)) })) as never,
    finishUpload: ({ uploadId = "", writerGeneration, size, sha256: digest = new Uint8Array() }, options) =>
      this.#unary("finish", undefined, options, () => {
        const session = this.#session(uploadId);
        this.#checkWriter(session, writerGeneration);
        if (session.polls-- > 0) return { upload: { ...uploadOf(session), state: UploadState.VERIFYING } };
        return { upload: finish(session, size, digest) };
      }) as never,
    abortUpload: ({ uploadId = "" }, options) =>
      this.#unary("abort", undefined, options, () => {
        const session = this.#session(uploadId);
        session.state = UploadState.ABORTED;
        session.bytes = new Uint8Array();
        return { upload: uploadOf(session) };
      }) as never,
    upload: (requests, options) => this.#upload(requests, options) as never,
  };

  /** Another client takes an upload over, and sends the next bytes. */
  steal(uploadId: string, bytes = new Uint8Array()): void {
    const session = this.#session(uploadId);
    session.generation++;
    session.bytes = joined(session.bytes, bytes);
  }

  async #unary<T>(name: string, data: Uint8Array | undefined, options: Options, handle: (data?: Uint8Array) => T) {
    this.calls.push(name);
    const fault = await this.#step(options?.signal);
    const answer = await this.#inEpoch(options, async () => {
      if (this.failure !== undefined) throw this.failure;
      return handle(fault === "damaged" && data !== undefined ? damaged(data) : data);
    });
    await this.#step(options?.signal);
    return answer;
  }

  async #upload(requests: AsyncIterable<MessageInitShape<typeof UploadRequestSchema>>, options: Options) {
    this.calls.push("upload");
    let session: ModelUpload | undefined;
    let generation = 0n;
    let arrived = new Uint8Array();
    let isLost = false;
    const commit = () => {
      if (session?.generation === generation) session.bytes = joined(session.bytes, arrived);
      arrived = new Uint8Array();
    };
    const epoch = this.#epoch.signal;
    try {
      return await this.#inEpoch(options, async () => {
        if (this.failure !== undefined) throw this.failure;
        for await (const { request } of requests) {
          const fault = await this.#step(options?.signal).catch((reason: unknown) => {
            isLost = true;
            throw reason;
          });
          epoch.throwIfAborted();
          if (request?.case === "info") {
            session = this.#start(request.value.info ?? {});
            generation = session.generation;
            options?.onHeader?.(new Headers({ "bourse-upload-offset": String(session.bytes.length) }));
          } else if (request?.case === "chunk" && session) {
            this.#checkWriter(session, generation);
            const data = (request.value.data ?? new Uint8Array()) as Uint8Array;
            const at = Number(request.value.offset);
            const place = session.bytes.length + arrived.length;
            if (at !== place) throw problem(Code.OutOfRange, UploadProblemReason.GAP, session);
            await this.#checkSum(session, fault === "damaged" ? damaged(data) : data, request.value.crc32c);
            arrived = joined(arrived, data);
            if (arrived.length >= commitBytes) commit();
          } else if (request?.case === "finish" && session) {
            this.#checkWriter(session, generation);
            commit();
            const upload = finish(
              session,
              request.value.size,
              (request.value.sha256 ?? new Uint8Array()) as Uint8Array,
            );
            await this.#step(options?.signal);
            return { upload };
          }
        }
        throw new ConnectError("the stream ended early", Code.Unavailable);
      });
    } finally {
      if (!epoch.aborted && !isLost) commit(); // a server that restarts loses the bytes that are not committed
    }
  }

  /** A step of a call. Throws if the fault loses the call. */
  async #step(signal: AbortSignal | undefined): Promise<Fault | undefined> {
    const step = this.steps++;
    const fault = this.faults.get(step);
    await turns(fault === "slow" ? 7 : 1);
    while (step >= this.stopAt && !signal?.aborted) await turns(1);
    switch (fault) {
      case "lost":
        throw new ConnectError("lost", Code.Unavailable);
      case "restart":
        this.#epoch.abort(new ConnectError("the server has restarted", Code.Unavailable));
        this.#epoch = new AbortController();
        throw new ConnectError("the server has restarted", Code.Unavailable);
      case "client-dies":
        this.onClientDies();
        break;
      case "damaged":
      case "slow":
      case undefined:
    }
    if (signal?.aborted) throw new ConnectError("cancelled", Code.Canceled);
    return fault;
  }

  /** Executes a call. Rejects if the server restarts or the client cancels in the meantime. */
  #inEpoch<T>(options: Options, call: () => Promise<T>): Promise<Awaited<T>> {
    const signal = AbortSignal.any([this.#epoch.signal, ...(options?.signal ? [options.signal] : [])]);
    const down = Promise.withResolvers<never>();
    const onAbort = () => down.reject(ConnectError.from(signal.reason));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    return Promise.race([call(), down.promise]);
  }

  #start(info: MessageInitShape<typeof UploadInfoSchema>): ModelUpload {
    const id = info.uploadId ?? "";
    let session = this.sessions.get(id);
    if (session === undefined) {
      session = { info, bytes: new Uint8Array(), state: UploadState.OPEN, generation: 0n, polls: this.polls };
      this.sessions.set(id, session);
    }
    if (JSON.stringify(session.info, plain) !== JSON.stringify(info, plain)) {
      throw problem(Code.AlreadyExists, UploadProblemReason.CONFLICT, session);
    }
    if (session.state !== UploadState.OPEN && session.state !== UploadState.COMPLETE) {
      throw problem(Code.FailedPrecondition, UploadProblemReason.STATE, session);
    }
    session.generation++;
    return session;
  }

  async #chunk(
    request: MessageInitShape<
      typeof import("../../../gen/bourse/upload/v1/upload_service_pb.ts").UploadChunkRequestSchema
    >,
  ) {
    const session = this.#session(request.uploadId ?? "");
    const data = (request.data ?? new Uint8Array()) as Uint8Array;
    const offset = Number(request.offset);
    this.#checkWriter(session, request.writerGeneration);
    await this.#checkSum(session, data, request.crc32c);
    for (let turn = 0; offset > session.bytes.length; turn++) {
      const isTooFar = offset - session.bytes.length > modelChunkBytes;
      if (isTooFar || turn >= waitTurns) throw problem(Code.OutOfRange, UploadProblemReason.GAP, session);
      await turns(1);
      this.#checkWriter(session, request.writerGeneration);
    }
    const known = session.bytes.subarray(offset, offset + data.length);
    if (known.some((byte, index) => byte !== data[index])) {
      throw problem(Code.InvalidArgument, UploadProblemReason.OVERLAP, session);
    }
    session.bytes = joined(session.bytes, data.subarray(known.length));
    return BigInt(session.bytes.length);
  }

  async #checkSum(session: ModelUpload, data: Uint8Array, checksum: number | undefined): Promise<void> {
    this.#crc32c ??= await newCrc32c();
    if (checksum === this.#crc32c(data)) return;
    throw problem(Code.DataLoss, UploadProblemReason.CHECKSUM, session);
  }

  #checkWriter(session: ModelUpload, generation: bigint | undefined): void {
    if (session.state === UploadState.COMPLETE) return;
    if (session.state !== UploadState.OPEN) {
      throw problem(Code.FailedPrecondition, UploadProblemReason.STATE, session);
    }
    if (generation !== session.generation) throw problem(Code.Aborted, UploadProblemReason.STALE_WRITER, session);
  }

  #session(uploadId: string): ModelUpload {
    const session = this.sessions.get(uploadId);
    if (session === undefined) throw new ConnectError(`there is no upload ${uploadId}`, Code.NotFound);
    return session;
  }
}

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function damaged(data: Uint8Array): Uint8Array {
  const copy = data.slice();
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
