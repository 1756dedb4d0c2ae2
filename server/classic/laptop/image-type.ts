import { InvalidFieldError } from "../../shared/request-errors.ts";

/** The types of images that are known, and the media types that the bytes of each may have. */
export const imageTypes: Readonly<Record<string, readonly string[]>> = {
  apng: ["image/apng"],
  avif: ["image/avif"],
  gif: ["image/gif"],
  jpeg: ["image/jpeg"],
  jpg: ["image/jpeg"],
  // An animated one is still one.
  png: ["image/png", "image/apng"],
  webp: ["image/webp"],
};

/** A type of images. */
export interface ImageType {
  /** Lower case, without a dot. */
  readonly name: string;
  readonly mediaTypes: readonly string[];
}

/**
 * The type that a client names, with or without a dot and in any case. Throws an InvalidFieldError where it is not
 * known; so it is one of few words, whatever was sent.
 */
export function imageTypeOf(raw: string): ImageType {
  const name = raw.replace(/^\./, "").toLowerCase();
  const mediaTypes = Object.hasOwn(imageTypes, name) ? imageTypes[name] : undefined;
  if (mediaTypes !== undefined) return { name, mediaTypes };
  const known = Object.keys(imageTypes).join(", ");
  throw new InvalidFieldError("info.image_type", `${JSON.stringify(raw)} is no known type: give one of ${known}`);
}
