import { readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import type { SecureContextOptions, Server } from "node:tls";

/** The paths of the TLS credentials, as PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** The authorities of client certificates. If given, a client without a valid certificate is refused. */
  readonly clientCa?: string;
}

/** The delay between a change and the reload, in ms: certificate and key change one after the other. */
const settleMs = 200;

/** Reads the credentials. Throws an error with the path of a file that cannot be read. */
export function readTlsFiles(files: TlsFiles): SecureContextOptions {
  const options: SecureContextOptions = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
  return files.clientCa === undefined ? options : { ...options, ca: readFileSync(files.clientCa) };
}

function isEqual(one: SecureContextOptions, other: SecureContextOptions): boolean {
  const keys = ["cert", "key", "ca"] as const;
  return keys.every((name) => String(one[name] ?? "") === String(other[name] ?? ""));
}

/**
 * Watches the files, and uses changed credentials for new connections. Calls `onReload` after each reload, with the problem
 * if the new credentials cannot be used: then the old ones stay in use. Returns a function that stops watching.
 */
export function reloadTlsFiles(server: Server, files: TlsFiles, onReload: (problem?: unknown) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let used: SecureContextOptions | undefined = readTlsFiles(files);
  const reload = () => {
    try {
      const read = readTlsFiles(files);
      // Another file in the folder has changed. Reported only if the credentials could not be used before.
      if (used !== undefined && isEqual(read, used)) return;
      server.setSecureContext(read);
      used = read;
      onReload();
    } catch (problem) {
      used = undefined;
      onReload(problem);
    }
  };
  // Folders are watched, not files: tools replace certificates by renaming, which ends the watch of a file.
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
