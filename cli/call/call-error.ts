import { create, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { ExitCodeMeanings } from "../shared/exit-codes.ts";
import type { TypeResolver } from "./type-resolver.ts";

/** The error of a call, as JSON. */
export interface CallError {
  /** As in `not_found`. */
  readonly code: string;
  readonly message: string;
  /** The details. Each has its type in `@type`; one of an unknown type has its bytes in `value`, in base64. */
  readonly details: readonly JsonValue[];
}

/** The exit code of a call that failed with a code: 64 plus the number of the code, as grpcurl has it. */
export function exitCodeOf(code: Code): number {
  return 64 + code;
}

/** The meanings of the exit codes of a call, besides those of all commands. */
export const callExitCodes: ExitCodeMeanings = {
  [`${exitCodeOf(Code.Canceled)}-${exitCodeOf(Code.Unauthenticated)}`]:
    `the call failed: 64 plus the number of its gRPC code, as in ${exitCodeOf(Code.NotFound)} for not_found; ` +
    `${exitCodeOf(Code.Unavailable)} also if the server cannot be reached`,
};

/**
 * Whether the connection has failed, and not the call: the error of Node or OpenSSL is its cause. A connection that the
 * server resets during a call is one of these.
 */
export function isConnectionError(error: ConnectError): boolean {
  const cause = error.cause as { readonly code?: unknown } | undefined;
  return typeof cause?.code === "string";
}

/** Decodes the details of an error. */
export async function decodeCallError(error: ConnectError, types: TypeResolver): Promise<CallError> {
  const details: JsonValue[] = [];
  for (const detail of error.details) {
    if (!("type" in detail)) continue;
    details.push(await decodeDetail(detail, types));
  }
  return { code: codeToString(error.code), message: error.rawMessage, details };
}

type IncomingDetail = Extract<ConnectError["details"][number], { readonly type: string }>;

async function decodeDetail({ type, value, debug }: IncomingDetail, types: TypeResolver): Promise<JsonValue> {
  const typeUrl = `type.googleapis.com/${type}`;
  const any = create(AnySchema, { typeUrl, value });
  try {
    const json = await types.convert((registry) => toJson(AnySchema, any, { registry, useProtoFieldName: true }));
    return { "@type": typeUrl, ...(json as JsonObject) }; // the type first
  } catch {
    const encoded = Buffer.from(value).toString("base64");
    return { "@type": typeUrl, value: encoded, ...(debug !== undefined && { debug }) };
  }
}
