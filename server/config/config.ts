import type { FeedSettings } from "../quote/feed/open-configured-feeds.ts";
import type { TlsFiles } from "../transport/port/tls-credentials.ts";
import type { Limits } from "../transport/protection/default-limits.ts";
import type { UploadSettings } from "../upload/compose-uploads.ts";
import { type Setting, type SettingName, settings } from "./settings.ts";

/** The settings of the tutorial services. */
export interface ClassicConfig {
  /** The interval between two messages of a stream that sends at intervals, in milliseconds. */
  readonly intervalMs: number;
  /** The maximum size of a laptop image, in bytes. */
  readonly maxImageBytes: number;
}

/** The valid values of all settings. */
export interface Config {
  /** 0: a free port. */
  readonly port: number;
  readonly host: string;
  /** The folder of the database and the uploads. */
  readonly data: string;
  /** The maximum size of the database in bytes; 0: unlimited. */
  readonly maxStoreBytes: number;
  readonly feed: FeedSettings;
  /** The symbols, besides those of the feed, that PublishQuotes may quote. */
  readonly instruments: readonly string[];
  /** Whether to fill an empty catalogue and an empty order store with demonstration data. */
  readonly demo: boolean;
  /** The number of demonstration orders. */
  readonly demoOrders: number;
  /** Absent if the tutorial services are not served. */
  readonly classic?: ClassicConfig;
  /** How long a shutdown waits for calls in progress, in milliseconds. */
  readonly graceMs: number;
  readonly tls?: TlsFiles;
  /** The origins whose pages may call this server (CORS). */
  readonly corsOrigins: readonly string[];
  /** The host names under which browsers may call, besides IP addresses and `localhost`. */
  readonly allowedHosts: readonly string[];
  /** The limits of the transport that can be set. */
  readonly limits: Pick<
    Limits,
    "readMaxBytes" | "writeMaxBytes" | "maxConnections" | "peerShare" | "messageIdleTimeoutMs"
  >;
  /** Values of shared limits that differ from their definition, by name. No setting changes these; tests do. */
  readonly sharedLimits?: Readonly<Record<string, number>>;
  readonly uploads: UploadSettings;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  readonly logFormat: "auto" | "json" | "pretty";
}

/** Invalid settings, with one sentence for each problem. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** The texts of settings by name. */
export type RawSettings = Readonly<Partial<Record<SettingName, string>>>;

/**
 * Parses the settings. A flag has precedence over its environment variable, and the variable over the default. An empty
 * variable counts as absent. Throws a {@link ConfigError} with all problems.
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
    problems.push(`--tls-cert and --tls-key need each other: --tls-${cert === undefined ? "cert" : "key"} is missing`);
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
  // Every setting with a default has a value now, and the optional ones are handled above.
  return config as Config;
}
