/** The names of the headers and trailers of Bourse. Values are ASCII unless the name ends in `-bin`. */
export const metadataNames = {
  /** Header: the number of items in the whole response, in decimal. */
  totalCount: "bourse-total-count",
  /** Trailer: the position of a stream, at which it can resume. For quotes EPOCH.SEQ, both in decimal. */
  cursor: "bourse-cursor",
  /** Trailer: the SHA-256 that the service's documentation defines, in lower-case hex. */
  sha256: "bourse-sha256",
  /** Trailer: the number of sent items, in decimal. */
  sentCount: "bourse-sent-count",
  /** Header: the unguessable id of a stream, which its control calls use. */
  streamId: "bourse-stream-id",
  /** Header: the id of the upload of a stream. */
  uploadId: "bourse-upload-id",
  /**
   * Header: the offset at which an upload resumes or a download starts. Trailer: the committed offset of the upload, or
   * the end of the sent part of the download. In bytes, in decimal.
   */
  uploadOffset: "bourse-upload-offset",
  /** Header: the size of the whole file in bytes, in decimal. */
  uploadSize: "bourse-upload-size",
} as const;

/** The names of headers and trailers of the tutorial services, which the tutorials define. */
export const classicNames = {
  /** Header: a greeting. */
  token: "token",
  /** Trailer: one for each sent product, with its number. */
  endOf: (number: number) => `end${number}`,
} as const;
