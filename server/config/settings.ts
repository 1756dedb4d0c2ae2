import { resolve } from "node:path";
import { tickFields } from "../../client/quote/tick-columns.ts";
import { parseColumns } from "../../client/shared/csv-columns.ts";
import { maxInstruments, maxTicksPerSecond } from "../quote/feed/quote-feed.ts";
import { defaultLimits } from "../transport/protection/limits.ts";
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
} from "./setting-values.ts";

/** One thing that can be set, by a flag of its name and by an environment variable. */
export interface Setting<T> {
  readonly variable: string;
  /** What stands for the value in the help. Absent: the flag takes none, and `--no-NAME` is the opposite. */
  readonly placeholder?: string;
  readonly help: string;
  /** The text that counts where nothing is set. */
  readonly fallback?: string;
  /** Throws an error whose message says what would be right, to be followed by "not …". */
  readonly parse: (raw: string) => T;
}

/** No message can be larger: Connect counts its bytes in 32 bits. */
const maxMessageBytes = 2 ** 32 - 1;

const GiB = 2 ** 30;

/** Every setting, by the name of its flag. */
export const settings = {
  port: {
    variable: "PORT",
    placeholder: "PORT",
    help: "the port to listen on; 0 takes any free one",
    fallback: "8080",
    parse: wholeNumber(0, 65_535),
  },
  host: {
    variable: "HOST",
    placeholder: "HOST",
    help: "the address to listen on; anything but loopback lets others in, and there is no authentication yet",
    fallback: "127.0.0.1",
    parse: nonEmpty,
  },
  data: {
    variable: "BOURSE_DATA",
    placeholder: "DIR",
    help: "the folder of the database and of uploads; made where it is missing",
    fallback: "./data",
    parse: (raw: string) => resolve(nonEmpty(raw)),
  },
  "max-store": {
    variable: "BOURSE_MAX_STORE",
    placeholder: "BYTES",
    help: "how large the database may become; 0: as large as the disk allows",
    fallback: "0",
    parse: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
  feed: {
    variable: "BOURSE_FEED",
    placeholder: "FEED",
    help: "where quotes come from: simulated, or replay:FILE for a CSV of ticks or bars",
    fallback: "simulated",
    parse: parseFeed,
  },
  instruments: {
    variable: "BOURSE_INSTRUMENTS",
    placeholder: "SYMBOLS",
    help: "further instruments, separated by commas, whose quotes PublishQuotes brings in",
    parse: parseSymbols,
  },
  speed: {
    variable: "BOURSE_SPEED",
    placeholder: "N",
    help: "how many times faster than it happened a replay runs; max: as fast as it can",
    fallback: "1",
    parse: parseSpeed,
  },
  "replay-loop": {
    variable: "BOURSE_REPLAY_LOOP",
    help: "begin a replay again when it is through",
    fallback: "false",
    parse: parseBoolean,
  },
  "replay-start": {
    variable: "BOURSE_REPLAY_START",
    placeholder: "WHEN",
    help: "when a replay begins: now, or with the first subscriber",
    fallback: "now",
    parse: oneOf("now", "subscriber"),
  },
  "replay-columns": {
    variable: "BOURSE_REPLAY_COLUMNS",
    placeholder: "COLUMNS",
    help: "which columns of a replay have what, where their names do not tell, as in time=ts,bid=best_bid",
    parse: (raw: string) => parseColumns(raw, tickFields, "time=ts,bid=best_bid"),
  },
  "simulated-instruments": {
    variable: "BOURSE_SIMULATED_INSTRUMENTS",
    placeholder: "N",
    help: "how many stocks the simulated market has",
    fallback: "500",
    parse: wholeNumber(1, maxInstruments - 1), // the test instrument is one, too
  },
  "simulated-rate": {
    variable: "BOURSE_SIMULATED_RATE",
    placeholder: "N",
    help: "how many quotes a second the simulated market has, all stocks together",
    fallback: "200",
    parse: wholeNumber(1, maxTicksPerSecond),
  },
  seed: {
    variable: "BOURSE_SEED",
    placeholder: "N",
    help: "the seed of the simulated market: the same seed gives the same prices",
    fallback: "1",
    parse: wholeNumber(0, 2 ** 31 - 1),
  },
  demo: {
    variable: "BOURSE_DEMO",
    help: "fill an empty catalogue with demonstration products, and an empty order book with demonstration orders",
    fallback: "true",
    parse: parseBoolean,
  },
  "demo-orders": {
    variable: "BOURSE_DEMO_ORDERS",
    placeholder: "N",
    help: "how many demonstration orders there are; they are made in the background",
    fallback: "200000",
    parse: wholeNumber(0, 10_000_000),
  },
  classic: {
    variable: "BOURSE_CLASSIC",
    help: "serve the services of well-known gRPC tutorials, from the same stores and streams",
    fallback: "true",
    parse: parseBoolean,
  },
  "classic-interval": {
    variable: "BOURSE_CLASSIC_INTERVAL",
    placeholder: "SECONDS",
    help: "how long those of their streams that have a pace wait between two messages",
    fallback: "1",
    parse: parseSeconds,
  },
  "classic-max-image": {
    variable: "BOURSE_CLASSIC_MAX_IMAGE",
    placeholder: "BYTES",
    help: "the largest image of a laptop that they take",
    fallback: String(1024 * 1024),
    parse: wholeNumber(1, 4 * GiB - 1), // the answer has 32 bits for it
  },
  grace: {
    variable: "BOURSE_GRACE",
    placeholder: "SECONDS",
    help: "how long a shutdown waits for calls that are under way",
    fallback: "10",
    parse: parseSeconds,
  },
  "tls-cert": {
    variable: "BOURSE_TLS_CERT",
    placeholder: "FILE",
    help: "the certificate chain, as PEM: the port speaks TLS only; read again when it changes",
    parse: existingFile,
  },
  "tls-key": {
    variable: "BOURSE_TLS_KEY",
    placeholder: "FILE",
    help: "the certificate's key, as PEM",
    parse: existingFile,
  },
  "tls-client-ca": {
    variable: "BOURSE_TLS_CLIENT_CA",
    placeholder: "FILE",
    help: "the authority of client certificates, as PEM: clients without one are refused",
    parse: existingFile,
  },
  "cors-origin": {
    variable: "BOURSE_CORS_ORIGIN",
    placeholder: "ORIGINS",
    help: "origins, separated by commas, whose pages may call from elsewhere; * for every page",
    parse: parseOrigins,
  },
  "allowed-host": {
    variable: "BOURSE_ALLOWED_HOST",
    placeholder: "NAMES",
    help: "host names, separated by commas, that browsers may call this server by, besides addresses and localhost",
    parse: parseHosts,
  },
  "max-receive": {
    variable: "BOURSE_MAX_RECEIVE",
    placeholder: "BYTES",
    help: "the largest message taken",
    fallback: String(defaultLimits.readMaxBytes),
    parse: wholeNumber(1, maxMessageBytes),
  },
  "max-send": {
    variable: "BOURSE_MAX_SEND",
    placeholder: "BYTES",
    help: "the largest message sent",
    fallback: String(defaultLimits.writeMaxBytes),
    parse: wholeNumber(1, maxMessageBytes),
  },
  "max-upload": {
    variable: "BOURSE_MAX_UPLOAD",
    placeholder: "BYTES",
    help: "the largest file that is taken as an upload",
    fallback: String(32 * GiB),
    parse: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  },
  "upload-quota": {
    variable: "BOURSE_UPLOAD_QUOTA",
    placeholder: "BYTES",
    help: "how many bytes all uploads together may take, with what is reserved for open ones",
    fallback: String(256 * GiB),
    parse: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  },
  "max-open-uploads": {
    variable: "BOURSE_MAX_OPEN_UPLOADS",
    placeholder: "N",
    help: "how many uploads may be under way at a time",
    fallback: "1000",
    parse: wholeNumber(1, 100_000),
  },
  "upload-expiry": {
    variable: "BOURSE_UPLOAD_EXPIRY",
    placeholder: "SECONDS",
    help: "how long an upload that is not complete is kept when nothing more of it comes",
    fallback: String(7 * 86_400),
    parse: wholeNumber(60, 365 * 86_400),
  },
  "max-connections": {
    variable: "BOURSE_MAX_CONNECTIONS",
    placeholder: "N",
    help: "how many connections may be open at a time",
    fallback: String(defaultLimits.maxConnections),
    parse: wholeNumber(1, 1_000_000),
  },
  "peer-share": {
    variable: "BOURSE_PEER_SHARE",
    placeholder: "FRACTION",
    help: "what part of each limit that all clients share one IP address may use; 1: all of it, as behind a proxy",
    fallback: String(defaultLimits.peerShare),
    parse: parseShare,
  },
  "client-idle": {
    variable: "BOURSE_CLIENT_IDLE",
    placeholder: "SECONDS",
    help: "how long a client that streams may send no message while the server waits for one and sends none either",
    fallback: String(defaultLimits.messageIdleTimeoutMs / 1_000),
    parse: (raw: string) => wholeNumber(1, 86_400)(raw) * 1_000,
  },
  "log-level": {
    variable: "BOURSE_LOG_LEVEL",
    placeholder: "LEVEL",
    help: "trace, debug, info, warn, error, fatal or silent",
    fallback: "info",
    parse: oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
  },
  "log-format": {
    variable: "BOURSE_LOG_FORMAT",
    placeholder: "FORMAT",
    help: "json, pretty, or auto: pretty on a terminal, else json",
    fallback: "auto",
    parse: oneOf("auto", "json", "pretty"),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** The name of a setting, which is its flag without the dashes. */
export type SettingName = keyof typeof settings;
