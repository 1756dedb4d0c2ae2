import { mkdtemp, rm } from "node:fs/promises";
import { type ClientHttp2Session, connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  create,
  type DescField,
  type DescMessage,
  type DescMethod,
  ScalarType,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { Code } from "@connectrpc/connect";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { type App, createApp } from "../../server/app.ts";
import { classicServices } from "../../server/classic/classic-routes.ts";
import { readCommandLine } from "../../server/config/command-line.ts";
import { bourseServices } from "../../server/routes.ts";

// Calls every method with each extreme value in each field, and with plausible values in the other fields. The messages
// are derived from the descriptors. A client error must not result in INTERNAL or UNKNOWN.

const methods: DescMethod[] = [...bourseServices, ...classicServices, Health, ServerReflection].flatMap(
  (service): readonly DescMethod[] => service.methods,
);

let folder: string;
let app: App;
let session: ClientHttp2Session;
const logged: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bourse-hostile-"));
  const args = [
    "--data",
    folder,
    "--port",
    "0",
    "--host",
    "127.0.0.1",
    "--demo-orders",
    "0",
    "--classic-interval",
    "1",
  ];
  const commandLine = readCommandLine(args, {}, "0.0.0");
  if (commandLine.kind !== "serve") throw new Error("the settings are not those of a server");
  app = await createApp(commandLine.config, pino({ level: "error" }, { write: (line: string) => logged.push(line) }));
}, 60_000);

// A session for each method: the server ends a session whose client resets many streams, as `codeOf` does.
beforeEach(() => {
  session = connect(app.url);
});

afterEach(() => session.destroy());

afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

test.each(methods.map((method) => [`${method.parent.typeName}/${method.name}`, method] as const))(
  "%s does not fail with INTERNAL for any extreme value",
  { tags: ["slow"], timeout: 120_000 },
  async (path, method) => {
    const ours: string[] = [];
    for (const { what, message } of variants(method.input)) {
      const bodies = [["application/grpc", toBinary(method.input, message)]] as [string, Uint8Array][];
      const json = jsonOf(method.input, message);
      if (json !== undefined) bodies.push(["application/grpc+json", json]);
      for (const [type, body] of bodies) {
        const code = await codeOf(`/${path}`, type, body);
        if (code === Code.Internal || code === Code.Unknown) ours.push(`${what} in ${type}`);
      }
    }
    expect(ours).toEqual([]);
    // Also checks errors after the first response. A chunk with a wrong checksum is logged as lost data.
    expect(logged.filter((line) => !line.includes('"code":"data_loss"'))).toEqual([]);
  },
);

interface Variant {
  readonly what: string;
  readonly message: ReturnType<typeof create>;
}

/** Yields an empty message, a plausible message, and a plausible message with each extreme value in each field. */
function* variants(type: DescMessage): Iterable<Variant> {
  yield { what: "nothing", message: create(type) };
  yield { what: "plausible values", message: plausible(type).message };
  for (const [what, set] of extremes(type, "", 0)) {
    const filled = plausible(type);
    set(filled);
    yield { what, message: filled.message };
  }
}

/** Yields functions that set one field of a message to an extreme value. */
function* extremes(
  type: DescMessage,
  path: string,
  depth: number,
): Iterable<[string, (message: ReflectMessage) => void]> {
  for (const field of type.fields) {
    const at = `${path}${field.name}`;
    if (field.fieldKind === "message" && depth < 4) {
      for (const [what, set] of extremes(field.message, `${at}.`, depth + 1)) {
        yield [
          what,
          (message) => {
            const inner = message.isSet(field) ? message.get(field) : plausible(field.message, depth + 1);
            set(inner);
            message.set(field, inner);
          },
        ];
      }
    } else if (field.fieldKind === "list" && field.listKind === "message" && depth < 4) {
      for (const [what, set] of extremes(field.message, `${at}[0].`, depth + 1)) {
        yield [
          what,
          (message) => {
            const inner = plausible(field.message, depth + 1);
            set(inner);
            message.get(field).clear();
            message.get(field).add(inner);
          },
        ];
      }
    } else {
      for (const value of extremesOf(field)) {
        yield [
          `${at} = ${String(value).slice(0, 40)}`,
          (message) => {
            if (field.fieldKind === "list") message.get(field).add(value);
            else if (field.fieldKind !== "map") message.set(field, value);
          },
        ];
      }
    }
  }
}

function extremesOf(field: DescField): readonly (string | number | bigint | Uint8Array)[] {
  if (field.enum !== undefined) return [0, -1, 99, 2 ** 31 - 1];
  switch (field.scalar) {
    case ScalarType.STRING:
      return [
        "",
        "\0",
        "9999999999999999999",
        "-1",
        "*",
        '"',
        "%",
        "\u{1F600}".repeat(20),
        "x".repeat(64),
        "x".repeat(5_000),
      ];
    case ScalarType.BYTES:
      return [new Uint8Array(), new Uint8Array(32), new Uint8Array(100).fill(255), new Uint8Array(512)];
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return [-0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3e38];
    case ScalarType.BOOL:
    case undefined:
      return [];
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return [-(2n ** 63n), -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n];
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return [0n, 2n ** 63n, 2n ** 64n - 1n];
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return [0, 2 ** 31, 2 ** 32 - 1];
    default:
      return [-(2 ** 31), -1, 0, 2 ** 31 - 1];
  }
}

/** Creates a message with a value in every field, and in the first field of each oneof. */
function plausible(type: DescMessage, depth = 0): ReflectMessage {
  const message = reflect(type, create(type));
  for (const field of type.fields) {
    if (field.oneof !== undefined && field.oneof.fields[0] !== field) continue;
    if (field.fieldKind === "message") {
      if (depth < 4) message.set(field, plausible(field.message, depth + 1));
    } else if (field.fieldKind === "list") {
      if (field.listKind === "message") {
        if (depth < 4) message.get(field).add(plausible(field.message, depth + 1));
      } else message.get(field).add(plausibleValue(field));
    } else if (field.fieldKind !== "map") message.set(field, plausibleValue(field));
  }
  return message;
}

function plausibleValue(field: DescField): string | number | bigint | boolean | Uint8Array {
  if (field.enum !== undefined) return field.enum.values[1]?.number ?? 0;
  switch (field.scalar) {
    case ScalarType.STRING:
      if (field.name === "currency_code") return "USD";
      return field.name === "id" || field.name.endsWith("_id") ? "0197c001-1111-7111-8111-111111111111" : "ACME";
    case ScalarType.BYTES:
      return field.name === "sha256" || field.name.endsWith("token") ? new Uint8Array() : new Uint8Array([1]);
    case ScalarType.BOOL:
      return true;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 1n;
    default:
      return 1;
  }
}

function jsonOf(type: DescMessage, message: ReturnType<typeof create>): Uint8Array | undefined {
  try {
    return Buffer.from(toJsonString(type, message));
  } catch {
    return undefined; // for example a time after the year 9999
  }
}

/** Resolves to the code of a call with one message, or to 0 after the first response. */
function codeOf(path: string, contentType: string, message: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": contentType, te: "trailers" });
    const finish = (code: number) => {
      resolve(code);
      stream.close();
    };
    stream.once("data", () => finish(0));
    stream.once("response", (header) => {
      if (header["grpc-status"] !== undefined) finish(Number(header["grpc-status"]));
    });
    stream.once("trailers", (trailers) => finish(Number(trailers["grpc-status"])));
    stream.once("error", reject);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}
