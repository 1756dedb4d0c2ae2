import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { runChild } from "./run-child.js";

/** @param {string} script */
const run = (script) => runChild(process.execPath, ["-e", script], { stdio: "capture" });

test("a child's exit code and output are reported", async () => {
  const result = await run('console.log("out"); process.exit(3)');
  expect(result).toEqual({ code: 3, interrupted: undefined, output: "out\n" });
});

test("a child that a signal ended is reported as shells do: 128 and the signal's number", async () => {
  expect(await run('process.kill(process.pid, "SIGKILL")')).toMatchObject({ code: 137 });
});

test("a signal to this process reaches the child once, whose exit code counts", async () => {
  // The child signals its parent when it is ready, gets the signal back, and counts what it gets for a while.
  const child = `
    let count = 0;
    process.on("SIGHUP", () => { count++; setImmediate(() => { console.log(count); process.exit(5); }); });
    process.kill(process.ppid, "SIGHUP");
    setInterval(() => {}, 1000);`;
  const before = process.listenerCount("SIGHUP");
  expect(await run(child)).toEqual({ code: 5, interrupted: "SIGHUP", output: "1\n" });
  expect(process.listenerCount("SIGHUP")).toBe(before);
});

test("a child that swallows signals is killed with what it started", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const child = `
      process.on("SIGHUP", () => process.kill(process.ppid, "SIGUSR2"));
      require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      process.kill(process.ppid, "SIGHUP");
      setInterval(() => {}, 1000);`;
    const swallowed = once(process, "SIGUSR2");
    const running = run(child);
    await swallowed;
    vi.advanceTimersByTime(3_000);
    expect(await running).toMatchObject({ code: 137, interrupted: "SIGHUP" });
  } finally {
    vi.useRealTimers();
  }
});

test("only the end of a long output is kept", async () => {
  const { output } = await run('console.log("x".repeat(100_000) + "end")');
  expect(output.length).toBe(64 * 1024);
  expect(output.endsWith("xend\n")).toBe(true);
});

test("a command that does not exist is named", async () => {
  await expect(runChild("bourse-no-such-command", [], { stdio: "capture" })).rejects.toThrow(
    "cannot run bourse-no-such-command: spawn bourse-no-such-command ENOENT",
  );
});
