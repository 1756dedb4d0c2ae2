import { pathToString } from "@bufbuild/protobuf/reflect";
import type { ValidationError, Violation } from "@bufbuild/protovalidate";
import { type CursorOutOfRange, CursorProblem } from "../../gen/bourse/quote/v1/quote_pb.ts";
import type { UploadProblem } from "../../gen/bourse/upload/v1/upload_pb.ts";
import { truncateText } from "../transport/response/truncate-text.ts";

/** The most bytes of a domain error's message: it may quote the request. */
const maxMessageBytes = 1024;

/** An error whose message is meant for the client: it says what was wrong and what to do. */
export abstract class DomainError extends Error {
  constructor(message: string) {
    super(truncateText(message, maxMessageBytes));
  }
}

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

/** A request is not what its format says. */
export class MalformedMessageError extends DomainError {
  override name = "MalformedMessageError";

  /** @param problem what is wrong with the message, as in `it ends within a field` */
  constructor(problem: string) {
    super(`the message is not valid protobuf: ${problem}`);
  }
}

/** A request message has more fields than one may. */
export class MessageFieldsError extends DomainError {
  override name = "MessageFieldsError";

  /**
   * @param found how many fields and elements of lists it has at least
   * @param limit how many it may have
   */
  constructor(found: number, limit: number) {
    const [has, allowed] = [found, limit].map((number) => number.toLocaleString("en-US"));
    super(`the message has ${has} fields and elements or more, and ${allowed} are allowed: send several smaller ones`);
  }
}

/** A message breaks rules that stand in the protos. */
export class BrokenRulesError extends DomainError {
  override name = "BrokenRulesError";
  readonly violations: readonly FieldViolation[];

  /** @param prefix the path of the message in the request, as in `product` */
  constructor(prefix: string, error: ValidationError) {
    const violations = violationsOf(error.violations).map((each) => ({ ...each, field: `${prefix}.${each.field}` }));
    super(violations.map(({ field, description }) => `${field}: ${description}`).join("; "));
    this.violations = violations;
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

/** Somebody else changed a thing first. */
export class StaleEtagError extends DomainError {
  override name = "StaleEtagError";

  /**
   * @param kind what it is, in lower case, as in `product`
   * @param etag the state that it is in by now
   */
  constructor(kind: string, id: string, etag: string) {
    super(`the ${kind} ${id} was changed by someone else, its etag is ${etag} by now: get it, and try again`);
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

/** Something cannot be done with an upload. The detail has its state. */
export class UploadError extends DomainError {
  override name = "UploadError";
  readonly detail: UploadProblem;

  /** @param problem what was wrong and what to do, after the name of the upload */
  constructor(detail: UploadProblem, problem: string) {
    super(`upload ${detail.uploadId}: ${problem}`);
    this.detail = detail;
  }
}

/** A range begins behind the end of a file. */
export class FileRangeError extends DomainError {
  override name = "FileRangeError";

  constructor(offset: number, size: number) {
    super(`offset ${offset} is behind the end of the file, which has ${size} bytes: begin at ${size} at most`);
  }
}

/** A resume token that was not made by this server, was changed, or is of another selection. */
export class InvalidResumeTokenError extends DomainError {
  override name = "InvalidResumeTokenError";
  readonly field = "resume_token";

  constructor(problem: "forged" | "other-selection") {
    super(
      problem === "forged"
        ? "resume_token: was not made by this server, or was changed: give back the bytes of a response, or none"
        : "resume_token: is of another selection: ask for what it was given out for, or begin without a token",
    );
  }
}

/** What a resume token speaks of is no longer there. */
export class ResumeTokenExpiredError extends DomainError {
  override name = "ResumeTokenExpiredError";

  /** @param problem what is missing, as in `the store ends with order 5, and the token is of order 9` */
  constructor(problem: string) {
    super(`resume_token: cannot be served any more, as ${problem}: begin again without a token`);
  }
}

/** The store has as much as it may have. */
export class StoreFullError extends DomainError {
  override name = "StoreFullError";

  constructor(problem: string) {
    super(`${problem}; what was acknowledged before is stored. Give the server more room, and send the rest again`);
  }
}

/** The store accepts no more writes until the server is restarted. */
export class StoreReadOnlyError extends DomainError {
  override name = "StoreReadOnlyError";

  constructor() {
    super(storeReadOnlyMessage);
  }
}

/** The message of a {@link StoreReadOnlyError}, and of the error of an upload that is refused for the same reason. */
export const storeReadOnlyMessage =
  "the store is read-only, because a write to its disk has failed: what was acknowledged is stored and can be read; " +
  "the operator has to check the disk and restart the server, then send the rest again";

/** Something that is stored cannot be read now. */
export class StoreReadError extends DomainError {
  override name = "StoreReadError";

  /** @param problem what has happened, as in `disk I/O error` */
  constructor(problem: string, cause?: unknown) {
    super(`the store cannot be read (${problem}): try again later; if it stays so, the operator has to check the disk`);
    this.cause = cause;
  }
}

/** What is stored is damaged. */
export class StoreDamagedError extends DomainError {
  override name = "StoreDamagedError";

  /** @param problem what SQLite says, as in `database disk image is malformed` */
  constructor(problem: string, cause?: unknown) {
    super(`the database is damaged (${problem}): the operator has to restore a backup`);
    this.cause = cause;
  }
}

/** More wants to be written than the store has time for. */
export class StoreBusyError extends DomainError {
  override name = "StoreBusyError";

  /** @param waiting how many wait */
  constructor(waiting: number) {
    super(`the store is busy: ${waiting} writes wait; try again in a while`);
  }
}

/** A call sends more than one may. */
export class CallLimitError extends DomainError {
  override name = "CallLimitError";

  /**
   * @param what what the call has too much of, as in `messages`
   * @param sent how much of it was sent at least
   * @param limit how much of it may be sent
   */
  constructor(what: string, sent: number, limit: number) {
    super(`the call has ${sent} ${what} or more, and ${limit} may be: send the rest in further calls`);
  }
}

/** A call would have more trailers than its client takes. */
export class TrailerRoomError extends DomainError {
  override name = "TrailerRoomError";

  /**
   * @param field the field of the request that asks for that many
   * @param wanted the number that was asked for
   * @param fits the highest number that the client takes
   */
  constructor(field: string, wanted: number, fits: number) {
    super(`${field}: the client says that it takes fewer trailers than the ${wanted} of this call: ${fits} fit`);
  }
}

/** A broken rule, as google.rpc.BadRequest tells it. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
  readonly reason: string;
}

/** The most violations that an error reports: who corrects so many finds the others with the next request. */
export const maxViolations = 20;

/** The rules that a message breaks, the first {@link maxViolations} of them. */
export function violationsOf(violations: readonly Violation[]): FieldViolation[] {
  return violations.slice(0, maxViolations).map((violation) => ({
    field: pathToString(violation.field),
    description: violation.message,
    reason: violation.ruleId,
  }));
}
