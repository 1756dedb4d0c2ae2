import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import {
  type ServerReflectionRequest as RequestV1,
  ServerReflection as ServerReflectionV1,
} from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import {
  type ServerReflectionRequest as RequestV1Alpha,
  ServerReflection as ServerReflectionV1Alpha,
} from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";

/**
 * Registers gRPC server reflection, v1 and v1alpha, for all services that are registered. Call it last.
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 *
 * @param files the files that define the services. Those that they import are added. Comments are part of the descriptors
 * if the files have source information
 */
export function registerReflection(router: ConnectRouter, files: Iterable<DescFile>): void {
  const served = router.handlers.map(({ service }) => service.typeName);
  const index = new ReflectionIndex(files, [...served, ServerReflectionV1.typeName, ServerReflectionV1Alpha.typeName]);
  router.service(ServerReflectionV1, { serverReflectionInfo: (requests) => answerQueries<RequestV1>(index, requests) });
  router.service(ServerReflectionV1Alpha, {
    serverReflectionInfo: (requests) => answerQueries<RequestV1Alpha>(index, requests),
  });
}

/** A query of either version: they differ only in their names. */
type Query =
  | { case: "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType" | "listServices"; value: string }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } }
  | { case: undefined };

async function* answerQueries<R extends { host: string; messageRequest: Query }>(
  index: ReflectionIndex,
  requests: AsyncIterable<R>,
) {
  const sent = new Set<string>();
  for await (const originalRequest of requests) {
    const messageResponse = index.answer(originalRequest.messageRequest, sent);
    yield { validHost: originalRequest.host, originalRequest, messageResponse };
  }
}

type FileAnswer = {
  case: "fileDescriptorResponse";
  value: { fileDescriptorProto: Uint8Array[] };
};

class ReflectionIndex {
  readonly #services: { name: string }[];
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  readonly #extensions = new Map<string, Map<number, DescFile>>();

  constructor(files: Iterable<DescFile>, services: readonly string[]) {
    this.#services = [...new Set(services)].sort().map((name) => ({ name }));
    for (const file of files) this.#add(file);
  }

  answer(query: Query, sent: Set<string>) {
    switch (query.case) {
      case "listServices":
        return { case: "listServicesResponse" as const, value: { service: this.#services } };
      case "fileByFilename":
        return this.#file(this.#files.get(query.value), `file ${query.value}`, sent);
      case "fileContainingSymbol":
        return this.#file(this.#symbols.get(query.value), `symbol ${query.value}`, sent);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = query.value;
        const file = this.#extensions.get(containingType)?.get(extensionNumber);
        return this.#file(file, `extension ${extensionNumber} of ${containingType}`, sent);
      }
      case "allExtensionNumbersOfType": {
        const baseTypeName = query.value;
        if (!this.#symbols.has(baseTypeName)) return notFound(`type ${baseTypeName}`);
        const extensionNumber = [...(this.#extensions.get(baseTypeName)?.keys() ?? [])];
        return { case: "allExtensionNumbersResponse" as const, value: { baseTypeName, extensionNumber } };
      }
      default:
        return failure(Code.InvalidArgument, "the request has no query: set one of the fields of message_request");
    }
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const symbol of symbolsOf(file.proto)) this.#symbols.set(symbol, file);
    for (const type of nestedTypes(file)) {
      if (type.kind !== "extension") continue;
      const ofType = this.#extensions.get(type.extendee.typeName) ?? new Map<number, DescFile>();
      this.#extensions.set(type.extendee.typeName, ofType.set(type.number, file));
    }
    for (const imported of file.dependencies) this.#add(imported);
  }

  #file(file: DescFile | undefined, what: string, sent: Set<string>): FileAnswer | ReturnType<typeof notFound> {
    if (file === undefined) return notFound(what);
    const fileDescriptorProto: Uint8Array[] = [];
    // The requested file is always sent, its imports only once in a stream.
    const add = (each: DescFile) => {
      sent.add(each.proto.name);
      fileDescriptorProto.push(toBinary(FileDescriptorProtoSchema, each.proto));
      for (const imported of each.dependencies) if (!sent.has(imported.proto.name)) add(imported);
    };
    add(file);
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
  }
}

function notFound(what: string) {
  return failure(Code.NotFound, `there is no ${what} here`);
}

function failure(errorCode: Code, errorMessage: string) {
  return { case: "errorResponse" as const, value: { errorCode, errorMessage } };
}

type MessageProto = FileDescriptorProto["messageType"][number];

/** Yields the names that a file defines: types, fields, enum values, services, methods, extensions. */
function* symbolsOf(file: FileDescriptorProto): Iterable<string> {
  const scope = file.package === "" ? "" : `${file.package}.`;
  for (const message of file.messageType) yield* symbolsOfMessage(message, scope);
  for (const each of file.enumType) yield* symbolsOfEnum(each, scope);
  for (const extension of file.extension) yield scope + extension.name;
  for (const service of file.service) {
    yield scope + service.name;
    for (const method of service.method) yield `${scope}${service.name}.${method.name}`;
  }
}

function* symbolsOfMessage(message: MessageProto, scope: string): Iterable<string> {
  const name = scope + message.name;
  yield name;
  for (const member of [...message.field, ...message.oneofDecl, ...message.extension]) yield `${name}.${member.name}`;
  for (const nested of message.nestedType) yield* symbolsOfMessage(nested, `${name}.`);
  for (const each of message.enumType) yield* symbolsOfEnum(each, `${name}.`);
}

function* symbolsOfEnum(each: MessageProto["enumType"][number], scope: string): Iterable<string> {
  yield scope + each.name;
  // Enum values are siblings of their enum, not members of it.
  for (const value of each.value) yield scope + value.name;
}
