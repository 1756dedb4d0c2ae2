import type { IncomingMessage, ServerResponse } from "node:http";
import { create as contentDisposition } from "content-disposition";
import send from "send";
import type { Problem } from "../logging/repeated-problem-log.ts";
import { NotFoundError } from "../shared/api-resource-errors.ts";
import { StoreClosedError, StoreReadError } from "../storage/storage-errors.ts";
import type { Exchange } from "../transport/exchange/exchange.ts";
import { LimitError } from "../transport/protection/limit-error.ts";
import { peerKeyOf } from "../transport/protection/peer-key.ts";
import { completeFolder, pathOf } from "./file/file-lifecycle.ts";
import { displayedTypes } from "./image/detect-file-type.ts";
import { NoThumbnailError, type Thumbnails } from "./image/thumbnails.ts";
import { UploadError } from "./upload-errors.ts";
import type { Uploads } from "./uploads.ts";

export interface UploadHttpHandlerOptions {
  readonly uploads: Uploads;
  readonly thumbnails: Thumbnails;
  /** The absolute path of the folder that contains the folders of uploads. */
  readonly root: string;
  /** Gets the errors of the server. */
  readonly problem: Problem;
  /** Converts an error of the database to a domain error. Default: errors stay as they are. */
  readonly toDomainError?: (error: unknown) => unknown;
}

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const pagePattern = new RegExp(`^/uploads/(${uuid})(/thumbnail)?$`, "i");

/** The path at which an upload is served. */
export function uploadPath(id: string): string {
  return `/uploads/${id}`;
}

/**
 * An uploaded file may attack the user who opens it. These headers forbid browsers to run anything in it and to frame it.
 * `x-content-type-options: nosniff` is on every response that a browser can read.
 */
const securityHeaders = {
  "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
} as const;

/** A complete upload never changes. It may be private, so shared caches must not store it. */
const cacheForever = "private, max-age=31536000, immutable";

/**
 * Creates a function that serves complete uploads at `/uploads/{id}` and thumbnails of images at `/uploads/{id}/thumbnail`,
 * with ranges and ETags. It returns false, and does nothing, if the exchange has another path.
 *
 * Browsers display images of the {@link displayedTypes}. They save files of all other types.
 */
export function createUploadHttpHandler(options: UploadHttpHandlerOptions): (exchange: Exchange) => boolean {
  return (exchange) => {
    const [path = "/"] = exchange.target.split("?", 1);
    const [, id, thumbnail] = pagePattern.exec(path) ?? [];
    if (id === undefined) return false;
    const { request, response } = exchange.toNode();
    const download = { request, response, id: id.toLowerCase(), peer: peerKeyOf(exchange.peer) };
    void serve(download, thumbnail === undefined ? "file" : "thumbnail", options).catch((reason) => {
      const error = options.toDomainError?.(reason) ?? reason;
      const { status, message } = toResponse(error);
      if (status === 500) options.problem.report(error);
      sendText(response, status, message);
    });
    return true;
  };
}

interface Download {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
  /** The client; its share of the limits counts the request. */
  readonly peer: string;
}

async function serve(download: Download, kind: "file" | "thumbnail", options: UploadHttpHandlerOptions): Promise<void> {
  const { request, response, peer } = download;
  const counted = options.uploads.startDownload(peer);
  if (response.destroyed) counted[Symbol.dispose]();
  else response.once("close", () => counted[Symbol.dispose]());
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    sendText(response, 405, "uploads can only be read here: upload files with bourse.upload.v1.UploadService");
    return;
  }
  await (kind === "file" ? serveFile(download, options) : serveThumbnail(download, options));
}

async function serveFile(download: Download, { uploads, root }: UploadHttpHandlerOptions): Promise<void> {
  const { upload, file } = await uploads.open(download.id);
  await file[Symbol.asyncDispose](); // Opening it proves that it exists and is not a symbolic link.
  const contentType = upload.contentType ?? "application/octet-stream";
  const isDisplayed = displayedTypes.has(contentType);
  sendFile(download, pathOf(download.id, completeFolder), root, {
    "content-type": isDisplayed ? contentType : toDownloadType(contentType),
    "content-disposition": contentDisposition(upload.fileName || download.id, {
      type: isDisplayed ? "inline" : "attachment",
    }),
    etag: `"${upload.sha256}"`,
  });
}

async function serveThumbnail(
  download: Download,
  { uploads, thumbnails, root }: UploadHttpHandlerOptions,
): Promise<void> {
  const upload = await uploads.getComplete(download.id);
  const path = await thumbnails.pathOf(upload, async () => (await uploads.open(download.id)).file, download.peer);
  sendFile(download, path, root, { "content-type": "image/webp", etag: `"thumbnail-${upload.sha256}"` });
}

/** Returns the type only if browsers do not display or run it. */
function toDownloadType(contentType: string): string {
  return /^(application\/(pdf|zip|gzip|x-7z-compressed)|audio\/|video\/)/.test(contentType)
    ? contentType
    : "application/octet-stream";
}

function sendFile(download: Download, path: string, root: string, headers: Readonly<Record<string, string>>): void {
  const { request, response } = download;
  send(request, path, { root, cacheControl: false, dotfiles: "deny", index: false })
    .on("headers", () => {
      response.setHeader("cache-control", cacheForever);
      for (const [name, value] of Object.entries({ ...headers, ...securityHeaders })) response.setHeader(name, value);
    })
    .on("error", (error: { status?: number }) => {
      // An incomplete response must not look complete.
      if (response.headersSent) response.destroy();
      else if (error.status === 416) sendText(response, 416, "the range starts after the end of the file");
      else if (error.status === 412) sendText(response, 412, "the file does not match the precondition of the request");
      else
        sendText(
          response,
          404,
          `the file of the upload ${download.id} cannot be read: it may have been deleted; retry`,
        );
    })
    .pipe(response);
}

function toResponse(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof NoThumbnailError) return { status: error.status, message: error.message };
  if (error instanceof LimitError) return { status: 503, message: error.message };
  if (error instanceof StoreReadError || error instanceof StoreClosedError)
    return { status: 503, message: error.message };
  if (error instanceof NotFoundError || error instanceof UploadError) return { status: 404, message: error.message };
  return { status: 500, message: "internal error; retry later" };
}

function sendText(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  response.removeHeader("etag");
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  response.end(`${message}\n`);
}
