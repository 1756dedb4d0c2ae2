import { readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import type { SecureContextOptions, Server } from "node:tls";

/** Where the TLS credentials are, as PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** The authorities of client certificates. Where it is given, a client without a valid certificate is refused. */
  readonly clientCa?: string;
}

/** How long to wait after a change before the files are read again: certificate and key change one after the other. */
const settleMs = 200;

/** Reads the credentials. Throws an error that names the file that cannot be read. */
export function readTlsFiles(files: TlsFiles): SecureContextOptions {
  const options: SecureContextOptions = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
  return files.clientCa === undefined ? options : { ...options, ca: readFileSync(files.clientCa) };
}

function isSame(one: SecureContextOptions, other: SecureContextOptions): boolean {
  const keys = ["cert", "key", "ca"] as const;
  return keys.every((name) => String(one[name] ?? "") === String(other[name] ?? ""));
}

/**
 * Reads the credentials again whenever their files change, and uses them for new connections if they are others. Calls `report`
 * after each reload, with the problem if they cannot be used: the old ones stay in use. Returns what ends the watching.
 */
export function reloadTlsFiles(server: Server, files: TlsFiles, report: (problem?: unknown) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let used: SecureContextOptions | undefined = readTlsFiles(files);
  const reload = () => {
    try {
      const read = readTlsFiles(files);
      // What else changes in their folders is no news, unless they could not be used before.
      if (used !== undefined && isSame(read, used)) return;
      server.setSecureContext(read);
      used = read;
      report();
    } catch (problem) {
      used = undefined;
      report(problem);
    }
  };
  // The folders, not the files: tools replace certificates by renaming, which would end the watch of a file.
  const folders = new Set(Object.values(files).map((file) => dirname(file)));
  const watchers = [...folders].map((folder) =>
    watch(folder, { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(reload, settleMs);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
