/** The names of the targets, which are the names of their files. */
export const targetNames = [
  "calls",
  "request-messages",
  "json-requests",
  "decoded-requests",
  "headers",
  "metadata",
  "origins",
  "tokens",
  "cursors",
  "csv-files",
  "tick-files",
  "columns",
  "texts",
  "searches",
  "file-names",
  "downloads",
  "preface",
  "command-lines",
] as const;

export type TargetName = (typeof targetNames)[number];
