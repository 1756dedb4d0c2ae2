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
import { sendHeader, setTrailer } from "../transport/rpc/metadata.ts";
import { endOfRange, readRange } from "./file/download-file.ts";
import { type Piece, receiveUpload, verifyChecksum } from "./session/receive-upload.ts";
import type { UploadView } from "./session/upload-dependencies.ts";
import { maxChunkBytes } from "./session/upload-machine.ts";
import type { UploadPhase } from "./store/upload-record.ts";
import { toBytes, toFileMetadata, toSha256, toUpload } from "./to-upload.ts";
import { stateOf, uploadError } from "./upload-errors.ts";
import type { Uploads } from "./uploads.ts";

/** How long a stream may send nothing, in ms. Short, as the upload stays: a client loses nothing but the connection. */
export const uploadStallMs = 60_000;

/** How many uploads a page has where the client does not say. */
const defaultPageSize = 100;

export interface UploadServiceOptions {
  readonly uploads: Uploads;
  /** How long a stream may send nothing, in ms. */
  readonly stallMs: number;
}

/** Uploads over RPC, as `upload_service.proto` says. Requests have passed the rules in the protos. */
export function uploadService({ uploads, stallMs }: UploadServiceOptions): ServiceImpl<typeof UploadService> {
  const shown = (view: UploadView) => toUpload(view, uploads);

  return {
    async upload(requests, context) {
      const incoming = requests[Symbol.asyncIterator]();
      const { info, leaveOpen } = await startOf(incoming);
      const rest = { [Symbol.asyncIterator]: () => incoming };
      const view = await receiveUpload(toFileMetadata(info), piecesOf(rest), {
        uploads,
        peer: peerOf(context),
        leaveOpen,
        onStart(standing) {
          setIdlePolicy(context, { timeoutMs: stallMs, error: () => stalled(standing(), stallMs) });
          const { id, committed } = standing();
          sendHeader(context, { [metadataNames.uploadId]: id, [metadataNames.uploadOffset]: committed });
        },
        onEnd: (committed) => setTrailer(context, { [metadataNames.uploadOffset]: committed }),
        onSuperseded: (reason) => failRequests(context, reason),
      });
      return { upload: shown(view) };
    },

    async startUpload({ info }, context) {
      const view = await uploads.start(toFileMetadata(info), peerOf(context));
      return {
        upload: shown(view),
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
      return { upload: shown(await uploads.get(uploadId.toLowerCase())) };
    },

    async finishUpload({ uploadId, writerGeneration, size, sha256 }, context) {
      const words = { generation: toBytes(writerGeneration), size: toBytes(size), sha256: toSha256(sha256) };
      return { upload: shown(await uploads.finish(uploadId.toLowerCase(), words, "short", peerOf(context))) };
    },

    async abortUpload({ uploadId }, context) {
      return { upload: shown(await uploads.abort(uploadId.toLowerCase(), peerOf(context))) };
    },

    async listUploads({ states, productId, pageSize, pageToken }) {
      const query = { phases: states.map(phaseOf), productId: productId.toLowerCase() };
      const page = { limit: pageSize || defaultPageSize, before: placeOf(pageToken) };
      const { uploads: found, next } = await uploads.list({ ...query, ...page });
      return { uploads: found.map(shown), nextPageToken: next === undefined ? "" : `${next}` };
    },

    async *download({ uploadId, offset, length }, context: HandlerContext) {
      using _reading = uploads.startReading(peerOf(context));
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
        for await (const data of readRange(file, at, end)) {
          context.signal.throwIfAborted();
          yield create(DownloadResponseSchema, { offset: BigInt(at), data: data as Uint8Array<ArrayBuffer> });
          at += data.byteLength;
        }
      } finally {
        setTrailer(context, { [metadataNames.uploadOffset]: at, [metadataNames.sha256]: sha256 });
      }
    },

    getUploadLimits: (_request, context) => ({ limits: limitsOf(uploads, stallMs, peerOf(context)) }),
  };
}

async function startOf(incoming: AsyncIterator<UploadRequest>) {
  const first = await incoming.next();
  const request = first.done === true ? undefined : first.value.request;
  if (request?.case === "info") return request.value;
  const sent = request?.case === undefined ? "nothing" : request.case;
  throw new InvalidFieldError("info", `must be the first request, but ${sent} was sent: say first what the file is`);
}

async function* piecesOf(requests: AsyncIterable<UploadRequest>): AsyncGenerator<Piece> {
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
        throw new InvalidFieldError("info", "was sent before: it is the first request, and only that");
      default:
        throw new InvalidFieldError("request", "is empty: send a chunk, or finish");
    }
  }
}

function stalled(upload: UploadView, stallMs: number): Error {
  const message = `no message arrived for ${stallMs / 1_000} s: start again, and resume at the committed offset`;
  return uploadError(upload.id, upload, "STALLED", message);
}

const phases = new Map<UploadState, UploadPhase>(
  Object.entries(stateOf).map(([phase, state]) => [state, phase as UploadPhase]),
);

function phaseOf(state: UploadState): UploadPhase {
  const phase = phases.get(state);
  if (phase === undefined) throw new InvalidFieldError("states", `there is no state ${state}`);
  return phase;
}

const maxPlace = 2n ** 63n - 1n;

function placeOf(pageToken: string): bigint | undefined {
  if (pageToken === "") return undefined;
  const place = /^[1-9]\d{0,18}$/.test(pageToken) ? BigInt(pageToken) : 0n;
  // SQLite has no larger number: as a parameter it would be a mistake of the server's.
  if (place > 0n && place <= maxPlace) return place;
  throw new InvalidFieldError("page_token", "is none that a page had: begin with the first page");
}

function limitsOf(uploads: Uploads, stallMs: number, peer: string) {
  const { maxFileBytes, bytes, open } = uploads.limits;
  return create(UploadLimitsSchema, {
    maxChunkBytes,
    maxChunksInFlight: 2,
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
    stallTimeout: durationFromMs(stallMs),
  });
}
