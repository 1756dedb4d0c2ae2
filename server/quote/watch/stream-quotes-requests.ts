import type { StreamQuotesRequest, WatchQuotesRequest } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { QuoteWatch } from "./quote-watch.ts";

/** Reads the first request of StreamQuotes. Throws an {@link InvalidFieldError} if it is not `start`. */
export async function readStartRequest(requests: AsyncIterator<StreamQuotesRequest>): Promise<WatchQuotesRequest> {
  const first = await requests.next();
  if (first.done === true || first.value.request.case !== "start") {
    throw new InvalidFieldError("request", "the first request of a stream is start, and commands follow");
  }
  return first.value.request.value;
}

/**
 * Runs the commands of the further requests of StreamQuotes. Reads a request only if the watch has capacity for its
 * result: this is the back-pressure on the client. Ends when the client closes its side, which does not end the watch.
 * An invalid request or a failed command makes the watch fail; never rejects.
 */
export async function runCommandRequests(
  requests: AsyncIterator<StreamQuotesRequest>,
  watch: QuoteWatch,
): Promise<void> {
  try {
    for (;;) {
      await watch.waitForCapacity();
      const next = await requests.next();
      if (next.done === true || watch.isOver) return;
      const { request } = next.value;
      if (request.case !== "command") {
        throw new InvalidFieldError("request", "the stream has started: send commands, or open another stream");
      }
      watch.command(request.value);
      // A command for all instruments takes as long as a hundred calls.
      if (callScheduler.sliceUsed) await callScheduler.nextTurn();
    }
  } catch (error) {
    watch.fail(error);
  }
}
