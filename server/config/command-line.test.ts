import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { readCommandLine } from "./command-line.ts";
import { ConfigError } from "./config.ts";
import { settings } from "./settings.ts";

const existing = "package.json";

function configOf(args: string[], environment: Record<string, string> = {}) {
  const commandLine = readCommandLine(args, environment, "1.2.3");
  if (commandLine.kind !== "serve") throw new Error("the command line does not start a server");
  return commandLine.config;
}

function problemsOf(args: string[], environment: Record<string, string> = {}): readonly string[] {
  try {
    readCommandLine(args, environment, "1.2.3");
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("every required setting has a default", () => {
  expect(configOf([])).toEqual({
    port: 8080,
    host: "127.0.0.1",
    data: resolve("data"),
    maxStoreBytes: 0,
    feed: { kind: "simulated", seed: 1, instruments: 500, rate: 200 },
    instruments: [],
    demo: true,
    demoOrders: 200_000,
    classic: { intervalMs: 1_000, maxImageBytes: 1_048_576 },
    graceMs: 10_000,
    corsOrigins: [],
    allowedHosts: [],
    limits: {
      readMaxBytes: 4_194_304,
      writeMaxBytes: 4_194_304,
      maxConnections: 10_000,
      peerShare: 0.5,
      messageIdleTimeoutMs: 600_000,
    },
    uploads: { maxFileBytes: 2 ** 35, maxTotalBytes: 2 ** 38, maxOpenUploads: 1_000, expiryMs: 7 * 86_400_000 },
    logLevel: "info",
    logFormat: "auto",
  });
});

test("a flag sets each setting", () => {
  const flags = ["--port", "0", "--host=::1", "--data", "/tmp/x", "--feed", `replay:${existing}`, "--speed", "max"];
  const more = [
    "--no-demo",
    "--demo-orders",
    "5",
    "--no-classic",
    "--grace",
    "0.5",
    "--cors-origin",
    "https://a.example,http://b.example:3000",
  ];
  const bounds = [
    "--allowed-host",
    "a.example,B.example",
    "--max-receive",
    "1",
    "--max-send",
    "2",
    "--client-idle",
    "4",
    "--max-connections",
    "3",
    "--peer-share",
    "0.25",
    "--max-store",
    "4",
  ];
  const uploads = ["--max-upload", "4", "--upload-quota", "5", "--max-open-uploads", "6", "--upload-expiry", "60"];
  const tls = ["--tls-cert", existing, "--tls-key", existing, "--tls-client-ca", existing];
  const replay = ["--replay-loop", "--replay-start", "subscriber", "--replay-columns", "time=ts,bid=b"];
  const quotes = [...replay, "--instruments", "GOLD, EUR/USD"];
  const file = resolve(existing);
  expect(
    configOf([
      ...flags,
      ...more,
      ...quotes,
      ...bounds,
      ...uploads,
      ...tls,
      "--log-level",
      "debug",
      "--log-format",
      "json",
    ]),
  ).toEqual({
    port: 0,
    host: "::1",
    data: "/tmp/x",
    maxStoreBytes: 4,
    feed: {
      kind: "replay",
      file,
      speed: Number.POSITIVE_INFINITY,
      loop: true,
      start: "subscriber",
      columns: { time: "ts", bid: "b" },
    },
    instruments: ["GOLD", "EUR/USD"],
    demo: false,
    demoOrders: 5,
    graceMs: 500,
    tls: { cert: file, key: file, clientCa: file },
    corsOrigins: ["https://a.example", "http://b.example:3000"],
    allowedHosts: ["a.example", "b.example"],
    limits: { readMaxBytes: 1, writeMaxBytes: 2, maxConnections: 3, peerShare: 0.25, messageIdleTimeoutMs: 4_000 },
    uploads: { maxFileBytes: 4, maxTotalBytes: 5, maxOpenUploads: 6, expiryMs: 60_000 },
    logLevel: "debug",
    logFormat: "json",
  });
});

test("a variable sets a setting without a flag, and an empty variable is ignored", () => {
  const config = configOf(["--port", "1"], { PORT: "2", HOST: "localhost", BOURSE_DEMO: "false", BOURSE_GRACE: "" });
  expect(config).toMatchObject({ port: 1, host: "localhost", demo: false, graceMs: 10_000 });
});

test("the tutorial services have an interval, unless they are not served", () => {
  expect(configOf(["--classic-interval", "0", "--classic-max-image", "5"]).classic).toEqual({
    intervalMs: 0,
    maxImageBytes: 5,
  });
  expect(configOf(["--no-classic", "--classic-interval", "0"]).classic).toBeUndefined();
});

test("the simulated market has the configured size", () => {
  const flags = ["--simulated-instruments", "9999", "--simulated-rate", "10000", "--seed", "7"];
  expect(configOf(flags).feed).toEqual({ kind: "simulated", seed: 7, instruments: 9999, rate: 10_000 });
});

describe("problems", () => {
  test("are reported together, each with the valid values", () => {
    const args = ["--port", "99999", "--tls-cert", existing, "--prot"];
    expect(problemsOf(args, { BOURSE_FEED: "live" })).toEqual([
      "unknown argument --prot: --help lists the flags",
      "--tls-cert and --tls-key need each other: --tls-key is missing",
      'BOURSE_FEED: expected simulated or replay:FILE, not "live"',
      '--port: expected a whole number from 0 to 65535, not "99999"',
    ]);
  });

  test.each([
    [["--port", "80.5"], /whole number/],
    [["--port", ""], /whole number/],
    [["--port"], /argument missing/],
    [["--host", " "], /expected a value/],
    [["--feed", "replay:"], /replay:FILE/],
    [["--feed", "replay:/no/such.csv"], /there is no \/no\/such\.csv/],
    [["--speed", "0"], /above 0/],
    [["--replay-start", "later"], /one of now, subscriber/],
    [["--replay-columns", "bid"], /FIELD=COLUMN pairs such as time=ts,bid=b/],
    [["--simulated-instruments", "10000"], /from 1 to 9999/],
    [["--simulated-rate", "0"], /from 1 to 1000000/],
    [["--instruments", "A,,B"], /symbols of 1 to 64 bytes/],
    [["--instruments", "A,B,A"], /each once/],
    [["--instruments", "A,TEST"], /not TEST or \*/],
    [["--instruments", "*"], /not TEST or \*/],
    [["--grace", "-1"], /seconds/],
    [["--cors-origin", "example.org"], /https:\/\/example\.org/],
    [["--cors-origin", "https://example.org/path"], /origins such as/],
    [["--allowed-host", "a.example:80"], /without a port/],
    [["--max-receive", "0"], /from 1 to 4294967295/],
    [["--log-level", "loud"], /trace, debug/],
    [["--tls-client-ca", existing], /needs --tls-cert/],
  ])("%j is refused", (args, problem) => {
    expect(problemsOf(args)).toEqual([expect.stringMatching(problem)]);
  });

  test("of a variable name the variable", () => {
    expect(problemsOf([], { BOURSE_DEMO: "perhaps" })).toEqual(['BOURSE_DEMO: expected true or false, not "perhaps"']);
  });
});

test("--help lists every setting with its variable", () => {
  const help = readCommandLine(["--help"], {}, "1.2.3");
  if (help.kind !== "print") throw new Error("--help does not print");
  for (const [name, { variable }] of Object.entries(settings)) {
    expect(help.text).toContain(`--${name}`);
    expect(help.text).toContain(variable);
  }
});

test("--version prints the version", () => {
  expect(readCommandLine(["--version"], {}, "1.2.3")).toEqual({ kind: "print", text: "1.2.3\n" });
});
