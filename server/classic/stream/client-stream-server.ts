import type { ServiceImpl } from "@connectrpc/connect";
import type { ClientStreamServer } from "../../../gen/classic/helloworld/client_stream_pb.ts";
import { callLimitError } from "./call-limit-error.ts";

/** The most bytes that a call of ClientStream may join, commas included: far below the largest message. */
export const maxJoinedBytes = 1024 * 1024;

/** Joins everything that it is told. */
export function clientStreamServer(): ServiceImpl<typeof ClientStreamServer> {
  return {
    async clientStream(requests) {
      const texts: string[] = [];
      let bytes = 0;
      for await (const { data } of requests) {
        bytes += Buffer.byteLength(data) + (texts.length > 0 ? 1 : 0);
        if (bytes > maxJoinedBytes)
          throw callLimitError({ name: "maxJoinedBytes", value: maxJoinedBytes }, "bytes of text", bytes);
        texts.push(data);
      }
      return { data: texts.join(",") };
    },
  };
}
