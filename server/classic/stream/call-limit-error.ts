import { LimitError } from "../../transport/protection/limit-error.ts";

/**
 * Returns the error of a call that has sent more than the limit for one call.
 *
 * @param counted the limited things in the plural, as in `files`
 * @param sent the amount that the client has sent so far
 * @param advice what to do; default: the part that was sent before is handled, so only the rest needs another call
 */
export function callLimitError(
  limit: { name: string; value: number },
  counted: string,
  sent: number,
  advice = "send the rest in another call",
): LimitError {
  const [max, found] = [limit.value, sent].map((number) => number.toLocaleString("en-US"));
  const problem = `limit of ${max} ${counted} per call exceeded: the call has at least ${found}`;
  return new LimitError(limit, `${problem}; ${advice}`);
}
