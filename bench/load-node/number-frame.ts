import { create, toBinary } from "@bufbuild/protobuf";
import { GetRequestSchema } from "../../gen/bench/v1/bench_service_pb.ts";
import { envelope } from "../peers/shared/envelope.ts";

/** Encodes a message whose first field is a number, with its gRPC envelope. */
export function numberFrame(number: number): Buffer {
  return envelope(toBinary(GetRequestSchema, create(GetRequestSchema, { number: BigInt(number) })));
}
