import { openSync } from "node:fs";
import { expect, test } from "vitest";
import { LogDestination } from "./log-destination.ts";
import { createLogger } from "./logger.ts";

const settings = { logLevel: "trace" } as const;

test.each(["json", "pretty"] as const)(
  "lines that do not fit on the disk are dropped without an error (%s)",
  (logFormat) => {
    const log = createLogger({ ...settings, logFormat }, openSync("/dev/full", "w"));
    for (let n = 0; n < 10_000; n++) log.info({ n }, "a line that does not fit");
  },
);

test("after free space returns, lines are written again, and the number of dropped lines is reported", () => {
  const disk = { hasSpace: true, text: "" };
  const destination = new LogDestination(1, (_, bytes) => {
    if (!disk.hasSpace) throw failure("ENOSPC");
    disk.text += Buffer.from(bytes).toString();
    return bytes.length;
  });
  destination.write("first\n");
  disk.hasSpace = false;
  for (let n = 0; n < 3; n++) destination.write("lost\n");
  disk.hasSpace = true;
  destination.write("second\n");
  destination.write("third\n");
  const [first, lost = "", ...others] = disk.text.split("\n");
  expect([first, ...others]).toEqual(["first", "second", "third", ""]);
  expect(JSON.parse(lost)).toMatchObject({ level: 40, lines: 3, msg: "lines of the log could not be written" });
});

test("a line that a full disk truncated is terminated before the next", () => {
  const disk = { space: 4, text: "" };
  const destination = new LogDestination(1, (_, bytes) => {
    if (disk.space === 0) throw failure("ENOSPC");
    const part = bytes.subarray(0, disk.space);
    disk.space -= part.length;
    disk.text += Buffer.from(part).toString();
    return part.length;
  });
  destination.write("first\n");
  disk.space = 1_000;
  destination.write("second\n");
  expect(disk.text.split("\n").filter((line) => !line.startsWith("{"))).toEqual(["firs", "second", ""]);
});

test("a slow reader delays a line, but only up to a limit", () => {
  let [late, text] = [3, ""];
  const destination = new LogDestination(1, (_, bytes) => {
    if (late-- > 0) throw failure("EAGAIN");
    text += Buffer.from(bytes).toString();
    return bytes.length;
  });
  destination.write("first\n");
  expect(text).toBe("first\n");
  late = Number.POSITIVE_INFINITY;
  const began = performance.now();
  destination.write("second\n");
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(text).toBe("first\n");
});

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
