/** An export cannot be written to its file. The message says why, and what to do. */
export class ExportFileError extends Error {
  override name = "ExportFileError";
}
