import type { Peer, SharedLimit } from "../../transport/protection/shared-limit.ts";
import type { Disk, DiskFile } from "../file/disk-operations.ts";
import type { UploadView } from "../store/upload-record.ts";
import { decodeFairly, loadSharp, maxImageBytes, maxImagePixels, readImage } from "./detect-file-type.ts";

/** The folder of thumbnails, next to the folders of uploads. */
const thumbnailFolder = "thumbnails";

/** The longer side of a thumbnail, in pixels. */
export const thumbnailPixels = 320;

/**
 * The maximum size of all stored thumbnails, in bytes. The least recently used ones are evicted and made again on
 * demand.
 */
export const maxThumbnailBytes = 256 * 1024 * 1024;

/** The maximum number of thumbnails that are queued or being made. */
export const maxQueuedThumbnails = 100;

/** The limit on queued thumbnails, which clients share. */
export const queuedThumbnailsLimit = {
  name: "maxQueuedThumbnails",
  counted: "queued thumbnails",
  max: maxQueuedThumbnails,
  advice: "wait for other thumbnails first",
};

/** The longest time that making a thumbnail may take, in seconds. */
const timeoutSeconds = 20;

/** There is no thumbnail. Has the HTTP status of the response; the message is for the client. */
export class NoThumbnailError extends Error {
  override name = "NoThumbnailError";
  readonly status: 415 | 422 | 503;

  constructor(status: 415 | 422 | 503, message: string) {
    super(message);
    this.status = status;
  }
}

/** A cache of thumbnails on the disk. A thumbnail is made on the first request for it. */
export class Thumbnails {
  readonly #disk: Disk;
  /** The size of each stored thumbnail in bytes, by upload id, the least recently used first. */
  readonly #stored = new Map<string, number>();
  /** The thumbnails that are queued or being made, by upload id. */
  readonly #pending = new Map<string, Promise<void>>();
  #storedBytes = 0;
  readonly #queueLimit: SharedLimit;

  private constructor(disk: Disk, queueLimit: SharedLimit) {
    this.#disk = disk;
    this.#queueLimit = queueLimit;
  }

  /** Opens the cache with the thumbnails that are on the disk, and removes all other files from their folder. */
  static async open(disk: Disk, queueLimit: SharedLimit): Promise<Thumbnails> {
    const thumbnails = new Thumbnails(disk, queueLimit);
    await disk.makeFolder(thumbnailFolder);
    for (const name of await disk.list(thumbnailFolder)) {
      const bytes = await disk.sizeOf(`${thumbnailFolder}/${name}`);
      if (name.endsWith(extension) && bytes !== undefined) thumbnails.#touch(name.slice(0, -extension.length), bytes);
      else await disk.remove(`${thumbnailFolder}/${name}`);
    }
    await thumbnails.#evict();
    return thumbnails;
  }

  /**
   * Resolves to the path of the thumbnail of an image, in WebP. Makes it if it is missing. Rejects with a
   * {@link NoThumbnailError} if none can be made, and with a LimitError if too many are queued.
   *
   * @param open opens the image
   * @param peer the client that requests it
   */
  async pathOf(upload: UploadView, open: () => Promise<DiskFile>, peer?: Peer): Promise<string> {
    const { id, contentType, image, size = 0 } = upload;
    if (image === undefined) {
      const limits = `up to ${maxImageBytes} bytes and ${maxImagePixels} pixels`;
      throw new NoThumbnailError(
        415,
        `no thumbnail can be made of ${contentType} of ${size} bytes: thumbnails need a readable PNG, JPEG, GIF, WebP or AVIF of ${limits}`,
      );
    }
    const bytes = this.#stored.get(id);
    if (bytes === undefined) await this.#makeOnce(id, { size, open, peer });
    else this.#touch(id, bytes);
    return pathOf(id);
  }

  /** Deletes the thumbnail of an upload if there is one. */
  async remove(id: string): Promise<void> {
    await this.#pending.get(id)?.catch(() => {});
    this.#forget(id);
    await this.#disk.remove(pathOf(id));
  }

  #makeOnce(
    id: string,
    { size, open, peer }: { readonly size: number; readonly open: () => Promise<DiskFile>; readonly peer: Peer },
  ): Promise<void> {
    const pending = this.#pending.get(id);
    if (pending !== undefined) return pending;
    const queued = this.#queueLimit.acquire(peer);
    const made = decodeFairly(peer, () => this.#make(id, size, open)).finally(() => {
      queued[Symbol.dispose]();
      this.#pending.delete(id);
    });
    this.#pending.set(id, made);
    return made;
  }

  async #make(id: string, size: number, open: () => Promise<DiskFile>): Promise<void> {
    const bytes = await shrink(await readWhole(size, open));
    const path = `${thumbnailFolder}/${id}.new`;
    await this.#disk.remove(path);
    await using file = await this.#disk.create(path);
    await file.write([bytes], 0);
    await this.#disk.rename(path, pathOf(id));
    this.#touch(id, bytes.byteLength);
    await this.#evict();
  }

  /** Makes the thumbnail the most recently used one. */
  #touch(id: string, bytes: number): void {
    this.#forget(id);
    this.#stored.set(id, bytes);
    this.#storedBytes += bytes;
  }

  #forget(id: string): void {
    this.#storedBytes -= this.#stored.get(id) ?? 0;
    this.#stored.delete(id);
  }

  async #evict(): Promise<void> {
    for (const id of this.#stored.keys()) {
      if (this.#storedBytes <= maxThumbnailBytes) return;
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
