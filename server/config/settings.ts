import { resolve } from "node:path";
import { tickFields } from "../../client/quote/tick-csv-columns.ts";
import { parseColumnMapping } from "../../client/shared/csv-column-mapping.ts";
import { maxInstruments, maxTicksPerSecond } from "../quote/feed/quote-feed.ts";
import { defaultLimits } from "../transport/protection/default-limits.ts";
import {
  existingFile,
  nonEmpty,
  oneOf,
  parseBoolean,
  parseFeed,
  parseHosts,
  parseOrigins,
  parseSeconds,
  parseShare,
  parseSpeed,
  parseSymbols,
  wholeNumber,
} from "./setting-parsers.ts";

/** A setting, with a flag of its name and an environment variable. */
export interface Setting<T> {
  readonly variable: string;
  /** The placeholder of the value in the help. Absent: the flag has no value, and `--no-NAME` is its opposite. */
  readonly placeholder?: string;
  readonly help: string;
  /** The default, as text. */
  readonly fallback?: string;
  /** Throws an error that states the permitted values; the caller appends the value. */
  readonly parse: (raw: string) => T;
}

/** The maximum size of a message, in bytes: an envelope has 32 bits for the length. */
const maxMessageBytes = 2 ** 32 - 1;

const GiB = 2 ** 30;

