import { type RejectedOrder, RejectionReason } from "../../gen/bourse/order/v1/order_pb.ts";

/** Formats the reason of a rejection. @param keyTaken the reason if another order is stored under the key */
export function formatRejection({ reason, violations }: RejectedOrder, keyTaken: string): string {
  if (reason === RejectionReason.KEY_TAKEN) return keyTaken;
  const fields = violations.map(({ field, description }) => `${field}: ${description}`);
  return fields.length > 0 ? fields.join("; ") : "the server rejected it without a reason";
}
