import type { IncomingMessage, ServerResponse } from "node:http";
import { create as contentDisposition } from "content-disposition";
import send from "send";
import type { Problem } from "../../logging/repeated-problem.ts";
import { NotFoundError } from "../../shared/resource-errors.ts";
import { StoreReadError } from "../../storage/storage-errors.ts";
import type { Exchange } from "../../transport/exchange/exchange.ts";
import { LimitError } from "../../transport/protection/limit-error.ts";
import { peerKeyOf } from "../../transport/protection/peer.ts";
import { completeFolder, pathOf, type UploadView } from "../session/upload-dependencies.ts";
import { UploadError } from "../upload-errors.ts";
import type { Uploads } from "../uploads.ts";
import { displayedTypes } from "./inspect-file.ts";
import { NoThumbnailError, type Thumbnails } from "./thumbnails.ts";

export interface UploadPagesOptions {
  readonly uploads: Uploads;
  readonly thumbnails: Thumbnails;
  /** The folder that the paths of uploads are relative to, absolute. */
  readonly root: string;
  /** Watches over errors that are not the client's. */
  readonly problem: Problem;
  /** Makes a domain error of an error of the database. Default: it stays as it is. */
  readonly toDomainError?: (error: unknown) => unknown;
}

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const pagePattern = new RegExp(`^/uploads/(${uuid})(/thumbnail)?$`, "i");

/** Where a browser finds an upload. */
export function uploadPath(id: string): string {
  return `/uploads/${id}`;
}

/**
 * What clients bring may be made to attack who looks at it: nothing in it runs or is framed. That it is taken for nothing
 * but its type is a header of every response.
 */
const guardHeaders = {
  "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
} as const;

/** An upload is never changed, so what a browser has of it need not be asked for again. Its id is a secret: not public. */
const cacheForEver = "private, max-age=31536000, immutable";

/**
 * Serves complete uploads at `/uploads/{id}`, and thumbnails of images at `/uploads/{id}/thumbnail`, with ranges and
 * ETags. The returned function says whether an exchange is one of these; it does nothing with others.
 *
 * Only images of types that run nothing are shown, with the type that their bytes have; all else is to be saved.
 */
export function createUploadPages(options: UploadPagesOptions): (exchange: Exchange) => boolean {
  return (exchange) => {
    const [path = "/"] = exchange.target.split("?", 1);
    const [, id, thumbnail] = pagePattern.exec(path) ?? [];
    if (id === undefined) return false;
    const { request, response } = exchange.toNode();
    const page = { request, response, id: id.toLowerCase(), peer: peerKeyOf(exchange.peer) };
    void servePage(page, thumbnail === undefined ? serveFile : serveThumbnail, options).catch((reason) => {
      const error = options.toDomainError?.(reason) ?? reason;
      const [status, message] = answerTo(error);
      if (status === 500) options.problem.report(error);
      say(response, status, message);
    });
    return true;
  };
}

interface Page {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly id: string;
  /** The key of the client, by which its use is counted. */
  readonly peer: string;
}

type Serve = (page: Page, options: UploadPagesOptions) => Promise<void>;

async function servePage(page: Page, serve: Serve, options: UploadPagesOptions): Promise<void> {
  const reading = options.uploads.startReading(page.peer);
  if (page.response.destroyed) reading[Symbol.dispose]();
  else page.response.once("close", () => reading[Symbol.dispose]());
  await serve(page, options);
}

async function serveFile(page: Page, { uploads, root }: UploadPagesOptions): Promise<void> {
  if (refusesMethod(page)) return;
  const { upload, file } = await uploads.open(page.id);
  await file[Symbol.asyncDispose](); // It is there, and no link: what can be opened is what was stored.
  const contentType = upload.contentType ?? "application/octet-stream";
  const isShown = displayedTypes.has(contentType);
  serve(page, pathOf(page.id, completeFolder), root, {
    "content-type": isShown ? contentType : savedType(contentType),
    "content-disposition": contentDisposition(upload.fileName || page.id, { type: isShown ? "inline" : "attachment" }),
    etag: `"${upload.sha256}"`,
  });
}

async function serveThumbnail(page: Page, { uploads, thumbnails, root }: UploadPagesOptions): Promise<void> {
  if (refusesMethod(page)) return;
  const upload = await completeUpload(uploads, page.id);
  const path = await thumbnails.pathOf(upload, async () => (await uploads.open(page.id)).file, page.peer);
  serve(page, path, root, { "content-type": "image/webp", etag: `"thumbnail-${upload.sha256}"` });
}

async function completeUpload(uploads: Uploads, id: string): Promise<UploadView> {
  const upload = await uploads.get(id);
  if (upload.phase === "complete") return upload;
  throw new NotFoundError("complete upload", id);
}

/** Types that a browser might show or run are none of its business. */
function savedType(contentType: string): string {
  return /^(application\/(pdf|zip|gzip|x-7z-compressed)|audio\/|video\/)/.test(contentType)
    ? contentType
    : "application/octet-stream";
}

function serve(page: Page, path: string, root: string, headers: Readonly<Record<string, string>>): void {
  const { request, response } = page;
  send(request, path, { root, cacheControl: false, dotfiles: "deny", index: false })
    .on("headers", () => {
      response.setHeader("cache-control", cacheForEver);
      for (const [name, value] of Object.entries({ ...headers, ...guardHeaders })) response.setHeader(name, value);
    })
    .on("error", (error: { status?: number }) => {
      // What fails half-way must not look whole.
      if (response.headersSent) response.destroy();
      else if (error.status === 416) say(response, 416, "the range begins behind the end of the file");
      else if (error.status === 412) say(response, 412, "the file is another one");
      else say(response, 404, `there is no upload ${page.id}: check the id`);
    })
    .pipe(response);
}

function refusesMethod({ request, response }: Page): boolean {
  if (request.method === "GET" || request.method === "HEAD") return false;
  response.setHeader("allow", "GET, HEAD");
  say(response, 405, "uploads can be read here: bring them in by bourse.upload.v1.UploadService");
  return true;
}

function answerTo(error: unknown): [status: number, message: string] {
  if (error instanceof NoThumbnailError) return [error.status, error.message];
  if (error instanceof LimitError) return [503, error.message];
  if (error instanceof StoreReadError) return [503, error.message];
  if (error instanceof NotFoundError || error instanceof UploadError) return [404, error.message];
  return [500, "the server has failed: try again"];
}

function say(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(guardHeaders)) response.setHeader(name, value);
  response.removeHeader("etag");
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  response.end(`${message}\n`);
}
