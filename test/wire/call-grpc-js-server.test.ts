import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Metadata, Server, ServerCredentials, type ServiceDefinition, status } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type CommandResult, startCommand } from "../start-command.ts";

vi.setConfig({ testTimeout: 30_000 }); // each test starts a process

/** Two packages that use each other's types only in one direction, and a service without a package. */
const protos = {
  "acme/units/units.proto": `
    syntax = "proto3";
    package acme.units;
    message Distance { double metres = 1; Unit unit = 2; }
    enum Unit { UNIT_UNSPECIFIED = 0; UNIT_METRE = 1; }
  `,
  "acme/travel/travel.proto": `
    syntax = "proto3";
    package acme.travel;
    import "acme/units/units.proto";
    import "google/protobuf/any.proto";
    import "google/protobuf/timestamp.proto";
    message Leg {
      string from_city = 1;
      acme.units.Distance length = 2;
      optional int32 rank = 3;
      map<string, Stop> stops = 4;
      google.protobuf.Timestamp start = 5;
      google.protobuf.Any extra = 6;
      oneof fare { int64 cents = 7; bool free = 8; }
      message Stop { string city = 1; }
    }
    message Sum { int32 legs = 1; double metres = 2; }
    service TravelService {
      rpc Echo(Leg) returns (Leg);
      rpc Split(Leg) returns (stream Leg);
      rpc Total(stream Leg) returns (Sum);
      rpc Follow(stream Leg) returns (stream Sum);
      rpc Fail(Leg) returns (Leg);
    }
  `,
  "plain.proto": `
    syntax = "proto3";
    message Ping { string text = 1; }
    service PlainService { rpc Send(Ping) returns (Ping); }
  `,
};

interface Leg {
  from_city?: string;
  length?: { metres?: number };
}

interface ServerCall {
  readonly request: Leg;
  readonly metadata: Metadata;
  sendMetadata(metadata: Metadata): void;
  write(message: object): void;
  end(trailer?: Metadata): void;
  on(event: "data", listener: (leg: Leg) => void): void;
  on(event: "end", listener: () => void): void;
}

type Callback = (error: object | null, response?: object, trailer?: Metadata) => void;

function metadataOf(entries: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}

/** A `google.rpc.Status` with a detail of type acme.units.Distance, 5 metres. */
function statusWithDistance(): Buffer {
  const value = Buffer.from([0x09, 0, 0, 0, 0, 0, 0, 0x14, 0x40]);
  const typeUrl = Buffer.from("type.googleapis.com/acme.units.Distance");
  const field = (number: number, bytes: Buffer) => Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
  const code = Buffer.from([0x08, status.FAILED_PRECONDITION]);
  return Buffer.concat([
    code,
    field(2, Buffer.from("the road is closed")),
    field(3, Buffer.concat([field(1, typeUrl), field(2, value)])),
  ]);
}

const travel = {
  Echo(call: ServerCall, callback: Callback) {
    call.sendMetadata(metadataOf({ "echoed-token": String(call.metadata.get("token")[0] ?? "none") }));
    callback(null, call.request, metadataOf({ "last-word": "done" }));
  },
  Split(call: ServerCall) {
    for (const part of (call.request.from_city ?? "").split("-")) call.write({ from_city: part });
    call.end(metadataOf({ parts: "all" }));
  },
  Total(call: ServerCall, callback: Callback) {
    const sum = { legs: 0, metres: 0 };
    call.on("data", (leg) => {
      sum.legs++;
      sum.metres += leg.length?.metres ?? 0;
    });
    call.on("end", () => callback(null, sum));
  },
  Follow(call: ServerCall) {
    const sum = { legs: 0, metres: 0 };
    call.on("data", (leg) => {
      sum.legs++;
      sum.metres += leg.length?.metres ?? 0;
      call.write(sum);
    });
    call.on("end", () => call.end());
  },
  Fail(_call: ServerCall, callback: Callback) {
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", statusWithDistance());
    callback({ code: status.FAILED_PRECONDITION, details: "the road is closed", metadata });
  },
};

const plain = { Send: (call: ServerCall, callback: Callback) => callback(null, call.request) };

let folder: string;
let address: string;
let bareAddress: string;
const servers: Server[] = [];

