import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { runChild } from "./run-child.js";

/** @param {string} script */
const run = (script) => runChild(process.execPath, ["-e", script], { stdio: "capture" });

test("a child's exit code and output are reported", async () => {
  const result = await run('console.log("out"); process.exit(3)');
  expect(result).toEqual({ code: 3, interrupted: undefined, output: "out\n" });
});

test("the exit code of a child that a signal ended is 128 and the number of the signal, as in shells", async () => {
  expect(await run('process.kill(process.pid, "SIGKILL")')).toMatchObject({ code: 137 });
});

test("a signal to this process is forwarded to the child once, and the exit code is that of the child", async () => {
  // The child sends its parent a signal when it is ready, receives it back, and counts the signals that it receives.
  const child = `
    let count = 0;
    process.on("SIGHUP", () => { count++; setImmediate(() => { console.log(count); process.exit(5); }); });
    process.kill(process.ppid, "SIGHUP");
    setInterval(() => {}, 1000);`;
  const before = process.listenerCount("SIGHUP");
  expect(await run(child)).toEqual({ code: 5, interrupted: "SIGHUP", output: "1\n" });
  expect(process.listenerCount("SIGHUP")).toBe(before);
});

test("a child that ignores signals is killed with its descendants", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const child = `
      process.on("SIGHUP", () => process.kill(process.ppid, "SIGUSR2"));
      require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      process.kill(process.ppid, "SIGHUP");
      setInterval(() => {}, 1000);`;
    const ignored = once(process, "SIGUSR2");
    const running = run(child);
    await ignored;
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

test("the error for an unknown command names it", async () => {
  await expect(runChild("bourse-no-such-command", [], { stdio: "capture" })).rejects.toThrow(
    "cannot run bourse-no-such-command: spawn bourse-no-such-command ENOENT",
  );
});
