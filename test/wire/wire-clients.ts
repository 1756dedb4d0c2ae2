import { type CallOptions, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { WireService } from "../../gen/test/wire/v1/wire_service_pb.ts";

/** The kinds of call. */
export const kinds = ["unary", "serverStream", "clientStream", "bidiStream"] as const;
export type Kind = (typeof kinds)[number];

/** A protocol over an HTTP version, with the kinds of call that it supports. */
export interface Wire {
  readonly name: string;
  readonly kinds: readonly Kind[];
  transport(baseUrl: string): Transport;
}

const withoutBidi = kinds.filter((kind) => kind !== "bidiStream");

/** All supported combinations of protocol and HTTP version. */
export const wires: readonly Wire[] = [
  { name: "gRPC on HTTP/2", kinds, transport: (baseUrl) => createGrpcTransport({ baseUrl }) },
  {
    name: "gRPC-Web on HTTP/1.1",
    kinds: withoutBidi,
    transport: (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  },
  { name: "gRPC-Web on HTTP/2", kinds, transport: (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }) },
  {
    name: "Connect on HTTP/1.1",
    kinds: withoutBidi,
    transport: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  },
  { name: "Connect on HTTP/2", kinds, transport: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }) },
];

/** The headers, messages and trailers that a client receives. */
export interface SeenCall {
  readonly header: Promise<Headers>;
  /** The texts of the responses of a successful call. Rejects with the error of a failed call. */
  readonly texts: Promise<string[]>;
  /** The trailers of a successful or failed call. */
  readonly trailer: Promise<Headers>;
}

/** Calls the method of a kind with one request that selects a scenario. A request stream ends after it. */
export function call(transport: Transport, kind: Kind, scenario: string, options: CallOptions = {}): SeenCall {
  const client = createClient(WireService, transport);
  const header = Promise.withResolvers<Headers>();
  const trailer = Promise.withResolvers<Headers>();
  const all = { ...options, onHeader: header.resolve, onTrailer: trailer.resolve };
  const request = { scenario };

  async function run(): Promise<string[]> {
    switch (kind) {
      case "unary":
        return [(await client.unary(request, all)).text];
      case "clientStream":
        return [(await client.clientStream(only(request), all)).text];
      case "serverStream":
        return textsOf(client.serverStream(request, all));
      case "bidiStream":
        return textsOf(client.bidiStream(only(request), all));
    }
  }

  const texts = run();
  // The promises of headers and trailers reject if a call fails without them.
  texts.catch((error: unknown) => {
    header.reject(error);
    trailer.resolve((error as { metadata?: Headers }).metadata ?? new Headers());
  });
  for (const promise of [header.promise, trailer.promise]) promise.catch(() => {});
  return { header: header.promise, texts, trailer: trailer.promise };
}

async function textsOf(responses: AsyncIterable<{ text: string }>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of responses) texts.push(text);
  return texts;
}

async function* only<T>(value: T): AsyncIterable<T> {
  yield value;
}
