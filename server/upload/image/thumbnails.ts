import type { Peer, SharedLimit } from "../../transport/protection/shared-limit.ts";
import type { Disk, DiskFile } from "../file/disk.ts";
import type { UploadView } from "../session/upload-dependencies.ts";
import { imageTurn, loadSharp, maxImageBytes, maxImagePixels, readImage } from "./inspect-file.ts";

/** Where thumbnails are kept, beside the folders of uploads. */
const thumbnailFolder = "thumbnails";

/** The longer side of a thumbnail, in pixels. */
export const thumbnailPixels = 320;

/** How much all thumbnails together may take on the disk: those that were not asked for the longest are made anew. */
export const maxThumbnailBytes = 256 * 1024 * 1024;

/** How many thumbnails may wait to be made. */
export const maxWaitingThumbnails = 100;

/** The limit on them, as clients share it. */
export const waitingThumbnailLimit = {
  name: "maxWaitingThumbnails",
  counted: "waiting thumbnails",
  max: maxWaitingThumbnails,
  advice: "wait for others first",
};

/** How long making one may take, in seconds. */
const timeoutSeconds = 20;

/** Why there is no thumbnail, as an HTTP status and a sentence. */
export class NoThumbnailError extends Error {
  override name = "NoThumbnailError";
  readonly status: 415 | 422 | 503;

  constructor(status: 415 | 422 | 503, message: string) {
    super(message);
    this.status = status;
  }
}

/** Small pictures of images, made when they are asked for, and kept on the disk within a bound. */
export class Thumbnails {
  readonly #disk: Disk;
  // Sizes by upload, the one that was not asked for the longest first.
  readonly #kept = new Map<string, number>();
  readonly #making = new Map<string, Promise<void>>();
  #keptBytes = 0;

  readonly #waitingLimit: SharedLimit;

  private constructor(disk: Disk, waitingLimit: SharedLimit) {
    this.#disk = disk;
    this.#waitingLimit = waitingLimit;
  }

  /** Takes up those that were made before. */
  static async open(disk: Disk, waitingLimit: SharedLimit): Promise<Thumbnails> {
    const thumbnails = new Thumbnails(disk, waitingLimit);
    await disk.makeFolder(thumbnailFolder);
    for (const name of await disk.list(thumbnailFolder)) {
      const bytes = await disk.sizeOf(`${thumbnailFolder}/${name}`);
      if (name.endsWith(extension) && bytes !== undefined) thumbnails.#note(name.slice(0, -extension.length), bytes);
      else await disk.remove(`${thumbnailFolder}/${name}`);
    }
    await thumbnails.#makeRoom();
    return thumbnails;
  }

  /**
   * Resolves to the path of an image's thumbnail, WebP, which is made where it is missing. Rejects with a
   * {@link NoThumbnailError} where there can be none, and with a LimitError if too many wait.
   *
   * @param open opens the image
   * @param peer the client that asks
   */
  async pathOf(upload: UploadView, open: () => Promise<DiskFile>, peer?: Peer): Promise<string> {
    const { id, contentType, image, size = 0 } = upload;
    if (image === undefined) {
      const limits = `up to ${maxImageBytes} bytes and ${maxImagePixels} pixels`;
      throw new NoThumbnailError(
        415,
        `the upload is no image that a thumbnail can be made of: it is ${contentType} of ${size} bytes, and must be a PNG, JPEG, GIF, WebP or AVIF of ${limits} that can be read`,
      );
    }
    const bytes = this.#kept.get(id);
    if (bytes === undefined) await this.#makeOnce(id, { size, open, peer });
    else this.#note(id, bytes);
    return pathOf(id);
  }

  /** Deletes an upload's thumbnail, if there is one. */
  async remove(id: string): Promise<void> {
    await this.#making.get(id)?.catch(() => {});
    this.#forget(id);
    await this.#disk.remove(pathOf(id));
  }

  #makeOnce(
    id: string,
    { size, open, peer }: { readonly size: number; readonly open: () => Promise<DiskFile>; readonly peer: Peer },
  ): Promise<void> {
    const known = this.#making.get(id);
    if (known !== undefined) return known;
    const waiting = this.#waitingLimit.acquire(peer);
    const making = imageTurn(peer, () => this.#make(id, size, open)).finally(() => {
      waiting[Symbol.dispose]();
      this.#making.delete(id);
    });
    this.#making.set(id, making);
    return making;
  }

  async #make(id: string, size: number, open: () => Promise<DiskFile>): Promise<void> {
    const bytes = await shrink(await readWhole(size, open));
    const path = `${thumbnailFolder}/${id}.new`;
    await this.#disk.remove(path);
    await using file = await this.#disk.create(path);
    await file.write([bytes], 0);
    await this.#disk.rename(path, pathOf(id));
    this.#note(id, bytes.byteLength);
    await this.#makeRoom();
  }

  #note(id: string, bytes: number): void {
    this.#forget(id);
    this.#kept.set(id, bytes);
    this.#keptBytes += bytes;
  }

  #forget(id: string): void {
    this.#keptBytes -= this.#kept.get(id) ?? 0;
    this.#kept.delete(id);
  }

  async #makeRoom(): Promise<void> {
    for (const id of this.#kept.keys()) {
      if (this.#keptBytes <= maxThumbnailBytes) return;
      this.#forget(id);
      await this.#disk.remove(pathOf(id));
    }
  }
}

const extension = ".webp";

function pathOf(id: string): string {
  return `${thumbnailFolder}/${id}${extension}`;
}

async function readWhole(size: number, open: () => Promise<DiskFile>): Promise<Buffer> {
  await using file = await open();
  return readImage(file, size);
}

async function shrink(image: Buffer): Promise<Buffer> {
  try {
    const sharp = await loadSharp();
    return await sharp(image, { limitInputPixels: maxImagePixels, autoOrient: true })
      .resize({ width: thumbnailPixels, height: thumbnailPixels, fit: "inside", withoutEnlargement: true })
      .webp()
      .timeout({ seconds: timeoutSeconds })
      .toBuffer();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    throw new NoThumbnailError(422, `no thumbnail can be made of the image: ${reason}`);
  }
}
