import { yieldToEventLoop } from "../../../client/shared/timers.ts";

// The browser reads the blob after the click, within this time.
const urlLifetimeMs = 60_000;

/** Downloads a text file that is generated in parts. Yields to the event loop after each part. */
export async function downloadTextFile(name: string, type: string, parts: Iterable<string>): Promise<void> {
  const blobs: Blob[] = [];
  for (const part of parts) {
    blobs.push(new Blob([part])); // the browser can keep a blob outside of the page's memory
    await yieldToEventLoop();
  }
  const url = URL.createObjectURL(new Blob(blobs, { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), urlLifetimeMs);
}
