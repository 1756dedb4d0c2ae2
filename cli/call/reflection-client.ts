import { type CallOptions, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import type { ServerReflectionRequest, ServerReflectionResponse } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionV1 } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionV1Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { DescriptorError } from "./descriptor-source.ts";

export type ReflectionQuery = Exclude<ServerReflectionRequest["messageRequest"], { case: undefined }>;
export type ReflectionAnswer = ServerReflectionResponse["messageResponse"];

/** The server has no reflection service. */
export class NoReflectionError extends DescriptorError {}

/** The number of queries in one stream. The server may answer before it has read them all, or after. */
const maxQueriesPerStream = 100;

/**
 * Queries the reflection service of a server, in version v1, or in v1alpha if the server does not have v1.
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export class ReflectionClient {
  readonly #address: string;
  readonly #options: CallOptions;
  #versions: ReturnType<typeof versionsOf>;

  /** @param address for messages */
  constructor(transport: Transport, address: string, options: CallOptions) {
    this.#versions = versionsOf(transport);
    this.#address = address;
    this.#options = options;
  }

  /** Returns the answers to queries, in their order. Throws a {@link DescriptorError} if the server has no reflection. */
  async query(queries: readonly ReflectionQuery[]): Promise<ReflectionAnswer[]> {
    const answers: ReflectionAnswer[] = [];
    for (let start = 0; start < queries.length; start += maxQueriesPerStream) {
      answers.push(...(await this.#queryAnyVersion(queries.slice(start, start + maxQueriesPerStream))));
    }
    return answers;
  }

  async #queryAnyVersion(queries: readonly ReflectionQuery[]): Promise<ReflectionAnswer[]> {
    for (const version of this.#versions) {
      try {
        const answers = await this.#queryVersion(version, queries);
        this.#versions = [version];
        return answers;
      } catch (error) {
        if (!(error instanceof ConnectError) || error.code !== Code.Unimplemented) throw error;
      }
    }
    throw new NoReflectionError(
      `${this.#address} has no server reflection, so its methods are unknown: enable reflection on the server, or pass ` +
        "its descriptors with --descriptor-set FILE; buf build -o FILE makes such a file from protos",
    );
  }

  async #queryVersion(version: ReflectionVersion, queries: readonly ReflectionQuery[]): Promise<ReflectionAnswer[]> {
    const answers: ReflectionAnswer[] = [];
    const requests = (async function* () {
      for (const messageRequest of queries) yield { messageRequest };
    })();
    const responses = version.serverReflectionInfo(requests, this.#options);
    for await (const { messageResponse } of responses) answers.push(messageResponse);
    if (answers.length === queries.length) return answers;
    throw new DescriptorError(
      `the reflection service of ${this.#address} has sent ${answers.length} answers to ${queries.length} queries`,
    );
  }
}

type ReflectionVersion = Pick<ReturnType<typeof clientOfV1>, "serverReflectionInfo">;

function clientOfV1(transport: Transport) {
  return createClient(ServerReflectionV1, transport);
}

/** The versions, newest first. Their messages differ only in their names. */
function versionsOf(transport: Transport): readonly ReflectionVersion[] {
  const v1alpha = createClient(ServerReflectionV1Alpha, transport);
  return [clientOfV1(transport), v1alpha as unknown as ReflectionVersion];
}
