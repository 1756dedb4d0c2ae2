import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { Timers } from "../../client/timers.ts";
import { UploadLimitsSchema, type UploadState } from "../../gen/bourse/upload/v1/upload_pb.ts";
import {
  DownloadResponseSchema,
  type UploadRequest,
  type UploadService,
} from "../../gen/bourse/upload/v1/upload_service_pb.ts";
import { InvalidFieldError } from "../domain-errors.ts";
import { metadataNames } from "../metadata-names.ts";
import { sendHeader, setTrailer } from "../transport/metadata.ts";
import { endOfRange, readRange } from "./download-file.ts";
import { PatientReader } from "./patient-reader.ts";
import { type Piece, receiveUpload, verifyChecksum } from "./receive-upload.ts";
import { toBytes, toFileWords, toSha256, toUpload } from "./to-upload.ts";
import { stateOf, uploadError } from "./upload-error.ts";
import { maxChunkBytes } from "./upload-machine.ts";
import type { UploadView } from "./upload-parts.ts";
import type { UploadPhase } from "./upload-record.ts";
import type { Uploads } from "./uploads.ts";

/** How long a stream may be silent. The upload stays, so a client loses nothing but the connection. */
export const uploadStallMs = 60_000;

/** How many uploads a page has where the client does not say. */
const defaultPageSize = 100;

export interface UploadServiceOptions {
  readonly uploads: Uploads;
  readonly timers: Timers;
}

/** Uploads over RPC, as `upload_service.proto` says. Requests have passed the rules in the protos. */
export function uploadService({ uploads, timers }: UploadServiceOptions): ServiceImpl<typeof UploadService> {
  const shown = (view: UploadView) => toUpload(view, uploads.expiryMs);

  return {
    async upload(requests, context) {
      let current: (() => UploadView) | undefined;
      const onStall = () => stalled(current?.());
      using incoming = new PatientReader(requests, { timers, stallMs: uploadStallMs, onStall });
      const { info, leaveOpen } = await startOf(incoming);
      const view = await receiveUpload(toFileWords(info), piecesOf(incoming), {
        uploads,
        leaveOpen,
        onStart(standing) {
          current = standing;
          const { id, committed } = standing();
          sendHeader(context, { [metadataNames.uploadId]: id, [metadataNames.uploadOffset]: committed });
        },
        onEnd: (committed) => setTrailer(context, { [metadataNames.uploadOffset]: committed }),
        onSuperseded: (reason) => incoming.stop(reason),
      });
      return { upload: shown(view) };
    },

    async startUpload({ info }) {
      const view = await uploads.start(toFileWords(info));
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

    async finishUpload({ uploadId, writerGeneration, size, sha256 }) {
      const words = { generation: toBytes(writerGeneration), size: toBytes(size), sha256: toSha256(sha256) };
      return { upload: shown(await uploads.finish(uploadId.toLowerCase(), words)) };
    },

    async abortUpload({ uploadId }) {
      return { upload: shown(await uploads.abort(uploadId.toLowerCase())) };
    },

    async listUploads({ states, productId, pageSize, pageToken }) {
      const query = { phases: states.map(phaseOf), productId: productId.toLowerCase() };
      const page = { limit: pageSize || defaultPageSize, before: placeOf(pageToken) };
      const { uploads: found, next } = await uploads.list({ ...query, ...page });
      return { uploads: found.map(shown), nextPageToken: next === undefined ? "" : `${next}` };
    },

    async *download({ uploadId, offset, length }, context: HandlerContext) {
      using _reading = uploads.startReading();
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

    getUploadLimits: () => ({ limits: limitsOf(uploads) }),
  };
}

async function startOf(incoming: PatientReader<UploadRequest>) {
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

function stalled(upload: UploadView | undefined): Error {
  const silence = `nothing came for ${uploadStallMs / 1_000} s`;
  if (upload === undefined) return new InvalidFieldError("info", `${silence}: send it first`);
  return uploadError(upload.id, upload, "STALLED", `${silence}: come back, and go on at the committed offset`);
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

function limitsOf(uploads: Uploads) {
  const { maxFileBytes, maxTotalBytes, maxOpenUploads } = uploads.limits;
  return create(UploadLimitsSchema, {
    maxChunkBytes,
    maxChunksInFlight: 2,
    maxFileBytes: BigInt(maxFileBytes),
    maxTotalBytes: BigInt(maxTotalBytes),
    totalBytes: BigInt(uploads.totalBytes),
    maxOpenUploads,
    openUploads: uploads.openCount,
    expiry: durationFromMs(uploads.expiryMs),
    stallTimeout: durationFromMs(uploadStallMs),
  });
}
