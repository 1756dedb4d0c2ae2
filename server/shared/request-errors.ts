import { create } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import type { ValidationError, Violation } from "@bufbuild/protovalidate";
import { Code } from "@connectrpc/connect";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { DomainError, type ErrorDetail } from "./domain-error.ts";

/** A field of a request has an invalid value, by a rule that the protos do not express. */
export class InvalidFieldError extends DomainError {
  override name = "InvalidFieldError";
  readonly code = Code.InvalidArgument;
  readonly field: string;

  /**
   * @param field the path of the field, as in `product.price`
   * @param problem what is wrong and what to do, as in `is missing: send the product to create`
   */
  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.field = field;
  }

  override toDetail(): ErrorDetail {
    return badRequest([{ field: this.field, description: this.message }]);
  }
}

/** A message breaks rules of the protos. */
export class BrokenRulesError extends DomainError {
  override name = "BrokenRulesError";
  readonly code = Code.InvalidArgument;
  /** The first {@link maxViolations} broken rules. */
  readonly violations: readonly FieldViolation[];

  /** @param prefix the path of the message in the request, as in `product` */
  constructor(prefix: string, error: ValidationError) {
    const violations = violationsOf(error.violations).map((each) => ({ ...each, field: `${prefix}.${each.field}` }));
    super(violations.map(({ field, description }) => `${field}: ${description}`).join("; "));
    this.violations = violations;
  }

  override toDetail(): ErrorDetail {
    return badRequest(this.violations);
  }
}

/** A broken rule, in the shape of `google.rpc.BadRequest`. */
export interface FieldViolation {
  /** The path of the field, as in `product.price`. */
  readonly field: string;
  readonly description: string;
  /** The id of the rule, as in `string.min_len`. */
  readonly reason?: string;
}

/**
 * The maximum number of violations that an error reports. A client that corrects these gets the others with its next
 * request.
 */
export const maxViolations = 20;

/** Returns the first {@link maxViolations} of the rules that a message breaks. */
export function violationsOf(violations: readonly Violation[]): Required<FieldViolation>[] {
  return violations.slice(0, maxViolations).map((violation) => ({
    field: pathToString(violation.field),
    description: violation.message,
    reason: violation.ruleId,
  }));
}

/** The maximum size of the violations of an error, in bytes, so that they fit into the headers of gRPC. */
const maxViolationBytes = 1_900;

/** The bytes that a violation takes besides its texts. */
const violationOverhead = 12;

/** Returns the detail that reports broken rules: the first of them that fit {@link maxViolationBytes}. */
export function badRequest(violations: readonly FieldViolation[]): ErrorDetail {
  let left = maxViolationBytes;
  const fieldViolations = violations.filter(({ field, description, reason = "" }) => {
    left -= Buffer.byteLength(field) + Buffer.byteLength(description) + Buffer.byteLength(reason) + violationOverhead;
    return left >= 0;
  });
  return { desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) };
}
