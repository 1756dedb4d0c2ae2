import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { ValidationError } from "@bufbuild/protovalidate";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { CursorOutOfRangeSchema } from "../../gen/bourse/quote/v1/quote_pb.ts";
import { UploadProblemReason as Reason, UploadProblemSchema } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { LimitError } from "../transport/protection/limit-error.ts";
import {
  AlreadyExistsError,
  BrokenRulesError,
  CallLimitError,
  CommandBacklogError,
  CursorOutOfRangeError,
  DomainError,
  FileRangeError,
  InvalidFieldError,
  InvalidResumeTokenError,
  MalformedMessageError,
  MessageFieldsError,
  NotFoundError,
  ReplayOverrunError,
  ResumeTokenExpiredError,
  SlowReaderError,
  StaleEtagError,
  StoreBusyError,
  StoreDamagedError,
  StoreFullError,
  StoreReadError,
  StoreReadOnlyError,
  TrailerRoomError,
  UploadError,
  violationsOf,
} from "./domain-error.ts";

/** The one table of what domain errors are to a client. That of an upload depends on its reason. */
const codes: ReadonlyMap<unknown, Code> = new Map<abstract new (...args: never[]) => DomainError, Code>([
  [InvalidFieldError, Code.InvalidArgument],
  [BrokenRulesError, Code.InvalidArgument],
  [InvalidResumeTokenError, Code.InvalidArgument],
  [MalformedMessageError, Code.InvalidArgument],
  [MessageFieldsError, Code.ResourceExhausted],
  [NotFoundError, Code.NotFound],
  [AlreadyExistsError, Code.AlreadyExists],
  [StaleEtagError, Code.Aborted],
  [CursorOutOfRangeError, Code.OutOfRange],
  [ResumeTokenExpiredError, Code.OutOfRange],
  [FileRangeError, Code.OutOfRange],
  [SlowReaderError, Code.ResourceExhausted],
  [ReplayOverrunError, Code.ResourceExhausted],
  [CommandBacklogError, Code.ResourceExhausted],
  [CallLimitError, Code.ResourceExhausted],
  [TrailerRoomError, Code.ResourceExhausted],
  [StoreFullError, Code.ResourceExhausted],
  [StoreBusyError, Code.Unavailable],
  [StoreReadOnlyError, Code.Unavailable],
  [StoreReadError, Code.Unavailable],
  [StoreDamagedError, Code.DataLoss],
]);

const uploadCodes: Record<Reason, Code> = {
  [Reason.UNSPECIFIED]: Code.Unknown,
  [Reason.STALE_WRITER]: Code.Aborted,
  [Reason.GAP]: Code.OutOfRange,
  [Reason.OVERLAP]: Code.InvalidArgument,
  [Reason.CHECKSUM]: Code.DataLoss,
  [Reason.TOO_LONG]: Code.OutOfRange,
  [Reason.SIZE]: Code.FailedPrecondition,
  [Reason.HASH]: Code.FailedPrecondition,
  [Reason.CONFLICT]: Code.AlreadyExists,
  [Reason.STATE]: Code.FailedPrecondition,
  [Reason.FILE_LIMIT]: Code.ResourceExhausted,
  [Reason.QUOTA]: Code.ResourceExhausted,
  [Reason.TOO_MANY]: Code.ResourceExhausted,
  [Reason.READ_ONLY]: Code.Unavailable,
  [Reason.STALLED]: Code.DeadlineExceeded,
};

/** What a client is told of an error of ours, or of a broken rule in the protos; other errors stay as they are. */
export function toConnectError(error: unknown): unknown {
  if (error instanceof ConnectError && error.cause instanceof ValidationError) {
    return connectError(error.cause, Code.InvalidArgument, badRequest(violationsOf(error.cause.violations)));
  }
  if (error instanceof LimitError) return connectError(error, Code.ResourceExhausted, undefined);
  if (!(error instanceof DomainError)) return error;
  return connectError(error, codeOf(error), detailOf(error));
}

function codeOf(error: DomainError): Code {
  const code = error instanceof UploadError ? uploadCodes[error.detail.reason] : codes.get(error.constructor);
  return code ?? Code.Unknown;
}

interface Detail {
  readonly desc: DescMessage;
  readonly value: MessageInitShape<DescMessage>;
}

function detailOf(error: DomainError): Detail | undefined {
  if (error instanceof InvalidFieldError || error instanceof InvalidResumeTokenError) {
    return badRequest([{ field: error.field, description: error.message }]);
  }
  if (error instanceof BrokenRulesError) return badRequest([...error.violations]);
  if (error instanceof CursorOutOfRangeError) return { desc: CursorOutOfRangeSchema, value: error.detail };
  return error instanceof UploadError ? { desc: UploadProblemSchema, value: error.detail } : undefined;
}

/** The most bytes of the violations of an error, so that it fits the headers of gRPC. Those beyond are left out. */
const maxViolationBytes = 1_900;

/** What a violation takes besides its texts. */
const violationOverhead = 12;

function badRequest(violations: { field: string; description: string; reason?: string }[]): Detail {
  let left = maxViolationBytes;
  const fieldViolations = violations.filter(({ field, description, reason = "" }) => {
    left -= Buffer.byteLength(field) + Buffer.byteLength(description) + Buffer.byteLength(reason) + violationOverhead;
    return left >= 0;
  });
  return { desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) };
}

function connectError(cause: Error, code: Code, detail: Detail | undefined): ConnectError {
  return new ConnectError(cause.message, code, undefined, detail && [detail], cause);
}

/** Answers errors as {@link toConnectError} says, on routers that the transport does not serve, as in memory. */
export const mapDomainErrors: Interceptor = (next) => async (request) => {
  try {
    const response = await next(request);
    return response.stream ? { ...response, message: mapErrors(response.message) } : response;
  } catch (error) {
    throw toConnectError(error);
  }
};

async function* mapErrors<T>(messages: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw toConnectError(error);
  }
}
