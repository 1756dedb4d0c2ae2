import { chmodSync, closeSync, constants, mkdirSync, openSync, statSync } from "node:fs";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;

/** The modes of private files and folders. Only the user of the server may read them: they have secrets and client data. */
export const privateFileMode = 0o600;
export const privateFolderMode = 0o700;

/** The permissions of the group and of others. */
const sharedBits = 0o077;

/** Creates a folder and its parents with {@link privateFolderMode}. Does not change an existing folder. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: privateFolderMode });
}

/** Whether other users have any permission for a folder. */
export function isShared(path: string): boolean {
  return (statSync(path).mode & sharedBits) !== 0;
}

/**
 * Creates an empty file that only this user may read, whatever the umask is. If the file exists, restricts its permissions
 * instead, and does not open it: closing it would release the POSIX locks that the process has on it.
 *
 * @param path a symbolic link is not followed
 */
export function ensurePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    restrictPermissions(path);
  }
}

/** Removes the permissions of other users from a file, which an earlier version set. Does nothing if it does not exist. */
export function restrictPermissions(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile() || (found.mode & sharedBits) === 0) return;
  try {
    chmodSync(path, found.mode & 0o700);
  } catch (error) {
    // Another user owns the file and decides about its permissions.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}
