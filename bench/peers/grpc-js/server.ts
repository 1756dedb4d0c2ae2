import { fileURLToPath } from "node:url";
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { Quote } from "../../../gen/bourse/quote/v1/quote_pb.ts";
import { announce } from "../shared/announce.ts";
import { orderAt } from "../shared/order-at.ts";
import { plainQuotes } from "../shared/plain-quotes.ts";

// A typical grpc-js server: protos loaded at run time, default options.

const folder = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const definition = loadSync("bench/v1/bench_service.proto", { includeDirs: [folder("bench/proto"), folder("proto")] });
const { quotes, source } = plainQuotes();

const exportOrders: handleServerStreamingCall<{ count: number }, object> = (call) => {
  const count = Number(call.request.count);
  let index = 0;
  const write = () => {
    while (index < count && !call.cancelled) {
      if (!call.write(plainOrder(index++))) {
        call.once("drain", write);
        return;
      }
    }
    call.end();
  };
  write();
};

const upload: handleClientStreamingCall<{ chunk: Buffer }, object> = (call, answer) => {
  let count = 0;
  let bytes = 0;
  call.on("data", ({ chunk }: { chunk: Buffer }) => {
    count++;
    bytes += chunk.length;
  });
  call.on("end", () => answer(null, { count, bytes }));
};

const pingPong: handleBidiStreamingCall<{ number: number }, object> = (call) => {
  call.on("data", ({ number }: { number: number }) => call.write({ number }));
  call.on("end", () => call.end());
};

const get: handleUnaryCall<{ number: number }, object> = (call, answer) => {
  answer(null, { number: call.request.number });
};

const idle: handleServerStreamingCall<object, object> = (call) => {
  call.write({});
};

const watch: handleServerStreamingCall<object, object> = (call) => {
  const send = (quote: Quote) => call.write({ quote: plainQuote(quote) });
  quotes.on("quote", send);
  call.on("cancelled", () => quotes.off("quote", send));
  call.write({});
};

const drive: handleClientStreamingCall<{ ticks: number }, object> = (call, answer) => {
  let allowed = 0;
  call.on("data", ({ ticks }: { ticks: number }) => {
    allowed += Number(ticks);
    source.allow(Number(ticks));
  });
  call.on("end", () => answer(null, { ticks: allowed }));
};

const server = new Server();
server.addService(benchService(), { export: exportOrders, upload, pingPong, get, idle, watch, drive });
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  announce(port);
});

function benchService(): ServiceDefinition {
  type Loaded = { bench: { v1: { BenchService: ServiceClientConstructor } } };
  const loaded = loadPackageDefinition(definition) as unknown as Loaded;
  return loaded.bench.v1.BenchService.service;
}

/** Converts bigint to number, because protobufjs does not support bigint. */
function plainOrder(index: number): object {
  const { placeTime, ...order } = orderAt(index);
  return { ...order, placeTime: { seconds: Number(placeTime?.seconds), nanos: 0 } };
}

let converted: { readonly from: Quote; readonly to: object } | undefined;

/** Converts each quote once for all subscribers, because an application would create it in this form. */
function plainQuote(quote: Quote): object {
  if (converted?.from === quote) return converted.to;
  const to = Object.fromEntries(
    Object.entries(quote).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
  );
  const { seconds = 0n, nanos = 0 } = quote.sourceTime ?? {};
  converted = { from: quote, to: { ...to, sourceTime: { seconds: Number(seconds), nanos } } };
  return converted.to;
}