/** Every setting, by the name of its flag. */
export const settings = {
  port: {
    variable: "PORT",
    placeholder: "PORT",
    help: "the port to listen on; 0: any free port",
    fallback: "8080",
    parse: wholeNumber(0, 65_535),
  },
  host: {
    variable: "HOST",
    placeholder: "HOST",
    help: "the address to listen on; any address other than loopback lets other machines connect, and there is no authentication yet",
    fallback: "127.0.0.1",
    parse: nonEmpty,
  },
  data: {
    variable: "BOURSE_DATA",
    placeholder: "DIR",
    help: "the folder of the database and of uploads; created if it is missing",
    fallback: "./data",
    parse: (raw: string) => resolve(nonEmpty(raw)),
  },
  "max-store": {
    variable: "BOURSE_MAX_STORE",
    placeholder: "BYTES",
    help: "the maximum size of the database in bytes; 0: no limit",
    fallback: "0",
    parse: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
  feed: {
    variable: "BOURSE_FEED",
    placeholder: "FEED",
    help: "the source of quotes: simulated, or replay:FILE for a CSV file of ticks or bars",
    fallback: "simulated",
    parse: parseFeed,
  },
  instruments: {
    variable: "BOURSE_INSTRUMENTS",
    placeholder: "SYMBOLS",
    help: "additional instruments for PublishQuotes, separated by commas",
    parse: parseSymbols,
  },
  speed: {
    variable: "BOURSE_SPEED",
    placeholder: "N",
    help: "the speed of a replay, as a multiple of real time; max: without delays",
    fallback: "1",
    parse: parseSpeed,
  },
  "replay-loop": {
    variable: "BOURSE_REPLAY_LOOP",
    help: "restart a replay at its end",
    fallback: "false",
    parse: parseBoolean,
  },
  "replay-start": {
    variable: "BOURSE_REPLAY_START",
    placeholder: "WHEN",
    help: "when a replay starts: now, or subscriber, which waits for the first subscriber",
    fallback: "now",
    parse: oneOf("now", "subscriber"),
  },
  "replay-columns": {
    variable: "BOURSE_REPLAY_COLUMNS",
    placeholder: "COLUMNS",
    help: "maps fields to columns of a replay with other names: time=ts,bid=best_bid",
    parse: (raw: string) => parseColumnMapping(raw, tickFields, "time=ts,bid=best_bid"),
  },
  "simulated-instruments": {
    variable: "BOURSE_SIMULATED_INSTRUMENTS",
    placeholder: "N",
    help: "the number of stocks in the simulated market",
    fallback: "500",
    parse: wholeNumber(1, maxInstruments - 1), // the test instrument is one, too
  },
  "simulated-rate": {
    variable: "BOURSE_SIMULATED_RATE",
    placeholder: "N",
    help: "the quotes per second of the simulated market, over all stocks",
    fallback: "200",
    parse: wholeNumber(1, maxTicksPerSecond),
  },
  seed: {
    variable: "BOURSE_SEED",
    placeholder: "N",
    help: "the random seed of the simulated market; the same seed gives the same prices",
    fallback: "1",
    parse: wholeNumber(0, 2 ** 31 - 1),
  },
  demo: {
    variable: "BOURSE_DEMO",
    help: "fill an empty catalogue and an empty order store with demonstration data",
    fallback: "true",
    parse: parseBoolean,
  },
  "demo-orders": {
    variable: "BOURSE_DEMO_ORDERS",
    placeholder: "N",
    help: "the number of demonstration orders, which are created in the background",
    fallback: "200000",
    parse: wholeNumber(0, 10_000_000),
  },
  classic: {
    variable: "BOURSE_CLASSIC",
    help: "serve the services of well-known gRPC tutorials",
    fallback: "true",
    parse: parseBoolean,
  },
  "classic-interval": {
    variable: "BOURSE_CLASSIC_INTERVAL",
    placeholder: "SECONDS",
    help: "the interval between messages of those tutorial streams that send periodically",
    fallback: "1",
    parse: parseSeconds,
  },
  "classic-max-image": {
    variable: "BOURSE_CLASSIC_MAX_IMAGE",
    placeholder: "BYTES",
    help: "the maximum size of a laptop image for the tutorial services",
    fallback: String(1024 * 1024),
    parse: wholeNumber(1, 4 * GiB - 1), // the field `size` of the response has 32 bits
  },
  grace: {
    variable: "BOURSE_GRACE",
    placeholder: "SECONDS",
    help: "how long a shutdown waits for calls to finish",
    fallback: "10",
    parse: parseSeconds,
  },
  "tls-cert": {
    variable: "BOURSE_TLS_CERT",
    placeholder: "FILE",
    help: "the certificate chain, as PEM; the port then accepts TLS only; reloaded when it changes",
    parse: existingFile,
  },
  "tls-key": {
    variable: "BOURSE_TLS_KEY",
    placeholder: "FILE",
    help: "the private key of the certificate, as PEM",
    parse: existingFile,
  },
  "tls-client-ca": {
    variable: "BOURSE_TLS_CLIENT_CA",
    placeholder: "FILE",
    help: "the authority of client certificates, as PEM; clients without a certificate are refused",
    parse: existingFile,
  },
  "cors-origin": {
    variable: "BOURSE_CORS_ORIGIN",
    placeholder: "ORIGINS",
    help: "origins whose pages may call the server, separated by commas; https://*.example.org: the hosts below example.org; *: every origin",
    parse: parseOrigins,
  },
  "allowed-host": {
    variable: "BOURSE_ALLOWED_HOST",
    placeholder: "NAMES",
    help: "host names by which browsers may call the server, separated by commas, in addition to IP addresses and localhost; *.example.org: the names below example.org; *: every name",
    parse: parseHosts,
  },
  "max-receive": {
    variable: "BOURSE_MAX_RECEIVE",
    placeholder: "BYTES",
    help: "the maximum size of a received message",
    fallback: String(defaultLimits.readMaxBytes),
    parse: wholeNumber(1, maxMessageBytes),
  },
  "max-send": {
    variable: "BOURSE_MAX_SEND",
    placeholder: "BYTES",
    help: "the maximum size of a sent message",
    fallback: String(defaultLimits.writeMaxBytes),
    parse: wholeNumber(1, maxMessageBytes),
  },
  "max-upload": {
    variable: "BOURSE_MAX_UPLOAD",
    placeholder: "BYTES",
    help: "the maximum size of an uploaded file",
    fallback: String(32 * GiB),
    parse: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  },
  "upload-quota": {
    variable: "BOURSE_UPLOAD_QUOTA",
    placeholder: "BYTES",
    help: "the maximum size of all uploads, with the reservations of open ones",
    fallback: String(256 * GiB),
    parse: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  },
  "max-open-uploads": {
    variable: "BOURSE_MAX_OPEN_UPLOADS",
    placeholder: "N",
    help: "the maximum number of open uploads",
    fallback: "1000",
    parse: wholeNumber(1, 100_000),
  },
  "upload-expiry": {
    variable: "BOURSE_UPLOAD_EXPIRY",
    placeholder: "SECONDS",
    help: "how long an incomplete upload without new bytes is kept",
    fallback: String(7 * 86_400),
    parse: wholeNumber(60, 365 * 86_400),
  },
  "max-connections": {
    variable: "BOURSE_MAX_CONNECTIONS",
    placeholder: "N",
    help: "the maximum number of open connections",
    fallback: String(defaultLimits.maxConnections),
    parse: wholeNumber(1, 1_000_000),
  },
  "peer-share": {
    variable: "BOURSE_PEER_SHARE",
    placeholder: "FRACTION",
    help: "the fraction of each shared limit that one IP address may use; 1: all of it, for servers behind a proxy",
    fallback: String(defaultLimits.peerShare),
    parse: parseShare,
  },
  "client-idle": {
    variable: "BOURSE_CLIENT_IDLE",
    placeholder: "SECONDS",
    help: "the longest time without a message from a streaming client, while the server waits for one and sends none",
    fallback: String(defaultLimits.messageIdleTimeoutMs / 1_000),
    parse: (raw: string) => wholeNumber(1, 86_400)(raw) * 1_000,
  },
  "log-level": {
    variable: "BOURSE_LOG_LEVEL",
    placeholder: "LEVEL",
    help: "the log level: trace, debug, info, warn, error, fatal or silent",
    fallback: "info",
    parse: oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
  },
  "log-format": {
    variable: "BOURSE_LOG_FORMAT",
    placeholder: "FORMAT",
    help: "the log format: json, pretty, or auto, which is pretty on a terminal and otherwise json",
    fallback: "auto",
    parse: oneOf("auto", "json", "pretty"),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** The name of a setting, which is its flag without the dashes. */
export type SettingName = keyof typeof settings;
