// biome-ignore-all lint/performance/noBarrelFile: the entry of a package is one file
/** The exports of `bourse/client/shared`: what the families have in common. No file of this folder imports this one. */
export { type BadRequest, BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
export { type Money, MoneySchema } from "../../gen/google/type/money_pb.ts";
export { type CallRetryOptions, CallRetryTracker, type CallState, type RetryingState } from "./call-retry-tracker.ts";
export { fromTimestamp, type MicroTime, toTimestamp } from "./micro-time.ts";
export { formatMicroTime, parseMicroTime } from "./micro-time-text.ts";
export { type Amount, formatAmount, formatMoney, parseAmount, parseMoney } from "./money-text.ts";
export { isRetryable } from "./retry-policy.ts";
export { systemTimers, type Timers } from "./timers.ts";
export { formatTimestamp, type Instant, parseTimestamp } from "./timestamp-text.ts";
