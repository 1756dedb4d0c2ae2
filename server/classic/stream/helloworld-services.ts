import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { AllStreamResponseSchema, type AllStreamServer } from "../../../gen/classic/helloworld/all_stream_pb.ts";
import type { ClientStreamServer } from "../../../gen/classic/helloworld/client_stream_pb.ts";
import {
  ServerStreamResponseSchema,
  type ServerStreamServer,
} from "../../../gen/classic/helloworld/server_stream_pb.ts";
import { sendHeader } from "../../transport/rpc/response-metadata.ts";
import type { MessageDelay } from "../message-delay.ts";
import { callLimitError } from "./call-limit-error.ts";

/**
 * The maximum size of the text that a call of ClientStream joins, in bytes, commas included. Far below the largest
 * message.
 */
export const maxJoinedBytes = 1024 * 1024;

/** The number of responses of ServerStream and AllStream. */
const responseCount = 5;

/** Creates the handlers of `ServerStreamServer`: repeats the request. */
export function serverStreamServer(): ServiceImpl<typeof ServerStreamServer> {
  return {
    async *serverStream({ data }) {
      for (let index = 0; index < responseCount; index++) yield create(ServerStreamResponseSchema, { data });
    },
  };
}

/** Creates the handlers of `ClientStreamServer`: joins all requests with commas. */
export function clientStreamServer(): ServiceImpl<typeof ClientStreamServer> {
  return {
    async clientStream(requests) {
      const texts: string[] = [];
      let bytes = 0;
      for await (const { data } of requests) {
        bytes += Buffer.byteLength(data) + (texts.length > 0 ? 1 : 0);
        if (bytes > maxJoinedBytes) {
          throw callLimitError(
            { name: "maxJoinedBytes", value: maxJoinedBytes },
            "bytes of text",
            bytes,
            "split the texts over several calls",
          );
        }
        texts.push(data);
      }
      return { data: texts.join(",") };
    },
  };
}

/** The dependencies of `AllStreamServer`. */
export interface AllStreamServerOptions {
  readonly messageDelay: MessageDelay;
}

/** Creates the handlers of `AllStreamServer`: counts while it receives. The call ends when both sides are done. */
export function allStreamServer({ messageDelay }: AllStreamServerOptions): ServiceImpl<typeof AllStreamServer> {
  return {
    async *allStream(requests, context) {
      sendHeader(context);
      const received = drain(requests);
      received.catch(() => {}); // the error is thrown by `await received` below; this avoids an unhandled rejection
      for (let index = 0; index < responseCount; index++) {
        if (index > 0) await messageDelay(context.signal);
        yield create(AllStreamResponseSchema, { data: String(index) });
      }
      await received;
    },
  };
}

async function drain(requests: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of requests);
}
