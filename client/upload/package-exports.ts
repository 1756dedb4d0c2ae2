// biome-ignore-all lint/performance/noBarrelFile: the entry of a package is one file
// biome-ignore-all lint/performance/noReExportAll: the generated code of a family is a part of its API
/** The exports of `bourse/client/upload`: its generated code and its helpers. No file of this folder imports this one. */
export * from "../../gen/bourse/upload/v1/upload_pb.ts";
export * from "../../gen/bourse/upload/v1/upload_service_pb.ts";
export { type Crc32c, type FileHash, hashInSlices, newCrc32c, type RunningHash } from "./checksums.ts";
export type { FileUploadState, UploadProgress } from "./file-upload-state.ts";
export { type Remedy, remedyOf, UploadFailedError } from "./upload-error-remedy.ts";
export { type FileUpload, type UploadFileOptions, uploadFile } from "./upload-file.ts";
export { isSameFile, parseMemo, type UploadMemo } from "./upload-memo.ts";
export type { UploadClient } from "./upload-method.ts";
export { blobSource, FileChangedError, type UploadSource } from "./upload-source.ts";
