import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { AllStreamResponseSchema, type AllStreamServer } from "../../../gen/classic/helloworld/all_stream_pb.ts";
import { sendHeader } from "../../transport/rpc/metadata.ts";
import type { Pace } from "./pace.ts";

/** What `AllStreamServer` needs. */
export interface AllStreamServerOptions {
  readonly pace: Pace;
}

const answerCount = 5;

/** Talks and listens at the same time. */
export function allStreamServer({ pace }: AllStreamServerOptions): ServiceImpl<typeof AllStreamServer> {
  return {
    async *allStream(requests, context) {
      sendHeader(context);
      const heard = drain(requests);
      // It may break while nobody waits for it yet.
      heard.catch(() => {});
      for (let at = 0; at < answerCount; at++) {
        if (at > 0) await pace(context.signal);
        yield create(AllStreamResponseSchema, { data: String(at) });
      }
      await heard;
    },
  };
}

async function drain(requests: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of requests);
}
