import { readFileSync } from "node:fs";
import {
  create,
  createFileRegistry,
  type DescMethod,
  fromBinary,
  type Message,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type UnaryRequest } from "@connectrpc/connect";
import { createValidation } from "../../../server/shared/request-validation.ts";
import { toConnectError } from "../../../server/shared/to-connect-error.ts";
import { invariant } from "./fuzz-target.ts";

const descriptors = readFileSync(new URL("../../../gen/descriptors.binpb", import.meta.url));

/** The types of all served protos. */
export const registry: Registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));

const services = [...registry].filter((type) => type.kind === "service");

/** One served method for each request type. New methods are fuzzed automatically. */
export const requestMethods: readonly DescMethod[] = [
  ...new Map(services.flatMap(({ methods }) => methods).map((method) => [method.input.typeName, method])).values(),
];

/** The maximum size of the error for a request that violates validation rules, in bytes. */
const maxMessageBytes = 32 * 1024;
const maxDetailBytes = 128 * 1024;

const validation = createValidation(services);

/**
 * Validates a request as the server does. A request passes, or the error is INVALID_ARGUMENT with a bounded size.
 *
 * @returns whether the request passes
 */
export async function validate(method: DescMethod, message: Message): Promise<boolean> {
  let passed = false;
  const request = { stream: false, service: method.parent, method, message } as unknown as UnaryRequest;
  const handler = validation(async () => {
    passed = true;
    return {} as never;
  });
  try {
    await handler(request);
  } catch (thrown) {
    const error = toConnectError(thrown);
    if (!(error instanceof ConnectError) || error.code !== Code.InvalidArgument) throw thrown;
    const messageBytes = Buffer.byteLength(error.message);
    invariant(messageBytes <= maxMessageBytes, `the error message has ${messageBytes} bytes`);
    const detailBytes = error.details.reduce((sum, detail) => sum + sizeOf(detail), 0);
    invariant(detailBytes <= maxDetailBytes, `the error details have ${detailBytes} bytes`);
  }
  return passed;
}

function sizeOf(detail: ConnectError["details"][number]): number {
  if (!("desc" in detail)) return detail.value.length;
  return toBinary(detail.desc, create(detail.desc, detail.value)).length;
}
