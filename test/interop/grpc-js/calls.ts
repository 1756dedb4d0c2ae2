import { join } from "node:path";
import {
  type CallOptions,
  Client,
  type ClientOptions,
  type ClientUnaryCall,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type MethodDefinition,
  type ServiceClientConstructor,
  type ServiceError,
  type StatusObject,
  type status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { mustGet } from "../run-cases.ts";

/** The options of a call. */
export interface Sent extends CallOptions {
  readonly metadata?: Metadata;
}

/** The outcome of a call. */
export interface Ended<Response> {
  readonly responses: readonly Response[];
  readonly header: Metadata;
  readonly trailer: Metadata;
  readonly code: status;
  readonly message: string;
}

/** An open call of any kind. */
export interface Call<Response> {
  /** Resolves when the headers have arrived, or the call has ended without headers. */
  readonly header: Promise<Metadata>;
  readonly ended: Promise<Ended<Response>>;
  /** Resolves to the next response of a stream. Rejects at the end. The outcome contains the other responses. */
  next(): Promise<Response>;
  send(request: object): void;
  closeSend(): void;
  cancel(): void;
}

const root = join(import.meta.dirname, "../../..");

const services = loadPackageDefinition(
  loadSync(
    [
      "bourse/product/v1/product_service.proto",
      "bourse/quote/v1/quote_service.proto",
      "grpc/reflection/v1/reflection.proto",
      "grpc/reflection/v1alpha/reflection.proto",
      "health/v1/health.proto",
      "test/wire/v1/wire_service.proto",
    ],
    {
      includeDirs: [
        "proto",
        "test/proto",
        "node_modules/@grpc/reflection/build/proto",
        "node_modules/google-proto-files",
        "node_modules/grpc-health-check/proto",
      ].map((folder) => join(root, folder)),
      enums: String,
      longs: String,
      defaults: true,
    },
  ),
);

/** Opens a channel to the address in an environment variable. */
export function openChannel(variable: string, options: ClientOptions = {}): Client {
  return new Client(mustGet(variable), credentials.createInsecure(), options);
}

/** Calls a method, for example `test.wire.v1.WireService.Unary`. Without requests, a request stream stays open. */
export function start<Response>(
  client: Client,
  name: string,
  requests: readonly object[],
  sent: Sent = {},
): Call<Response> {
  return startOf(services, client, name, requests, sent);
}

/** Does the same with a method of other services. */
export function startOf<Response>(
  loaded: GrpcObject,
  client: Client,
  name: string,
  requests: readonly object[],
  { metadata = new Metadata(), ...options }: Sent = {},
): Call<Response> {
  const method = methodOf<Response>(loaded, name);
  const { path, requestSerialize, responseDeserialize } = method;
  const common = [path, requestSerialize, responseDeserialize] as const;
  const first = requests[0] ?? {};
  const only = Promise.withResolvers<Response>();
  only.promise.catch(() => {});
  const take = (error: ServiceError | null, response?: Response) => {
    if (error === null && response !== undefined) only.resolve(response);
    else only.reject(error);
  };

  if (method.responseStream) {
    const stream = method.requestStream
      ? sendAll(client.makeBidiStreamRequest(...common, metadata, options), requests)
      : client.makeServerStreamRequest(...common, first, metadata, options);
    return callOf<Response>(stream, stream.iterator());
  }
  const call = method.requestStream
    ? sendAll(client.makeClientStreamRequest(...common, metadata, options, take), requests)
    : client.makeUnaryRequest(...common, first, metadata, options, take);
  return callOf(call, toIterator(only.promise));
}

function methodOf<Response>(loaded: GrpcObject, name: string): MethodDefinition<object, Response> {
  const dot = name.lastIndexOf(".");
  let found: unknown = loaded;
  for (const part of name.slice(0, dot).split(".")) found = (found as Record<string, unknown>)[part];
  const { service } = found as ServiceClientConstructor;
  const method = Object.values(service).find(({ path }) => path.endsWith(`/${name.slice(dot + 1)}`));
  if (method === undefined) throw new Error(`unknown method ${name}`);
  return method as MethodDefinition<object, Response>;
}

type Surface = Pick<ClientUnaryCall, "once" | "on" | "cancel">;

interface Sender {
  write(request: object): void;
  end(): void;
}

function sendAll<S extends Sender>(stream: S, requests: readonly object[]): S {
  for (const request of requests) stream.write(request);
  if (requests.length > 0) stream.end();
  return stream;
}

function callOf<Response>(surface: Surface, responses: AsyncIterator<Response>): Call<Response> {
  const header = Promise.withResolvers<Metadata>();
  surface.once("metadata", header.resolve);
  // The status event also reports errors.
  surface.on("error", () => {});
  const outcome = new Promise<StatusObject>((resolve) => surface.once("status", resolve));
  const sender = surface as unknown as Sender;

  async function end(): Promise<Ended<Response>> {
    const rest: Response[] = [];
    // The library emits the status of a call after all responses were read.
    const read = async () => {
      for (let each = await responses.next(); each.done !== true; each = await responses.next()) rest.push(each.value);
    };
    await read().catch(() => {});
    const { code, details: message, metadata: trailer } = await outcome;
    header.resolve(new Metadata());
    return { responses: rest, header: await header.promise, trailer, code, message };
  }

  let ended: Promise<Ended<Response>> | undefined;
  return {
    header: header.promise,
    get ended() {
      ended ??= end();
      return ended;
    },
    async next() {
      const { done, value } = await responses.next();
      if (done) throw new Error("the stream ended without a response");
      return value;
    },
    send: (request) => sender.write(request),
    closeSend: () => sender.end(),
    cancel: () => surface.cancel(),
  };
}

async function* toIterator<T>(only: Promise<T>): AsyncGenerator<T> {
  yield await only;
}
