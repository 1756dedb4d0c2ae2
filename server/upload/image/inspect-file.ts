import { FairSemaphore } from "../../shared/fair-semaphore.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import type { DiskFile } from "../file/disk.ts";
import type { FileNature, InspectFile } from "../session/upload-dependencies.ts";
import type { ImageSize } from "../store/upload-record.ts";

/** The largest file that a thumbnail is made of: it is read as a whole. */
export const maxImageBytes = 32 * 1024 * 1024;

/** The most pixels that are decoded: at four bytes each 256 MiB. A picture of a few KB can have billions. */
export const maxImagePixels = 64 * 1024 * 1024;

/** How many images are looked at or made smaller at a time: each takes a core, and its pixels in memory. */
export const maxImagesAtWork = 2;

/** Where types of files show: they have their marks in the first bytes, the farthest (a tar's) at 257. */
const headBytes = 4_100;

/** What a file is that does not tell. */
const unknownType = "application/octet-stream";

/** Types of images that browsers show without running anything that is in them, and that thumbnails are made of. */
export const displayedTypes: ReadonlySet<string> = new Set([
  "image/apng",
  "image/avif",
  "image/gif",
  "image/jpeg",
  "image/png",
  "image/webp",
]);

type Sharp = typeof import("sharp").default;

const images = new FairSemaphore(maxImagesAtWork);

/** Runs a task with an image of a client: so many at a time, from all clients in turn. */
export function imageTurn<T>(peer: Peer, task: () => Promise<T>): Promise<T> {
  return images.run(peer, task);
}

/** Finds what a file is from its bytes alone; its name is not asked. */
export const inspectFile: InspectFile = async (file, size, peer): Promise<FileNature> => {
  const contentType = await typeOf(file, size);
  if (!displayedTypes.has(contentType)) return { contentType };
  const image = await imageTurn(peer, () => sizeOfImage(file, size));
  return { contentType, ...(image && { image }) };
};

/** The library of images, loaded when there is one: 25 MB that most servers need not have. */
export async function loadSharp(): Promise<Sharp> {
  return (await import("sharp")).default;
}

/** Reads a whole image. Only for files of up to {@link maxImageBytes}. */
export async function readImage(file: DiskFile, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size);
  await file.read(bytes, 0);
  return bytes;
}

async function typeOf(file: DiskFile, size: number): Promise<string> {
  const head = Buffer.alloc(Math.min(size, headBytes));
  await file.read(head, 0);
  const { fileTypeFromBuffer } = await import("file-type");
  // It rejects where a type promises more than there is.
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  return found?.mime ?? unknownType;
}

/** The size as it is shown; `undefined` where no thumbnail can be made of it. */
async function sizeOfImage(file: DiskFile, size: number): Promise<ImageSize | undefined> {
  if (size > maxImageBytes) return undefined;
  try {
    const sharp = await loadSharp();
    const { autoOrient } = await sharp(await readImage(file, size), { limitInputPixels: maxImagePixels }).metadata();
    const { width, height } = autoOrient;
    return width * height > 0 && width * height <= maxImagePixels ? { width, height } : undefined;
  } catch {
    return undefined; // It only looks like an image.
  }
}
