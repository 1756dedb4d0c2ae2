import { readNumber } from "../peers/shared/read-number.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import type { LoadResult } from "./load-result.ts";
import type { LoadSettings } from "./load-settings.ts";
import { measureRate } from "./measure-rate.ts";
import { numberFrame } from "./number-frame.ts";

/** Keeps one message in flight on each stream. All streams are on one connection, and the size is their number. */
export function pingPong(settings: LoadSettings): Promise<LoadResult> {
  const connection = new GrpcConnection(settings.address);
  let rounds = 0;
  const streams = Array.from({ length: settings.size }, () => {
    let number = 1;
    const { stream, ended } = connection.call("PingPong", (message) => {
      if (readNumber(message) !== number)
        throw new Error(`the response to ping ${number} has the number ${readNumber(message)}`);
      rounds++;
      stream.write(numberFrame(++number));
    });
    stream.write(numberFrame(number));
    return ended;
  });
  return measureRate(settings, () => rounds, Promise.race(streams));
}
