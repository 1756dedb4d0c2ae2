import { Code } from "@connectrpc/connect";
import { DomainError } from "../shared/domain-error.ts";

/** A request message violates the binary format of protobuf. */
export class MalformedMessageError extends DomainError {
  override name = "MalformedMessageError";
  readonly code = Code.InvalidArgument;

  /** @param problem what is wrong with the message, as in `it ends within a field` */
  constructor(problem: string) {
    super(`the message is not valid protobuf: ${problem}`);
  }
}
