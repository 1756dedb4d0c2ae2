import { create, createFileRegistry, type DescMethod, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";

/** Returns every method of every service that the reflection of the server describes. */
export async function servedMethods(baseUrl: string): Promise<DescMethod[]> {
  const names = await listServices(baseUrl);
  const registry = await describe(baseUrl, names);
  return names.flatMap((name) => {
    const service = registry.getService(name);
    if (service === undefined) throw new Error(`the server lists the service ${name} but does not describe it`);
    return service.methods;
  });
}

async function listServices(baseUrl: string): Promise<string[]> {
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl }));
  async function* request() {
    yield { messageRequest: { case: "listServices" as const, value: "*" } };
  }
  for await (const { messageResponse } of client.serverReflectionInfo(request())) {
    if (messageResponse.case === "listServicesResponse") return messageResponse.value.service.map(({ name }) => name);
  }
  throw new Error("the server lists no services");
}

async function describe(baseUrl: string, names: readonly string[]): Promise<FileRegistry> {
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl }));
  async function* requests() {
    for (const value of names) yield { messageRequest: { case: "fileContainingSymbol" as const, value } };
  }
  const files = new Map<string, FileDescriptorProto>();
  for await (const { messageResponse } of client.serverReflectionInfo(requests())) {
    if (messageResponse.case !== "fileDescriptorResponse") continue;
    for (const bytes of messageResponse.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
  }
  return createFileRegistry(create(FileDescriptorSetSchema, { file: inOrder(files) }));
}

/** Sorts files after their imports, as the registry requires. */
function inOrder(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto | undefined) => {
    if (file === undefined || ordered.has(file)) return;
    for (const imported of file.dependency) add(files.get(imported));
    ordered.add(file);
  };
  for (const file of files.values()) add(file);
  return [...ordered];
}
