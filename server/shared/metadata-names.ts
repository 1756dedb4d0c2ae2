/** The name of every header and trailer of ours, with its meaning. Values are ASCII unless the name ends in `-bin`. */
export const metadataNames = {
  /** Header: how many items the whole answer has, in decimal. */
  totalCount: "bourse-total-count",
  /** Trailer: the place a stream got to, from which it can go on. For quotes EPOCH.SEQ, both in decimal. */
  cursor: "bourse-cursor",
  /** Trailer: the SHA-256 that the service's documentation defines, in lower-case hex. */
  sha256: "bourse-sha256",
  /** Trailer: how many items were sent, in decimal. */
  sentCount: "bourse-sent-count",
  /** Header: the unguessable name of a stream, by which it can be controlled. */
  streamId: "bourse-stream-id",
  /** Header: the upload that a stream belongs to. */
  uploadId: "bourse-upload-id",
  /**
   * Header: where an upload goes on, or a download begins. Trailer: how much of the upload is committed, or where the
   * download got to. In bytes, in decimal.
   */
  uploadOffset: "bourse-upload-offset",
  /** Header: how many bytes the whole file has, in decimal. */
  uploadSize: "bourse-upload-size",
} as const;

/** The names of headers and trailers of the classic services, which their tutorials chose. */
export const classicNames = {
  /** Header: a greeting. */
  token: "token",
  /** Trailer: that a product was sent, with its number. */
  endOf: (number: number) => `end${number}`,
} as const;
