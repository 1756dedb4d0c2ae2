import { readNumber } from "../peers/shared/read-number.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import type { LoadResult } from "./load-result.ts";
import type { LoadSettings } from "./load-settings.ts";
import { measureRate } from "./measure-rate.ts";
import { numberFrame } from "./number-frame.ts";

/** Keeps calls in flight on one connection. The size is their number. */
export function unary(settings: LoadSettings): Promise<LoadResult> {
  const connection = new GrpcConnection(settings.address);
  let calls = 0;
  const callRepeatedly = async () => {
    for (let number = 1; ; number++) {
      let answer = 0;
      const { stream, ended } = connection.call("Get", (message) => {
        answer = readNumber(message);
      });
      stream.end(numberFrame(number));
      await ended;
      if (answer !== number) throw new Error(`the response to call ${number} has the number ${answer}`);
      calls++;
    }
  };
  const callers = Array.from({ length: settings.size }, callRepeatedly);
  return measureRate(settings, () => calls, Promise.race(callers));
}
