import { hash } from "node:crypto";
import type { Sha256 } from "../client/order/digest-chain.ts";

/** Node's own, which is faster than the one of client/order/digest-chain.ts. */
export const sha256: Sha256 = (bytes) => hash("sha256", bytes, "buffer");
