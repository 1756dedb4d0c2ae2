import { Code } from "@connectrpc/connect";
import { DomainError, type ErrorDetail } from "./domain-error.ts";
import { badRequest } from "./request-errors.ts";

/** A resume token was not issued by this server, was changed, or belongs to another selection. */
export class InvalidResumeTokenError extends DomainError {
  override name = "InvalidResumeTokenError";
  readonly code = Code.InvalidArgument;

  constructor(problem: "forged" | "other-selection") {
    super(
      problem === "forged"
        ? "resume_token: this server did not issue it, or it was changed: " +
            "send the bytes of a response unchanged, or send no token"
        : "resume_token: it belongs to another selection: repeat the request that it was issued for, or send no token",
    );
  }

  override toDetail(): ErrorDetail {
    return badRequest([{ field: "resume_token", description: this.message }]);
  }
}

/** The position of a resume token is no longer available. */
export class ResumeTokenExpiredError extends DomainError {
  override name = "ResumeTokenExpiredError";
  readonly code = Code.OutOfRange;

  /** @param problem the reason, as in `the token is at order 9, and the newest stored order is 5` */
  constructor(problem: string) {
    super(`resume_token: its position is no longer available (${problem}): start again without a token`);
  }
}
