import { yieldToEventLoop } from "../../../client/shared/timers.ts";

// Browsers read the file after the click; none takes longer to begin.
const keptMs = 60_000;

/** Has the browser save a text file that is made part by part, with a turn for the browser after each. */
export async function downloadText(name: string, type: string, parts: Iterable<string>): Promise<void> {
  const blobs: Blob[] = [];
  for (const part of parts) {
    blobs.push(new Blob([part])); // The browser may keep it outside of the page's memory.
    await yieldToEventLoop();
  }
  const url = URL.createObjectURL(new Blob(blobs, { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), keptMs);
}
