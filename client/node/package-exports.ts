// biome-ignore-all lint/performance/noBarrelFile: the entry of a package is one file
/** The exports of `bourse/client/node`: files and hashes of Node. No file of this folder imports this one. */
export { type FileSource, NotAFileError, openFileSource } from "./file-source.ts";
export { nativeFileHash, nativeSha256 } from "./native-sha256.ts";
