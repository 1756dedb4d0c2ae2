import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { ListValueResponseSchema, type StreamServer } from "../../../gen/classic/proto/stream_server_pb.ts";
import type { QuoteHub } from "../../quote/hub/quote-hub.ts";
import { peerOf } from "../../transport/protection/peer-of.ts";
import { sendHeader } from "../../transport/rpc/metadata.ts";
import { liveQuotes } from "./live-quotes.ts";
import { quoteText } from "./quote-text.ts";

/** What `StreamServer` needs. */
export interface StreamServerOptions {
  readonly hub: QuoteHub;
}

const allIsWell = 200;

const valueCount = 5;

/** An echo, five values, and live quotes as text. */
export function streamServer({ hub }: StreamServerOptions): ServiceImpl<typeof StreamServer> {
  return {
    route: ({ data }) => ({ code: allIsWell, value: data }),

    async *listValue({ data }, context) {
      sendHeader(context);
      if (hub.has(data)) {
        const reader = { signal: context.signal, peer: peerOf(context) };
        for await (const quote of liveQuotes(hub, data, reader)) yield listed(quoteText(quote));
      }
      for (let at = 0; at < valueCount; at++) yield listed(`${data}${at}`);
    },
  };
}

function listed(streamValue: string) {
  return create(ListValueResponseSchema, { streamValue });
}
