import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import type { WatchQuotesResponse } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { type Metadata, metadataOf, trailersOf } from "../../shared/metadata.ts";
import { Notifier, type Schedule } from "../../shared/notifier.ts";

/** What went over the wire in the newest attempt that was answered. Absent is what has not come (yet). */
export interface WireRecord {
  /** How many attempts there were, those that came to nothing included. */
  readonly attempts: number;
  readonly headers?: Metadata;
  readonly trailers?: Metadata;
  readonly streamId?: string;
  /** As EPOCH.SEQ in decimal. */
  readonly cursor?: string;
  readonly messages: number;
  readonly quotes: number;
  readonly heartbeats: number;
  /** From the newest heartbeat: the quotes that wait on the server. */
  readonly queued?: bigint;
  /** From the newest heartbeat: the quotes that conflation skipped. */
  readonly conflated?: bigint;
  /** From the newest heartbeat: how long the oldest of those that wait has waited, in milliseconds. */
  readonly lagMs?: number;
  /** From the newest heartbeat: the newest source time of the whole feed, in milliseconds since 1970. */
  readonly feedTime?: number;
}

const nothing: WireRecord = { attempts: 0, messages: 0, quotes: 0, heartbeats: 0 };

/** Keeps the record of the newest attempt that was answered, outside React. */
export class WireLog {
  readonly #notifier: Notifier;
  #record: WireRecord = nothing;
  #shown: WireRecord = nothing;

  constructor(schedule: Schedule) {
    this.#notifier = new Notifier(schedule, () => {
      this.#shown = this.#record;
    });
  }

  /** Calls the listener after the record changed; the returned function takes it away. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** The record: the same object until it changes. */
  readonly record = (): WireRecord => this.#shown;

  /** A new attempt begins. It may come to nothing: until it is answered, what the one before said is shown. */
  begin(): void {
    this.#update({ ...this.#record, attempts: this.#record.attempts + 1 });
  }

  /** The headers came. */
  headers(headers: Headers): void {
    this.#update({ ...nothing, attempts: this.#record.attempts, headers: metadataOf(headers) });
  }

  /** The trailers came. */
  trailers(trailers: Headers): void {
    this.#update({ ...this.#record, trailers: metadataOf(trailers) });
  }

  /** The stream ended with an error. Its metadata has the headers and, if the server got to send them, the trailers. */
  error(error: ConnectError): void {
    const trailers = trailersOf(error, this.#record.headers ?? []);
    if (trailers.length > 0) this.#update({ ...this.#record, trailers });
  }

  /** A response came. */
  response(response: WatchQuotesResponse): void {
    const record = this.#record;
    const { cursor, quotes, event } = response;
    this.#update({
      ...record,
      ...eventPart(event, record.heartbeats),
      ...(cursor === undefined ? {} : { cursor: `${cursor.epoch}.${cursor.seq}` }),
      messages: record.messages + 1,
      quotes: record.quotes + quotes.length,
    });
  }

  #update(record: WireRecord): void {
    this.#record = record;
    this.#notifier.touch();
  }
}

function eventPart(event: WatchQuotesResponse["event"], heartbeats: number): Partial<WireRecord> {
  switch (event.case) {
    case "started":
      return { streamId: event.value.streamId };
    case "heartbeat": {
      const { queued, conflated, lag, newestSourceTime } = event.value;
      const lagMs = lag === undefined ? 0 : durationMs(lag);
      const feedTime = newestSourceTime === undefined ? {} : { feedTime: timestampMs(newestSourceTime) };
      return { heartbeats: heartbeats + 1, queued, conflated, lagMs, ...feedTime };
    }
    case "caughtUp":
    case "reset":
    case "commandResult":
    case undefined:
      return {};
  }
}
