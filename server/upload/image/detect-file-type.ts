import { FairSemaphore } from "../../shared/fair-semaphore.ts";
import type { Peer } from "../../transport/protection/shared-limit.ts";
import type { DiskFile } from "../file/disk-operations.ts";
import type { ImageSize } from "../store/upload-record.ts";

/** The largest image that is decoded, in bytes: it is read into memory as a whole. */
export const maxImageBytes = 32 * 1024 * 1024;

/**
 * The maximum number of pixels that are decoded: 256 MiB at four bytes each. An image of a few KB can declare billions
 * of pixels.
 */
export const maxImagePixels = 64 * 1024 * 1024;

/** The maximum number of images that are decoded at a time: each one occupies a core, and its pixels are in memory. */
export const maxConcurrentImages = 2;

/**
 * The number of bytes that are read to detect a type. The signatures of file types are in them; the farthest one, that
 * of tar, is at offset 257.
 */
const headBytes = 4_100;

const unknownType = "application/octet-stream";

/** Image types that browsers display without running anything in them. Thumbnails are made of these types only. */
export const displayedTypes: ReadonlySet<string> = new Set([
  "image/apng",
  "image/avif",
  "image/gif",
  "image/jpeg",
  "image/png",
  "image/webp",
]);

/** The type of a file, detected from its bytes. */
export interface FileType {
  /** The media type; `application/octet-stream` if it is not recognized. */
  readonly contentType: string;
  /** Absent if no thumbnail can be made of the file. */
  readonly image?: ImageSize;
}

/**
 * Detects the type of a file from its bytes. Rejects only if the file cannot be read.
 *
 * @param peer the client that uploads the file; the images of all clients are decoded round-robin
 */
export type DetectFileType = (file: DiskFile, size: number, peer?: Peer) => Promise<FileType>;

type Sharp = typeof import("sharp").default;

const images = new FairSemaphore(maxConcurrentImages);

/** Runs a task that decodes an image. At most {@link maxConcurrentImages} run at a time, round-robin over their clients. */
export function decodeFairly<T>(peer: Peer, task: () => Promise<T>): Promise<T> {
  return images.run(peer, task);
}

/** Detects the type of a file from its bytes alone; the file name is ignored. */
export const detectFileType: DetectFileType = async (file, size, peer) => {
  const contentType = await detectMediaType(file, size);
  if (!displayedTypes.has(contentType)) return { contentType };
  const image = await decodeFairly(peer, () => readImageSize(file, size));
  return { contentType, ...(image && { image }) };
};

/** Loads the image library on first use: it takes 25 MB that most servers do not need. */
export async function loadSharp(): Promise<Sharp> {
  return (await import("sharp")).default;
}

/** Reads a whole image, of at most {@link maxImageBytes}. */
export async function readImage(file: DiskFile, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size);
  await file.read(bytes, 0);
  return bytes;
}

async function detectMediaType(file: DiskFile, size: number): Promise<string> {
  const head = Buffer.alloc(Math.min(size, headBytes));
  await file.read(head, 0);
  const { fileTypeFromBuffer } = await import("file-type");
  // fileTypeFromBuffer rejects if the head declares more bytes than it has.
  const detected = await fileTypeFromBuffer(head).catch(() => undefined);
  return detected?.mime ?? unknownType;
}

/** Returns the size after the rotation by the EXIF orientation; undefined if no thumbnail can be made of the image. */
async function readImageSize(file: DiskFile, size: number): Promise<ImageSize | undefined> {
  if (size > maxImageBytes) return undefined;
  try {
    const sharp = await loadSharp();
    const { autoOrient } = await sharp(await readImage(file, size), { limitInputPixels: maxImagePixels }).metadata();
    const { width, height } = autoOrient;
    return width * height > 0 && width * height <= maxImagePixels ? { width, height } : undefined;
  } catch {
    return undefined; // Only the signature is that of an image.
  }
}
