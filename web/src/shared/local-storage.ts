/** Reads an item of the browser's local storage. Returns undefined if it is missing or access is denied. */
export function readItem(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined; // the browser throws in some private modes and if cookies are blocked
  }
}

/** Writes an item of the local storage, or removes it if `text` is undefined. Does nothing if access is denied. */
export function writeItem(key: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // The dashboard works without stored items.
  }
}

/** Returns the keys of the local storage that begin with a prefix. Returns none if access is denied. */
export function listKeys(prefix: string): readonly string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
