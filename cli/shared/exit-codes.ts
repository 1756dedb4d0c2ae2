/** The exit codes of commands. */
export const exitCodes = {
  success: 0,
  error: 1,
  /** `serve`: invalid settings. Imports, submissions and publications: some lines were rejected, and all others are stored. */
  rejected: 2,
  /** `--timeout` has passed. The code is that of timeout(1). */
  timedOut: 124,
  /** SIGINT, as shells report it. */
  interrupted: 130,
  /** SIGTERM, as shells report it. */
  terminated: 143,
} as const;

/** Meanings of exit codes, or of ranges as in `65-80`, for users. Null: a command does not have the code. */
export type ExitCodeMeanings = Readonly<Record<string, string | null>>;

/** The general meanings, in the help and in docs/reference/commands.md. */
export const exitCodeMeanings = {
  0: "success; also if the reader closes standard output, as in `| head`",
  1: "an error: the last line of standard error states the problem and the remedy",
  2: "some lines of an import, a submission or a publication were rejected, all others are stored; serve: invalid settings",
  124: "the time of --timeout has passed",
  130: "SIGINT (Ctrl-C)",
  143: "SIGTERM",
} as const satisfies ExitCodeMeanings;
