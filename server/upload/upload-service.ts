import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { UploadLimitsSchema, type UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import {
  DownloadResponseSchema,
  type UploadRequest,
  type UploadService,
} from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { metadataNames } from "../shared/metadata-names.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { failRequests, peerOf, setIdlePolicy } from "../transport/rpc/call.ts";
import { sendHeader, setTrailer } from "../transport/rpc/response-metadata.ts";
import { toBytes, toFileMetadata, toSha256, toUpload } from "./convert-upload-messages.ts";
import { endOfRange, readFileRange } from "./file/read-file-range.ts";
import { type Piece, receiveUploadStream, verifyChecksum } from "./session/receive-upload-stream.ts";
import { maxChunksInFlight } from "./session/upload-session.ts";
import { maxChunkBytes } from "./session/upload-state-machine.ts";
import type { UploadPhase, UploadView } from "./store/upload-record.ts";
import { protoStates, uploadError } from "./upload-errors.ts";
import type { Uploads } from "./uploads.ts";

/**
 * How long a stream of Upload may be idle, in milliseconds. Short, because the upload stays open: a stalled client loses
 * only its connection.
 */
export const uploadIdleTimeoutMs = 60_000;

/** The page size of ListUploads if the request has none. */
const defaultPageSize = 100;

export interface UploadServiceOptions {
  readonly uploads: Uploads;
  /** How long a stream of Upload may be idle, in milliseconds. */
  readonly idleTimeoutMs: number;
}

/** The service of `upload_service.proto`. Requests must have been validated by the rules of the protos. */
export function uploadService({ uploads, idleTimeoutMs }: UploadServiceOptions): ServiceImpl<typeof UploadService> {
  const toMessage = (view: UploadView) => toUpload(view, uploads);

  return {
    async upload(requests, context) {
      const incoming = requests[Symbol.asyncIterator]();
      const { info, leaveOpen } = await readStart(incoming);
      const rest = { [Symbol.asyncIterator]: () => incoming };
      const view = await receiveUploadStream(toFileMetadata(info), toPieces(rest), {
        uploads,
        peer: peerOf(context),
        leaveOpen,
        onStart(current) {
          setIdlePolicy(context, { timeoutMs: idleTimeoutMs, error: () => idleError(current(), idleTimeoutMs) });
          const { id, committed } = current();
          sendHeader(context, { [metadataNames.uploadId]: id, [metadataNames.uploadOffset]: committed });
        },
        onEnd: (committed) => setTrailer(context, { [metadataNames.uploadOffset]: committed }),
        onSuperseded: (reason) => failRequests(context, reason),
      });
      return { upload: toMessage(view) };
    },

    async startUpload({ info }, context) {
      const view = await uploads.start(toFileMetadata(info), peerOf(context));
      return {
        upload: toMessage(view),
        committedOffset: BigInt(view.committed),
        writerGeneration: BigInt(view.generation),
      };
    },

    async uploadChunk({ uploadId, writerGeneration, offset, data, crc32c }) {
      const id = uploadId.toLowerCase();
      const at = toBytes(offset);
      if (crc32c !== undefined) verifyChecksum(await uploads.get(id), { data, crc32c }, at);
      const committed = await uploads.writeChunk(id, { generation: toBytes(writerGeneration), offset: at, data });
      return { committedOffset: BigInt(committed) };
    },

    async getUpload({ uploadId }) {
      return { upload: toMessage(await uploads.get(uploadId.toLowerCase())) };
    },

    async finishUpload({ uploadId, writerGeneration, size, sha256 }, context) {
      const request = { generation: toBytes(writerGeneration), size: toBytes(size), sha256: toSha256(sha256) };
      return { upload: toMessage(await uploads.finish(uploadId.toLowerCase(), request, "short", peerOf(context))) };
    },

    async abortUpload({ uploadId }, context) {
      return { upload: toMessage(await uploads.abort(uploadId.toLowerCase(), peerOf(context))) };
    },

    async listUploads({ states, productId, pageSize, pageToken }) {
      const selection = { phases: states.map(toPhase), productId: productId.toLowerCase() };
      const page = { limit: pageSize || defaultPageSize, before: parsePageToken(pageToken) };
      const { uploads: listed, next } = await uploads.list({ ...selection, ...page });
      return { uploads: listed.map(toMessage), nextPageToken: next === undefined ? "" : `${next}` };
    },

    async *download({ uploadId, offset, length }, context: HandlerContext) {
      using _download = uploads.startDownload(peerOf(context));
      const { upload, file } = await uploads.open(uploadId.toLowerCase());
      await using _opened = file;
      const { size = 0, sha256 = "" } = upload;
      let at = toBytes(offset);
      const end = endOfRange({ offset: at, length: toBytes(length) }, size);
      sendHeader(context, {
        [metadataNames.uploadId]: upload.id,
        [metadataNames.uploadSize]: size,
        [metadataNames.uploadOffset]: at,
        [metadataNames.sha256]: sha256,
      });
      try {
        for await (const data of readFileRange(file, at, end)) {
          context.signal.throwIfAborted();
          yield create(DownloadResponseSchema, { offset: BigInt(at), data: data as Uint8Array<ArrayBuffer> });
          at += data.byteLength;
        }
      } finally {
        setTrailer(context, { [metadataNames.uploadOffset]: at, [metadataNames.sha256]: sha256 });
      }
    },

    getUploadLimits: (_request, context) => ({ limits: limitsOf(uploads, idleTimeoutMs, peerOf(context)) }),
  };
}

async function readStart(incoming: AsyncIterator<UploadRequest>) {
  const first = await incoming.next();
  const request = first.done === true ? undefined : first.value.request;
  if (request?.case === "info") return request.value;
  const sent = request?.case === undefined ? "nothing" : request.case;
  throw new InvalidFieldError(
    "info",
    `must be the first request, but ${sent} was sent: send the description of the file first`,
  );
}

async function* toPieces(requests: AsyncIterable<UploadRequest>): AsyncGenerator<Piece> {
  for await (const { request } of requests) {
    switch (request.case) {
      case "chunk": {
        const { offset, data, crc32c } = request.value;
        yield { kind: "chunk", offset: offset === undefined ? undefined : toBytes(offset), data, crc32c };
        break;
      }
      case "finish": {
        const { size, sha256 } = request.value;
        yield { kind: "finish", size: size === undefined ? undefined : toBytes(size), sha256: toSha256(sha256) };
        break;
      }
      case "info":
        throw new InvalidFieldError("info", "was sent twice: only the first request has it");
      default:
        throw new InvalidFieldError("request", "is empty: send a chunk or finish");
    }
  }
}

function idleError(upload: UploadView, idleTimeoutMs: number): Error {
  const message = `no message arrived for ${idleTimeoutMs / 1_000} s; start again and resume at the committed offset`;
  return uploadError(upload.id, upload, "STALLED", message);
}

const phases = new Map<UploadState, UploadPhase>(
  Object.entries(protoStates).map(([phase, state]) => [state, phase as UploadPhase]),
);

function toPhase(state: UploadState): UploadPhase {
  const phase = phases.get(state);
  if (phase === undefined) throw new InvalidFieldError("states", `there is no state ${state}`);
  return phase;
}

/** The largest integer of SQLite. A larger parameter would be an error of the database. */
const maxSequence = 2n ** 63n - 1n;

/** Returns the position in the order of creation that a page token names; undefined if the token is empty. */
function parsePageToken(token: string): bigint | undefined {
  if (token === "") return undefined;
  const sequence = /^[1-9]\d{0,18}$/.test(token) ? BigInt(token) : 0n;
  if (sequence > 0n && sequence <= maxSequence) return sequence;
  throw new InvalidFieldError("page_token", "is not a token of a page: start with the first page");
}

function limitsOf(uploads: Uploads, idleTimeoutMs: number, peer: string) {
  const { maxFileBytes, bytes, open } = uploads.limits;
  return create(UploadLimitsSchema, {
    maxChunkBytes,
    maxChunksInFlight: maxChunksInFlight / 2, // the other half is for chunks of a broken connection
    maxFileBytes: BigInt(maxFileBytes),
    maxTotalBytes: BigInt(bytes.max),
    totalBytes: BigInt(bytes.used),
    maxOpenUploads: open.max,
    openUploads: open.used,
    maxClientBytes: BigInt(bytes.maxPerPeer),
    clientBytes: BigInt(bytes.usedBy(peer)),
    maxClientOpenUploads: open.maxPerPeer,
    clientOpenUploads: open.usedBy(peer),
    expiry: durationFromMs(uploads.expiryMs),
    emptyExpiry: durationFromMs(uploads.emptyExpiryMs),
    stallTimeout: durationFromMs(idleTimeoutMs),
  });
}
