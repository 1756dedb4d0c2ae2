import { Code } from "@connectrpc/connect";
import { DomainError } from "./domain-error.ts";

/** No resource has the id, or the one that has it is not available to the call. */
export class NotFoundError extends DomainError {
  override name = "NotFoundError";
  readonly code = Code.NotFound;

  /**
   * @param kind the kind of resource, in lower case, as in `product`
   * @param advice what to do; it must fit every cause of the error, such as a resource that was deleted
   */
  constructor(kind: string, id: string, advice: string) {
    super(`there is no ${kind} ${id}: ${advice}`);
  }
}

/** A resource has the id already. */
export class AlreadyExistsError extends DomainError {
  override name = "AlreadyExistsError";
  readonly code = Code.AlreadyExists;

  /** @param kind the kind of resource, in lower case, as in `product` */
  constructor(kind: string, id: string) {
    super(`the ${kind} ${id} already exists, or existed and was deleted: choose another id`);
  }
}

/** A resource was changed since the client read it: its etag is another one (AIP-154). */
export class StaleEtagError extends DomainError {
  override name = "StaleEtagError";
  readonly code = Code.Aborted;

  /**
   * @param kind the kind of resource, in lower case, as in `product`
   * @param etag the current etag of the resource
   * @param expectedEtag the etag of the request
   */
  constructor(kind: string, id: string, etag: string, expectedEtag: string) {
    super(
      `the ${kind} ${id} has the etag ${etag}, not ${JSON.stringify(expectedEtag)}: it has changed since it was read; ` +
        "get it, compare, and retry with its etag",
    );
  }
}
