import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { ValidationError } from "@bufbuild/protovalidate";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { type CursorOutOfRange, CursorOutOfRangeSchema, CursorProblem } from "../gen/bourse/quote/v1/quote_pb.ts";
import {
  UploadProblemReason as Reason,
  type UploadProblem,
  UploadProblemSchema,
} from "../gen/bourse/upload/v1/upload_pb.ts";
import { BadRequestSchema } from "../gen/google/rpc/error_details_pb.ts";

/** An error whose message is meant for the client: it says what was wrong and what to do. */
export abstract class DomainError extends Error {}

/** A field of a request has a value that cannot be taken, which the rules in the protos cannot tell. */
export class InvalidFieldError extends DomainError {
  override name = "InvalidFieldError";
  readonly field: string;

  /** @param field the path of the field, as in `product.price` */
  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.field = field;
  }
}

/** There is no such thing. */
export class NotFoundError extends DomainError {
  override name = "NotFoundError";

  /** @param kind what it would be, in lower case, as in `product` */
  constructor(kind: string, id: string) {
    super(`there is no ${kind} ${id}: check the id`);
  }
}

/** There is such a thing already. */
export class AlreadyExistsError extends DomainError {
  override name = "AlreadyExistsError";

  /** @param kind what it is, in lower case, as in `product` */
  constructor(kind: string, id: string) {
    super(`there is a ${kind} ${id} already: choose another id`);
  }
}

/** A reader fell behind on a stream that may not skip anything. */
export class SlowReaderError extends DomainError {
  override name = "SlowReaderError";

  /** @param queued how many items waited when the limit was reached */
  constructor(queued: number) {
    super(`the reader is too slow: ${queued} quotes wait for it; read faster, watch fewer symbols, or let it conflate`);
  }
}

/** A reader is so slow that the log let go of what is yet to be replayed on a stream that may not skip anything. */
export class ReplayOverrunError extends DomainError {
  override name = "ReplayOverrunError";

  constructor() {
    super("the reader is too slow: the log no longer holds what was to be replayed; read faster, or let it conflate");
  }
}

/** A stream cannot go on from a place in the log. */
export class CursorOutOfRangeError extends DomainError {
  override name = "CursorOutOfRangeError";
  readonly detail: CursorOutOfRange;

  constructor(detail: CursorOutOfRange) {
    const { requested, problem, oldest, newest } = detail;
    const range = `${oldest?.epoch}.${oldest?.seq} to ${newest?.epoch}.${newest?.seq}`;
    super(
      `the stream cannot go on from ${requested?.epoch}.${requested?.seq}, which is ${cursorProblems[problem]}: ` +
        `there is ${range}; begin without a cursor, or set reset_if_out_of_range`,
    );
    this.detail = detail;
  }
}

const cursorProblems: Record<CursorProblem, string> = {
  [CursorProblem.UNSPECIFIED]: "out of range",
  [CursorProblem.TOO_OLD]: "too old",
  [CursorProblem.OTHER_EPOCH]: "of another epoch",
  [CursorProblem.AHEAD]: "ahead of the log",
};

/** More answers to commands wait for the reader of a stream than may. */
export class CommandBacklogError extends DomainError {
  override name = "CommandBacklogError";

  /** @param waiting how many answers wait */
  constructor(waiting: number) {
    super(`the stream takes no more commands: ${waiting} answers wait for its reader; read them first`);
  }
}

/** There are as many subscribers as the server serves at once. */
export class SubscriberLimitError extends DomainError {
  override name = "SubscriberLimitError";

  /** @param limit how many there may be */
  constructor(limit: number) {
    super(`the server has ${limit} subscribers, and takes no more: come back later, or end other streams`);
  }
}

/** Something cannot be done with an upload. The detail says how it stands. */
export class UploadError extends DomainError {
  override name = "UploadError";
  readonly detail: UploadProblem;

  /** @param problem what was wrong and what to do, after the name of the upload */
  constructor(detail: UploadProblem, problem: string) {
    super(`upload ${detail.uploadId}: ${problem}`);
    this.detail = detail;
  }
}

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

/** A range begins behind the end of a file. */
export class FileRangeError extends DomainError {
  override name = "FileRangeError";

  constructor(offset: number, size: number) {
    super(`offset ${offset} is behind the end of the file, which has ${size} bytes: begin at ${size} at most`);
  }
}

interface Answer {
  readonly code: Code;
  readonly details?: { desc: DescMessage; value: MessageInitShape<DescMessage> }[];
}

/** The one place where a domain error becomes a Connect error. */
function answerTo(error: DomainError): Answer {
  if (error instanceof InvalidFieldError) {
    const violation = { field: error.field, description: error.message };
    const value = create(BadRequestSchema, { fieldViolations: [violation] });
    return { code: Code.InvalidArgument, details: [{ desc: BadRequestSchema, value }] };
  }
  if (error instanceof NotFoundError) return { code: Code.NotFound };
  if (error instanceof AlreadyExistsError) return { code: Code.AlreadyExists };
  if (error instanceof SlowReaderError) return { code: Code.ResourceExhausted };
  if (error instanceof ReplayOverrunError) return { code: Code.ResourceExhausted };
  if (error instanceof CommandBacklogError) return { code: Code.ResourceExhausted };
  if (error instanceof CursorOutOfRangeError) {
    return { code: Code.OutOfRange, details: [{ desc: CursorOutOfRangeSchema, value: error.detail }] };
  }
  if (error instanceof SubscriberLimitError) return { code: Code.ResourceExhausted };
  if (error instanceof UploadError) {
    const code = uploadCodes[error.detail.reason] ?? Code.Unknown;
    return { code, details: [{ desc: UploadProblemSchema, value: error.detail }] };
  }
  if (error instanceof FileRangeError) return { code: Code.OutOfRange };
  return { code: Code.Unknown };
}

/** What a client is told of an error of ours, or of a broken rule in the protos; other errors stay as they are. */
export function toConnectError(error: unknown): unknown {
  if (error instanceof ConnectError && error.cause instanceof ValidationError) return brokenRules(error.cause);
  if (!(error instanceof DomainError)) return error;
  const { code, details } = answerTo(error);
  return new ConnectError(error.message, code, undefined, details, error);
}

/** A request breaks rules that stand in the protos. */
function brokenRules(error: ValidationError): ConnectError {
  const fieldViolations = error.violations.map((violation) => ({
    field: pathToString(violation.field),
    description: violation.message,
    reason: violation.ruleId,
  }));
  const detail = { desc: BadRequestSchema, value: { fieldViolations } };
  return new ConnectError(error.message, Code.InvalidArgument, undefined, [detail], error);
}

/** Answers errors as {@link toConnectError} says, on routers that the transport does not serve, as in memory. */
export const domainErrors: Interceptor = (next) => async (request) => {
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
