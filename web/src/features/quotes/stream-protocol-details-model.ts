import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import type { WatchQuotesResponse } from "../../../../gen/bourse/quote/v1/quote_service_pb.ts";
import { ChangeNotifier, type Schedule } from "../../shared/change-notifier.ts";
import { type Metadata, toMetadata, trailersOfError } from "../../shared/read-metadata.ts";

/** The protocol details of the newest attempt with a response. Fields that were not received are absent. */
export interface StreamRecord {
  /** The number of attempts, including failed ones. */
  readonly attempts: number;
  readonly headers?: Metadata;
  readonly trailers?: Metadata;
  readonly streamId?: string;
  /** EPOCH.SEQ in decimal. */
  readonly cursor?: string;
  readonly messages: number;
  readonly quotes: number;
  readonly heartbeats: number;
  /** From the newest heartbeat: the number of quotes in the send queue of the server. */
  readonly queued?: bigint;
  /** From the newest heartbeat: the number of skipped quotes, except those skipped by pauses. */
  readonly conflated?: bigint;
  /** From the newest heartbeat: the age of the oldest quote in the send queue, in milliseconds. */
  readonly lagMs?: number;
  /** From the newest heartbeat: the newest source time of all published quotes, in milliseconds since 1970. */
  readonly feedTime?: number;
}

const emptyRecord: StreamRecord = { attempts: 0, messages: 0, quotes: 0, heartbeats: 0 };

/** Records the protocol details of the stream, outside React. */
export class StreamProtocolDetailsModel {
  readonly #notifier: ChangeNotifier;
  #record: StreamRecord = emptyRecord;
  #snapshot: StreamRecord = emptyRecord;

  constructor(schedule: Schedule) {
    this.#notifier = new ChangeNotifier(schedule, () => {
      this.#snapshot = this.#record;
    });
  }

  /** Adds a listener for changes of the record. The returned function removes it. */
  readonly subscribe = (listener: () => void): (() => void) => this.#notifier.subscribe(listener);

  /** Returns the record: the same object until it changes. */
  readonly record = (): StreamRecord => this.#snapshot;

  /** Records a new attempt. The details of the previous one stay until the headers arrive. */
  begin(): void {
    this.#update({ ...this.#record, attempts: this.#record.attempts + 1 });
  }

  /** Records received headers. */
  headers(headers: Headers): void {
    this.#update({ ...emptyRecord, attempts: this.#record.attempts, headers: toMetadata(headers) });
  }

  /** Records received trailers. */
  trailers(trailers: Headers): void {
    this.#update({ ...this.#record, trailers: toMetadata(trailers) });
  }

  /** Records the error of a stream. Its metadata has the headers and, if they were received, the trailers. */
  error(error: ConnectError): void {
    const trailers = trailersOfError(error, this.#record.headers ?? []);
    if (trailers.length > 0) this.#update({ ...this.#record, trailers });
  }

  /** Records a received response. */
  response(response: WatchQuotesResponse): void {
    const record = this.#record;
    const { cursor, quotes, event } = response;
    this.#update({
      ...record,
      ...recordEvent(event, record.heartbeats),
      ...(cursor === undefined ? {} : { cursor: `${cursor.epoch}.${cursor.seq}` }),
      messages: record.messages + 1,
      quotes: record.quotes + quotes.length,
    });
  }

  #update(record: StreamRecord): void {
    this.#record = record;
    this.#notifier.notify();
  }
}

function recordEvent(event: WatchQuotesResponse["event"], heartbeats: number): Partial<StreamRecord> {
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
