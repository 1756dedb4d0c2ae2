import { readCommandLine } from "../../../server/config/command-line.ts";
import { ConfigError } from "../../../server/config/config.ts";
import { settings } from "../../../server/config/settings.ts";
import { declared, type FuzzTarget, invariant } from "../engine/fuzz-target.ts";
import { InputReader } from "../engine/input-reader.ts";

// A command line and an environment result in a valid config, or in error messages of bounded size.

const names = Object.keys(settings);
const variables = Object.values(settings).map(({ variable }) => variable);

/** The maximum length of a problem without the given value, in characters. Each setting has at most one problem. */
const problemChars = 400;

export const target: FuzzTarget = {
  maxBytes: 256,
  seeds: [
    ...names.map((name) => Buffer.from(`\x00--${name}\n1`)),
    ...variables.map((variable) => Buffer.from(`\x01${variable}=0x10`)),
    Buffer.from("\x00--feed=replay:x\n--no-demo\n--speed\nmax\n--cors-origin\nhttps://a.example, *"),
    Buffer.from("\x01PORT=8080\nBOURSE_GRACE=1e3\nBOURSE_ALLOWED_HOST=a.example"),
  ],
  run(input) {
    const reader = new InputReader(input);
    const isFlags = reader.byte() % 2 === 0;
    const lines: string[] = [];
    while (!reader.isAtEnd) lines.push(reader.line());
    const args = isFlags ? lines : [];
    const environment = Object.fromEntries(isFlags ? [] : lines.map((line) => line.split("=", 2)));
    const read = declared(() => readCommandLine(args, environment, "0.0.0"), ConfigError);
    if (read instanceof ConfigError) {
      const bound = problemChars * (names.length + lines.length) + 4 * input.length;
      invariant(read.message.length <= bound, `the error message has ${read.message.length} characters`);
      return;
    }
    if (read instanceof Error || read.kind !== "serve") return;
    const { port, graceMs, limits, uploads, feed } = read.config;
    invariant(Number.isInteger(port) && port >= 0 && port <= 65_535, `the port is ${port}`);
    invariant(graceMs >= 0 && Number.isFinite(graceMs), `the grace is ${graceMs}`);
    const numbers = [...Object.values(limits), ...Object.values(uploads), read.config.maxStoreBytes];
    invariant(
      numbers.every((value) => typeof value !== "number" || value >= 0),
      `the limits are ${numbers}`,
    );
    invariant(feed.kind !== "replay" || feed.speed > 0, "the speed is 0");
  },
};
