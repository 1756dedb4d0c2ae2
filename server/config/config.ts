import type { FeedSettings } from "../quote/feed/open-feeds.ts";
import type { TlsFiles } from "../transport/port/tls-credentials.ts";
import type { Limits } from "../transport/protection/limits.ts";
import type { UploadSettings } from "../upload/assemble-uploads.ts";
import { type Setting, type SettingName, settings } from "./settings.ts";

/** How the classic services behave. */
interface ClassicConfig {
  /** The time between two messages of a stream that has a pace. */
  readonly intervalMs: number;
  /** The largest image of a laptop that is taken. */
  readonly maxImageBytes: number;
}

/** Everything that can be set, checked. */
export interface Config {
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** The folder of the database and the blobs. */
  readonly data: string;
  /** The most bytes that the database may have; 0: no limit. */
  readonly maxStoreBytes: number;
  readonly feed: FeedSettings;
  /** Symbols that are quoted besides the feed's, by who publishes them. */
  readonly instruments: readonly string[];
  /** Whether an empty catalogue is filled with demonstration products, and an empty order book with orders. */
  readonly demo: boolean;
  /** How many demonstration orders there are. */
  readonly demoOrders: number;
  /** The classic services; absent: left out. */
  readonly classic?: ClassicConfig;
  /** How long a shutdown waits for calls under way, in ms. */
  readonly graceMs: number;
  readonly tls?: TlsFiles;
  /** Origins of pages that may call from elsewhere. */
  readonly corsOrigins: readonly string[];
  /** Host names by which browsers may call, besides addresses and `localhost`. */
  readonly allowedHosts: readonly string[];
  /** The limits of the transport that can be set. */
  readonly limits: Pick<
    Limits,
    "readMaxBytes" | "writeMaxBytes" | "maxConnections" | "peerShare" | "messageIdleTimeoutMs"
  >;
  /** Limits that clients share and that are not the defined ones, by name; no setting changes these. */
  readonly sharedLimits?: Readonly<Record<string, number>>;
  /** What uploads are allowed. */
  readonly uploads: UploadSettings;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  readonly logFormat: "auto" | "json" | "pretty";
}

/** Settings that cannot be used: all of their problems, a sentence each. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** The raw text of settings by name: what flags and environment said. */
export type RawSettings = Readonly<Partial<Record<SettingName, string>>>;

/**
 * Makes a config of what flags and environment say; flags win, defaults fill the rest, and an empty variable counts
 * as absent. Throws a {@link ConfigError} with every problem.
 */
export function readConfig(flags: RawSettings, environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];

  type Parsed<Name extends SettingName> = ReturnType<(typeof settings)[Name]["parse"]>;

  function value<Name extends SettingName>(name: Name): Parsed<Name> | undefined {
    const setting: Setting<unknown> = settings[name];
    const fromFlag = flags[name];
    const raw = fromFlag ?? (environment[setting.variable] || undefined) ?? setting.fallback;
    if (raw === undefined) return undefined;
    try {
      return setting.parse(raw) as Parsed<Name>;
    } catch (error) {
      const source = fromFlag === undefined ? setting.variable : `--${name}`;
      problems.push(`${source}: ${(error as Error).message}, not ${JSON.stringify(raw)}`);
      return undefined;
    }
  }

  const cert = value("tls-cert");
  const key = value("tls-key");
  const clientCa = value("tls-client-ca");
  if ((cert === undefined) !== (key === undefined)) {
    problems.push(`--tls-cert and --tls-key go together: --tls-${cert === undefined ? "cert" : "key"} is missing`);
  }
  if (clientCa !== undefined && cert === undefined) {
    problems.push("--tls-client-ca needs --tls-cert and --tls-key");
  }
  const tls = cert !== undefined && key !== undefined ? { cert, key, ...(clientCa && { clientCa }) } : undefined;
  const columns = value("replay-columns");
  const replay = {
    speed: value("speed"),
    loop: value("replay-loop"),
    start: value("replay-start"),
    ...(columns && { columns }),
  };
  const simulated = {
    seed: value("seed"),
    instruments: value("simulated-instruments"),
    rate: value("simulated-rate"),
  };
  const feed = value("feed");
  const classic = { intervalMs: value("classic-interval"), maxImageBytes: value("classic-max-image") };

  const config = {
    port: value("port"),
    host: value("host"),
    data: value("data"),
    maxStoreBytes: value("max-store"),
    feed: feed?.kind === "replay" ? { ...feed, ...replay } : { kind: "simulated", ...simulated },
    instruments: value("instruments") ?? [],
    demo: value("demo"),
    demoOrders: value("demo-orders"),
    ...(value("classic") && { classic }),
    graceMs: value("grace"),
    ...(tls && { tls }),
    corsOrigins: value("cors-origin") ?? [],
    allowedHosts: value("allowed-host") ?? [],
    limits: {
      readMaxBytes: value("max-receive"),
      writeMaxBytes: value("max-send"),
      maxConnections: value("max-connections"),
      peerShare: value("peer-share"),
      messageIdleTimeoutMs: value("client-idle"),
    },
    uploads: {
      maxFileBytes: value("max-upload"),
      maxTotalBytes: value("upload-quota"),
      maxOpenUploads: value("max-open-uploads"),
      expiryMs: (value("upload-expiry") ?? 0) * 1_000,
    },
    logLevel: value("log-level"),
    logFormat: value("log-format"),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  // Every setting without a problem has a value: those that may be absent are handled above.
  return config as Config;
}