async function listen(definition: PackageDefinition, hasReflection: boolean): Promise<string> {
  const server = new Server();
  servers.push(server);
  const serviceOf = (name: string) => definition[name] as ServiceDefinition;
  server.addService(serviceOf("acme.travel.TravelService"), travel as never);
  server.addService(serviceOf("PlainService"), plain as never);
  if (hasReflection) new ReflectionService(definition).addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return `http://127.0.0.1:${port}`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bourse-call-"));
  for (const [name, text] of Object.entries(protos)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const definition = loadSync(Object.keys(protos), { includeDirs: [folder], keepCase: true, longs: String });
  address = await listen(definition, true);
  bareAddress = await listen(definition, false);
});
afterAll(async () => {
  for (const server of servers) server.forceShutdown();
  await rm(folder, { recursive: true, force: true });
});

/** Runs `bourse call` over gRPC. @param input standard input; undefined: it stays closed */
async function call(args: readonly string[], input = "", to = address): Promise<CommandResult> {
  const command = startCommand(["call", ...args, "--address", to, "--protocol", "grpc"]);
  command.process.stdin?.end(input);
  return command.done;
}

function linesOf({ stdout }: CommandResult): unknown[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

describe("a grpc-js server with @grpc/reflection", { tags: ["slow"] }, () => {
  test("--list prints its services, and the methods of one with their kinds", async () => {
    const services = await call(["--list"]);
    expect(services.stdout.split("\n")).toEqual(expect.arrayContaining(["PlainService", "acme.travel.TravelService"]));
    const methods = await call(["--list", "acme.travel.TravelService"]);
    expect(methods.stdout).toBe(
      [
        "acme.travel.TravelService/Echo    unary                    acme.travel.Leg  acme.travel.Leg",
        "acme.travel.TravelService/Split   server streaming         acme.travel.Leg  acme.travel.Leg",
        "acme.travel.TravelService/Total   client streaming         acme.travel.Leg  acme.travel.Sum",
        "acme.travel.TravelService/Follow  bidirectional streaming  acme.travel.Leg  acme.travel.Sum",
        "acme.travel.TravelService/Fail    unary                    acme.travel.Leg  acme.travel.Leg",
        "",
      ].join("\n"),
    );
  });

  test("a unary call echoes every kind of field, and -v prints headers and trailers", async () => {
    const message = {
      from_city: "Oslo",
      length: { metres: 1.5, unit: "UNIT_METRE" },
      rank: 0,
      stops: { a: { city: "Moss" } },
      start: "2026-01-31T12:00:00Z",
      extra: { "@type": "type.googleapis.com/acme.units.Distance", metres: 2 },
      cents: "9007199254740993",
    };
    const result = await call([
      "acme.travel.TravelService/Echo",
      "-d",
      JSON.stringify(message),
      "-v",
      "-H",
      "token: abc",
    ]);
    expect(linesOf(result)).toEqual([message]);
    expect(result.stderr).toContain("header echoed-token: abc\n");
    expect(result.stderr).toContain("trailer last-word: done\n");
    expect(result.exitCode).toBe(0);
  });

  test("a server stream prints one message per line", async () => {
    const result = await call(["acme.travel.TravelService/Split", "-d", '{"fromCity": "a-b-c"}']);
    expect(linesOf(result)).toEqual([{ from_city: "a" }, { from_city: "b" }, { from_city: "c" }]);
  });

  test("a client stream sends messages of arguments, of a file and of standard input, in order", async () => {
    const file = join(folder, "legs.ndjson");
    await writeFile(file, '{"length": {"metres": 10}}\n{"length": {"metres": 20}}{"length": {"metres": 30}}\n');
    const inputs = ["-d", '{"length": {"metres": 1}}', "-d", `@${file}`, "-d", "-"];
    const result = await call(["acme.travel.TravelService/Total", ...inputs], '{"length": {"metres": 100}}');
    expect(linesOf(result)).toEqual([{ legs: 5, metres: 161 }]);
  });

  test("a bidirectional stream answers each message before the next one is written", async () => {
    const command = startCommand([
      ...["call", "acme.travel.TravelService/Follow", "--data", "-"],
      ...["--address", address, "--protocol", "grpc"],
    ]);
    const { stdin, stdout } = command.process;
    for (let legs = 1; legs <= 3; legs++) {
      stdin?.write('{"length": {"metres": 2}}');
      const chunk = await new Promise<string>((resolve) => stdout?.once("data", (bytes) => resolve(String(bytes))));
      expect(JSON.parse(chunk)).toEqual({ legs, metres: 2 * legs });
    }
    stdin?.end();
    expect((await command.done).exitCode).toBe(0);
  });

  test("an error has its code, its message and its details, whose types come from reflection", async () => {
    const text = await call(["acme.travel.TravelService/Fail"]);
    expect(text.stderr).toBe(
      "acme.travel.TravelService/Fail returned failed_precondition: the road is closed\n" +
        'detail {"@type":"type.googleapis.com/acme.units.Distance","metres":5}\n',
    );
    expect(text.exitCode).toBe(64 + status.FAILED_PRECONDITION);
    const json = await call(["acme.travel.TravelService/Fail", "--json"]);
    expect(JSON.parse(json.stderr)).toEqual({
      code: "failed_precondition",
      message: "the road is closed",
      details: [{ "@type": "type.googleapis.com/acme.units.Distance", metres: 5 }],
    });
  });

  test("a service without a package is called", async () => {
    const result = await call(["PlainService/Send", "-d", '{"text": "hello"}']);
    expect(linesOf(result)).toEqual([{ text: "hello" }]);
  });

  test("--describe and --template work with its descriptors", async () => {
    const { stdout } = await call(["--describe", "acme.travel.TravelService/Echo"]);
    expect(stdout).toContain("rpc Echo(acme.travel.Leg) returns (acme.travel.Leg);");
    expect(stdout).toContain("  optional int32 rank = 3;\n");
    expect(stdout).toContain("map<string, acme.travel.Leg.Stop> stops = 4;");
    const template = await call(["acme.travel.TravelService/Echo", "--template", "--json"]);
    const echoed = await call(["acme.travel.TravelService/Echo", "-d", template.stdout]);
    expect(echoed.exitCode).toBe(0);
  });

  test("with the Connect protocol it is refused, and the message names another protocol", async () => {
    const command = startCommand(["call", "--list", "--address", address]);
    const { stderr, exitCode } = await command.done;
    expect(stderr).toMatch(/try --protocol grpc\n$|add --protocol grpc\n$/);
    expect(exitCode).not.toBe(0);
  });
});

describe("a server without reflection", () => {
  test("is named with what to do", async () => {
    const { stderr, exitCode } = await call(["acme.travel.TravelService/Echo"], "", bareAddress);
    expect(stderr).toBe(
      `${bareAddress} has no server reflection, so its methods are unknown: enable reflection on the server, or pass its ` +
        "descriptors with --descriptor-set FILE; buf build -o FILE makes such a file from protos\n",
    );
    expect(exitCode).toBe(1);
  });

  test("is called with --descriptor-set, which buf build makes", async () => {
    const file = join(folder, "set.binpb");
    await promisify(execFile)("node_modules/.bin/buf", ["build", folder, "-o", file]);
    const args = ["acme.travel.TravelService/Echo", "-d", '{"rank": 7}', "--descriptor-set", file];
    expect(linesOf(await call(args, "", bareAddress))).toEqual([{ rank: 7 }]);
    const failed = await call(["acme.travel.TravelService/Fail", "--descriptor-set", file], "", bareAddress);
    expect(failed.stderr).toContain('"metres":5');
    const list = await call(["--list", "--descriptor-set", file], "", bareAddress);
    expect(list.stdout).toBe("PlainService\nacme.travel.TravelService\n");
  });

  test("a file that is no descriptor set is refused", async () => {
    const args = ["--list", "--descriptor-set"];
    expect((await call([...args, "package.json"], "", bareAddress)).stderr).toBe(
      "--descriptor-set package.json has no descriptors: buf build -o FILE.binpb makes such a file\n",
    );
    expect((await call([...args, "none.binpb"], "", bareAddress)).stderr).toMatch(
      /^--descriptor-set none\.binpb cannot be read: ENOENT/,
    );
  });
});
