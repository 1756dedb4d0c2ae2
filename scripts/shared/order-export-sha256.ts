import { hash } from "node:crypto";
import type { Sha256 } from "../../client/order/digest-chain.ts";

/** SHA-256 of Node, which is faster than the default of client/order/digest-chain.ts. */
export const sha256: Sha256 = (bytes) => hash("sha256", bytes, "buffer");
