import type { FileMetadata, UploadRecord } from "../store/upload-record.ts";

/** How the words of a start differ from those of the first one, as a sentence without its end; `undefined`: they do not. */
export function differenceOf(record: UploadRecord, words: FileMetadata): string | undefined {
  for (const [key, name] of comparedWords) {
    // What was not told is not otherwise: a client that resumes need not know all that it once knew.
    if (words[key] === undefined || words[key] === "" || words[key] === record[key]) continue;
    if (record[key] === undefined) continue;
    return `its ${name} was ${JSON.stringify(record[key])}, not ${JSON.stringify(words[key])}`;
  }
  return undefined;
}

const comparedWords = [
  ["fileName", "name"],
  ["productId", "product"],
  ["size", "size"],
  ["sha256", "SHA-256"],
] as const;
