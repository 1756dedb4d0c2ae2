import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ServerStreamResponseSchema,
  type ServerStreamServer,
} from "../../../gen/classic/helloworld/server_stream_pb.ts";

const answerCount = 5;

/** Says everything five times. */
export function serverStreamServer(): ServiceImpl<typeof ServerStreamServer> {
  return {
    async *serverStream({ data }) {
      for (let at = 0; at < answerCount; at++) yield create(ServerStreamResponseSchema, { data });
    },
  };
}
