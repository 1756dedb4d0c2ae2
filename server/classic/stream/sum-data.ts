import { create } from "@bufbuild/protobuf";
import {
  type SumDataRequest,
  type SumDataResponse,
  SumDataResponseSchema,
} from "../../../gen/classic/proto/stream_service_pb.ts";
import { callLimitError } from "./call-limit-error.ts";

/** The most numbers that a call of SumData may have: its answers count them in 32 bits. */
export const maxSummedNumbers = 2 ** 31 - 1;

/** What a call of SumData was given. */
export interface NumberSum {
  readonly sum: bigint;
  readonly count: number;
}

/**
 * Yields 0 at once, and then for each number its count.
 *
 * @param onEnd told of the numbers that were taken, however the stream ends
 *
 * Throws a {@link LimitError} beyond {@link maxSummedNumbers}.
 */
export async function* sumData(
  requests: AsyncIterable<SumDataRequest>,
  onEnd: (total: NumberSum) => void,
): AsyncGenerator<SumDataResponse> {
  let sum = 0n;
  let count = 0;
  try {
    yield create(SumDataResponseSchema, { number: 0 });
    for await (const { number } of requests) {
      if (count >= maxSummedNumbers)
        throw callLimitError({ name: "maxSummedNumbers", value: maxSummedNumbers }, "numbers", count + 1);
      sum += BigInt(number);
      count++;
      yield create(SumDataResponseSchema, { number: count });
    }
  } finally {
    onEnd({ sum, count });
  }
}
