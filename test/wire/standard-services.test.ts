import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Client, credentials, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { file_bourse_quote_v1_quote_service } from "../../gen/bourse/quote/v1/quote_service_pb.ts";
import { Health as HealthService, HealthCheckResponse_ServingStatus as Status } from "../../gen/health/v1/health_pb.ts";
import { file_test_wire_v1_wire_service } from "../../gen/test/wire/v1/wire_service_pb.ts";
import { Health } from "../../server/transport/services/health-service.ts";
import { registerReflection } from "../../server/transport/services/reflection-service.ts";
import { startWireServer, type WireServer } from "./start-wire-server.ts";
import { registerWireService } from "./wire-service.ts";

// The clients are grpc-js with the standard protos, loaded at run time, without the generated code of Bourse.
const require = createRequire(import.meta.url);
const health = new Health(["test.wire.v1.WireService"]);
let server: WireServer;
const clients: Client[] = [];

beforeAll(async () => {
  const files = [file_test_wire_v1_wire_service, file_bourse_quote_v1_quote_service];
  server = await startWireServer(
    {},
    {
      routes(router) {
        registerWireService(router, {});
        router.service(HealthService, health.service());
        registerReflection(router, files);
      },
    },
  );
});

afterAll(async () => {
  for (const client of clients) client.close();
  await server[Symbol.asyncDispose]();
});

describe("grpc.health.v1.Health", () => {
  test("Check returns the status of the server and of a service, and NOT_FOUND for an unknown service", async () => {
    const client = standardClient(
      "grpc-health-check/package.json",
      "proto/health/v1/health.proto",
      "grpc.health.v1.Health",
    );
    expect(await unary(client, "check", { service: "" })).toEqual({ status: "SERVING" });
    expect(await unary(client, "check", { service: "test.wire.v1.WireService" })).toEqual({ status: "SERVING" });
    await expect(unary(client, "check", { service: "no.Such" })).rejects.toMatchObject({ code: 5 });
  });

  test("List returns the status of all services", async () => {
    const client = standardClient(
      "grpc-health-check/package.json",
      "proto/health/v1/health.proto",
      "grpc.health.v1.Health",
    );
    const { statuses } = (await unary(client, "list", {})) as { statuses: object };
    expect(Object.keys(statuses)).toEqual(["", "test.wire.v1.WireService"]);
  });

  test("Watch sends each change, and SERVICE_UNKNOWN for a service until it is registered", async () => {
    const client = standardClient(
      "grpc-health-check/package.json",
      "proto/health/v1/health.proto",
      "grpc.health.v1.Health",
    );
    const known = watch(client, "test.wire.v1.WireService");
    const unknown = watch(client, "later.Service");
    expect([await known.next(), await unknown.next()]).toEqual(["SERVING", "SERVICE_UNKNOWN"]);
    health.set("test.wire.v1.WireService", Status.NOT_SERVING);
    expect(await known.next()).toBe("NOT_SERVING");
    health.set("later.Service", Status.SERVING);
    expect(await unknown.next()).toBe("SERVING");
    health.shutDown();
    // The first call receives no change.
    expect(await unknown.next()).toBe("NOT_SERVING");
    known.cancel();
    unknown.cancel();
  });
});

describe.each(["v1", "v1alpha"])("grpc.reflection.%s.ServerReflection", (version) => {
  const ask = async (...questions: object[]) => {
    const client = standardClient(
      "@grpc/reflection/package.json",
      `build/proto/grpc/reflection/${version}/reflection.proto`,
      `grpc.reflection.${version}.ServerReflection`,
    );
    const stream = client.makeBidiStreamRequest(...methodOf(client, "serverReflectionInfo"));
    const answers: ReflectionAnswer[] = [];
    for (const question of questions) stream.write(question);
    stream.end();
    for await (const answer of stream) answers.push(answer as ReflectionAnswer);
    return answers;
  };

  test("lists every service", async () => {
    const [answer] = await ask({ listServices: "" });
    expect(answer?.listServicesResponse?.service.map(({ name }) => name)).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "test.wire.v1.WireService",
    ]);
  });

  test.each([
    ["a service", "test.wire.v1.WireService"],
    ["a method", "test.wire.v1.WireService.Unary"],
    ["a message", "test.wire.v1.WireRequest"],
    ["a field", "test.wire.v1.WireRequest.scenario"],
    ["an enum value", "bourse.quote.v1.QUOTE_PHASE_LIVE"],
    ["a oneof", "bourse.quote.v1.WatchQuotesResponse.event"],
    ["an extension", "buf.validate.field"],
  ])("finds the file of %s", async (_what, symbol) => {
    const [answer] = await ask({ fileContainingSymbol: symbol });
    expect(answer?.fileDescriptorResponse?.fileDescriptorProto.length).toBeGreaterThan(0);
  });

  test("sends a file with all its imports, and no file twice", async () => {
    const name = "bourse/quote/v1/quote_service.proto";
    const [first, second] = await ask({ fileByFilename: name }, { fileContainingSymbol: "bourse.quote.v1.Quote" });
    // The service, its types, the rules, duration, timestamp, and the descriptors that the rules extend.
    expect(first?.fileDescriptorResponse?.fileDescriptorProto).toHaveLength(6);
    expect(second?.fileDescriptorResponse?.fileDescriptorProto).toHaveLength(1);
  });

  test("finds extensions by type and number", async () => {
    const containingType = "google.protobuf.FieldOptions";
    const [file, numbers] = await ask(
      { fileContainingExtension: { containingType, extensionNumber: 1159 } },
      { allExtensionNumbersOfType: containingType },
    );
    expect(file?.fileDescriptorResponse?.fileDescriptorProto.length).toBeGreaterThan(0);
    expect(numbers?.allExtensionNumbersResponse?.extensionNumber).toEqual([1159]);
  });

  test("returns NOT_FOUND for unknown names, and continues", async () => {
    const answers = await ask(
      { fileByFilename: "no.proto" },
      { fileContainingSymbol: "no.Such" },
      { allExtensionNumbersOfType: "no.Type" },
      { fileContainingExtension: { containingType: "no.Type", extensionNumber: 1 } },
    );
    expect(answers.map((answer) => answer.errorResponse?.errorCode)).toEqual([5, 5, 5, 5]);
  });
});

interface ReflectionAnswer {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: { fileDescriptorProto: Uint8Array[] };
  allExtensionNumbersResponse?: { extensionNumber: number[] };
  errorResponse?: { errorCode: number };
}

function standardClient(packageJson: string, proto: string, service: string): Client {
  const folder = dirname(require.resolve(packageJson));
  const definition = loadSync(join(folder, proto), { enums: String });
  let found: unknown = loadPackageDefinition(definition);
  for (const part of service.split(".")) found = (found as Record<string, unknown>)[part];
  const client = new (found as ServiceClientConstructor)(server.authority, credentials.createInsecure());
  clients.push(client);
  return client;
}

function methodOf(client: Client, name: string) {
  const { service } = client.constructor as ServiceClientConstructor;
  const method = Object.values(service).find((each) => each.originalName === name);
  if (method === undefined) throw new Error(`there is no method ${name}`);
  return [method.path, method.requestSerialize, method.responseDeserialize] as const;
}

function unary(client: Client, name: string, request: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(...methodOf(client, name), request, (error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

function watch(client: Client, service: string) {
  const stream = client.makeServerStreamRequest(...methodOf(client, "watch"), { service });
  stream.on("error", () => {});
  const statuses = stream.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<{ status: string }>;
  return {
    next: async () => (await statuses.next()).value?.status,
    cancel: () => stream.cancel(),
  };
}
