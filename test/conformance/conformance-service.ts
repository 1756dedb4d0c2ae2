import { setTimeout as wait } from "node:timers/promises";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { Metadata, MetadataValue } from "../../server/transport/rpc/metadata-rules.ts";
import { sendHeader, setHeader, setTrailer } from "../../server/transport/rpc/response-metadata.ts";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformancePayload_RequestInfo,
  ConformancePayload_RequestInfoSchema,
  type ConformanceService,
  type Error as ErrorDefinition,
  type Header,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

/** The service of the conformance suite, implemented like an application's service. */
export const conformanceService: Omit<ServiceImpl<typeof ConformanceService>, "unimplemented"> = {
  unary: (request, context) => answerOne(request.responseDefinition, [pack(UnaryRequestSchema, request)], context),

  idempotentUnary: (request, context) =>
    answerOne(request.responseDefinition, [pack(IdempotentUnaryRequestSchema, request)], context),

  async clientStream(requests, context) {
    let definition: UnaryResponseDefinition | undefined;
    const seen: Any[] = [];
    for await (const request of requests) {
      if (seen.length === 0) definition = request.responseDefinition;
      seen.push(pack(ClientStreamRequestSchema, request));
    }
    return answerOne(definition, seen, context);
  },

  async *serverStream(request, context) {
    const definition = request.responseDefinition;
    begin(definition, context);
    yield* answerMany(definition, [pack(ServerStreamRequestSchema, request)], context);
  },

  async *bidiStream(requests, context) {
    let definition: StreamResponseDefinition | undefined;
    let fullDuplex = false;
    let begun = false;
    let answered = 0;
    const seen: Any[] = [];
    for await (const request of requests) {
      seen.push(pack(BidiStreamRequestSchema, request));
      if (!begun) {
        begun = true;
        definition = request.responseDefinition;
        fullDuplex = request.fullDuplex;
        begin(definition, context);
      }
      if (!fullDuplex) continue;
      const data = definition?.responseData[answered];
      if (data === undefined) break;
      await delay(definition, context);
      const requestInfo = answered === 0 ? infoOf(context, seen) : onlyRequests(seen);
      seen.length = 0;
      yield { payload: { data, requestInfo } };
      answered++;
    }
    yield* answerMany(definition, seen, context, answered);
  },
};

async function answerOne(definition: UnaryResponseDefinition | undefined, requests: Any[], context: HandlerContext) {
  const requestInfo = infoOf(context, requests);
  setHeader(context, toMetadata(definition?.responseHeaders));
  setTrailer(context, toMetadata(definition?.responseTrailers));
  await wait(definition?.responseDelayMs ?? 0, undefined, { signal: context.signal });
  switch (definition?.response.case) {
    case "error":
      throw toError(definition.response.value, requestInfo);
    case "responseData":
      return { payload: { data: definition.response.value, requestInfo } };
    default:
      return { payload: { requestInfo } };
  }
}

async function* answerMany(
  definition: StreamResponseDefinition | undefined,
  requests: Any[],
  context: HandlerContext,
  from = 0,
) {
  const all = definition?.responseData ?? [];
  for (let at = from; at < all.length; at++) {
    await delay(definition, context);
    yield {
      payload: { data: all[at] ?? new Uint8Array(), ...(at === 0 && { requestInfo: infoOf(context, requests) }) },
    };
  }
  if (definition?.error === undefined) return;
  throw toError(definition.error, all.length === 0 ? infoOf(context, requests) : undefined);
}

/** The client must receive headers immediately, regardless of the delay before the first message. */
function begin(definition: StreamResponseDefinition | undefined, context: HandlerContext): void {
  setTrailer(context, toMetadata(definition?.responseTrailers));
  const header = toMetadata(definition?.responseHeaders);
  if (definition === undefined || definition.responseData.length === 0) setHeader(context, header);
  else sendHeader(context, header);
}

async function delay(definition: StreamResponseDefinition | undefined, context: HandlerContext): Promise<void> {
  await wait(definition?.responseDelayMs ?? 0, undefined, { signal: context.signal });
}

function infoOf(context: HandlerContext, requests: Any[]): ConformancePayload_RequestInfo {
  const timeoutMs = context.timeoutMs();
  const isGet = context.requestMethod === "GET";
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: [...context.requestHeader].map(([name, value]) => ({ name, value: value.split(/, ?/) })),
    ...(timeoutMs !== undefined && { timeoutMs: BigInt(timeoutMs) }),
    requests: [...requests],
    ...(isGet && { connectGetInfo: { queryParams: queryOf(context) } }),
  });
}

function onlyRequests(requests: Any[]): ConformancePayload_RequestInfo {
  return create(ConformancePayload_RequestInfoSchema, { requests: [...requests] });
}

function queryOf(context: HandlerContext) {
  return [...new URL(context.url).searchParams].map(([name, value]) => ({ name, value: [value] }));
}

function toMetadata(headers: readonly Header[] = []): Metadata {
  const metadata: Record<string, MetadataValue[]> = {};
  for (const { name, value } of headers) {
    const values = name.toLowerCase().endsWith("-bin") ? value.map((text) => Buffer.from(text, "base64")) : value;
    metadata[name] = [...(metadata[name] ?? []), ...values];
  }
  return metadata;
}

function toError(definition: ErrorDefinition, info?: ConformancePayload_RequestInfo): ConnectError {
  const error = new ConnectError(definition.message ?? "", definition.code as number as Code);
  error.details = definition.details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  if (info !== undefined) error.details.push({ desc: ConformancePayload_RequestInfoSchema, value: info });
  return error;
}

function pack<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Any {
  return anyPack(schema, message);
}
