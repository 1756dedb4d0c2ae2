import { defaultLimits, type Limits } from "../../server/transport/protection/default-limits.ts";

/** The limits of the server under attack: the defaults, with short timeouts so that no attack takes minutes. */
export const limitsUnderAttack: Limits = {
  ...defaultLimits,
  openTimeoutMs: 2_000,
  requestTimeoutMs: 6_000,
  keepAliveMs: 4_000,
  idleTimeoutMs: 10_000,
  stallTimeoutMs: 3_000,
  firstMessageTimeoutMs: 3_000,
  messageIdleTimeoutMs: 3_000,
};
