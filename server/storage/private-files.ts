import { chmodSync, closeSync, constants, mkdirSync, openSync, statSync } from "node:fs";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;

/** Only the server's own user may read what it stores: the database has secrets and what clients have sent. */
export const privateFileMode = 0o600;
export const privateFolderMode = 0o700;

/** The bits that let the group and all others do anything. */
const sharedBits = 0o077;

/** Makes a folder, and those above it, for this user alone; one that exists is left as it is. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: privateFolderMode });
}

/** Whether others than the owner may list a folder or use what is in it. */
export function isShared(path: string): boolean {
  return (statSync(path).mode & sharedBits) !== 0;
}

/**
 * Makes sure that there is a file, empty if it is new, which only this user may read, whatever the umask is. One that
 * exists loses the permissions of others. It is not opened then: closing a file drops the POSIX locks that the process
 * has on it.
 *
 * @param path no symbolic link is followed to make the file
 */
export function ensurePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, privateFileMode));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    restrictPermissions(path);
  }
}

/** Takes the permissions of others from a file, as a version before had left them. Nothing happens if there is none. */
export function restrictPermissions(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile() || (found.mode & sharedBits) === 0) return;
  try {
    chmodSync(path, found.mode & 0o700);
  } catch (error) {
    // Another user owns it, who decides who may read it.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}
