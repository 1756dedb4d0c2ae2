import type { StreamQuotesRequest, WatchQuotesRequest } from "../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { InvalidFieldError } from "../../shared/request-errors.ts";
import { callScheduler } from "../../transport/protection/call-scheduler.ts";
import type { QuoteWatch } from "./quote-watch.ts";

/** The first request of a stream that takes commands. Throws an {@link InvalidFieldError} where that is no start. */
export async function startOf(requests: AsyncIterator<StreamQuotesRequest>): Promise<WatchQuotesRequest> {
  const first = await requests.next();
  if (first.done === true || first.value.request.case !== "start") {
    throw new InvalidFieldError("request", "the first request of a stream is start, and commands follow");
  }
  return first.value.request.value;
}

/**
 * Gives a watch the commands that arrive, each as soon as it has room for the answer: until then they stay with the
 * client. Ends when the client sends no more, which ends nothing else; what is wrong with a request fails the watch.
 */
export async function runCommands(requests: AsyncIterator<StreamQuotesRequest>, watch: QuoteWatch): Promise<void> {
  try {
    for (;;) {
      await watch.room();
      const next = await requests.next();
      if (next.done === true || watch.isOver) return;
      const { request } = next.value;
      if (request.case !== "command") {
        throw new InvalidFieldError("request", "the stream has started: send commands, or open another stream");
      }
      watch.command(request.value);
      // A command about all instruments takes as long as a hundred calls.
      if (callScheduler.sliceUsed) await callScheduler.nextTurn();
    }
  } catch (error) {
    watch.fail(error);
  }
}
