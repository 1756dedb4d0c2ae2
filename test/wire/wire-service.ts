import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { type WireRequest, WireService } from "../../gen/test/wire/v1/wire_service_pb.ts";

/**
 * The behaviour of a call of any kind. Receives the text of the first request and the following requests, and yields
 * the responses.
 */
export type Scenario = (
  context: HandlerContext,
  requests: AsyncIterable<WireRequest>,
  text: string,
) => AsyncIterable<string>;

/** Registers the wire service. The first request of a call contains the name of its scenario. */
export function registerWireService(router: ConnectRouter, scenarios: Readonly<Record<string, Scenario>>): void {
  async function* run(requests: AsyncIterable<WireRequest>, context: HandlerContext) {
    const all = requests[Symbol.asyncIterator]();
    const first = await all.next();
    if (first.done === true) throw new Error("a call needs a first request");
    const scenario = scenarios[first.value.scenario];
    if (scenario === undefined) throw new Error(`there is no scenario ${first.value.scenario}`);
    const rest = { [Symbol.asyncIterator]: () => all };
    for await (const text of scenario(context, rest, first.value.text)) yield { text };
  }

  async function runToOne(requests: AsyncIterable<WireRequest>, context: HandlerContext) {
    let answer = { text: "" };
    for await (const response of run(requests, context)) answer = response;
    return answer;
  }

  router.service(WireService, {
    unary: (request, context) => runToOne(only(request), context),
    serverStream: (request, context) => run(only(request), context),
    clientStream: runToOne,
    bidiStream: run,
  });
}

async function* only<T>(value: T): AsyncIterable<T> {
  yield value;
}
