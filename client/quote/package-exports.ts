// biome-ignore-all lint/performance/noBarrelFile: the entry of a package is one file
// biome-ignore-all lint/performance/noReExportAll: the generated code of a family is a part of its API
/** The exports of `bourse/client/quote`: its generated code and its helpers. No file of this folder imports this one. */
export * from "../../gen/bourse/quote/v1/quote_pb.ts";
export * from "../../gen/bourse/quote/v1/quote_service_pb.ts";
export { allSymbols } from "./desired-subscriptions.ts";
export { type QuotesWatch, type WatchQuotesOptions, watchQuotes } from "./watch-quotes.ts";
export type { Gap, HeartbeatUpdate, QuotesUpdate, WatchProgress, WatchState, WatchUpdate } from "./watch-update.ts";
