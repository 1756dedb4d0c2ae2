import { readFileSync } from "node:fs";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test } from "vitest";
import { ServerReflection as ServerReflectionV1Alpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { ReflectedDescriptors } from "./reflected-descriptors.ts";
import { ReflectionClient } from "./reflection-client.ts";

const files = fromBinary(FileDescriptorSetSchema, readFileSync("gen/descriptors.binpb")).file;

/** Starts a server with the routes, and returns what it reflects. */
async function connect(routes: (router: ConnectRouter) => void): Promise<ReflectedDescriptors> {
  const server = createServer(connectNodeAdapter({ routes })).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const end = new AbortController();
  onTestFinished(() => {
    end.abort();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = createGrpcTransport({ baseUrl: url });
  return new ReflectedDescriptors(new ReflectionClient(transport, url, { signal: end.signal }), url);
}

/** Reflection v1alpha that sends only the requested file, as some servers do. Records the queries. */
function reflectOneFile(queries: string[], find: (name: string) => FileDescriptorProto | undefined) {
  return (router: ConnectRouter) =>
    router.service(ServerReflectionV1Alpha, {
      async *serverReflectionInfo(requests) {
        for await (const { messageRequest } of requests) {
          const name = String(messageRequest.value);
          queries.push(name);
          const file = messageRequest.case === "fileContainingSymbol" ? find(serviceFile) : find(name);
          if (file === undefined) {
            const value = { errorCode: Code.NotFound, errorMessage: `no ${name}` };
            yield { messageResponse: { case: "errorResponse" as const, value } };
          } else {
            const value = { fileDescriptorProto: [toBinary(FileDescriptorProtoSchema, file)] };
            yield { messageResponse: { case: "fileDescriptorResponse" as const, value } };
          }
        }
      },
    });
}

const serviceFile = "bourse/order/v1/order_service.proto";
const service = "bourse.order.v1.OrderService";

test("with v1alpha only, and one file per answer, imports of imports are requested once", async () => {
  const queries: string[] = [];
  const source = await connect(reflectOneFile(queries, (name) => files.find((file) => file.name === name)));
  const types = await source.load(service);
  expect(types?.getService(service)?.methods).toHaveLength(3);
  expect(types?.getMessage("google.type.Money")).toBeDefined();
  expect(queries).toEqual([service, ...new Set(queries.slice(1))]);
  expect(queries).toContain("google/type/money.proto");
  const count = queries.length;
  await source.load(service);
  expect(queries).toHaveLength(count + 1);
});

test("an import that the server does not have is an error only if a message needs it", async () => {
  const without = (missing: string) => (name: string) =>
    files.find((file) => file.name === name && file.name !== missing);
  const lenient = await connect(reflectOneFile([], without("buf/validate/validate.proto")));
  expect((await lenient.load(service))?.getService(service)).toBeDefined();
  const incomplete = await connect(reflectOneFile([], without("google/type/money.proto")));
  await expect(incomplete.load(service)).rejects.toThrow(/are incomplete or invalid: .*google\.type\.Money/);
});

test("an invalid descriptor and an unexpected answer are errors that name the server", async () => {
  const invalid = await connect((router) =>
    router.service(ServerReflectionV1Alpha, {
      async *serverReflectionInfo() {
        const value = { fileDescriptorProto: [new Uint8Array([0xff])] };
        yield { messageResponse: { case: "fileDescriptorResponse" as const, value } };
      },
    }),
  );
  await expect(invalid.load(service)).rejects.toThrow(/^http:.* has sent an invalid descriptor: /);
  await expect(invalid.listServices()).rejects.toThrow(
    /^the reflection service of http:.* an unexpected fileDescriptor/,
  );
  const mute = await connect((router) => router.service(ServerReflectionV1Alpha, { async *serverReflectionInfo() {} }));
  await expect(mute.listServices()).rejects.toThrow("has sent 0 answers to 1 queries");
});
