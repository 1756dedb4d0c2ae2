import { Code } from "@connectrpc/connect";
import { DomainError } from "./domain-error.ts";

/** No resource has the id. */
export class NotFoundError extends DomainError {
  override name = "NotFoundError";
  readonly code = Code.NotFound;

  /** @param kind the kind of resource, in lower case, as in `product` */
  constructor(kind: string, id: string) {
    super(`there is no ${kind} ${id}: check the id`);
  }
}

/** A resource has the id already. */
export class AlreadyExistsError extends DomainError {
  override name = "AlreadyExistsError";
  readonly code = Code.AlreadyExists;

  /** @param kind the kind of resource, in lower case, as in `product` */
  constructor(kind: string, id: string) {
    super(`the ${kind} ${id} already exists: choose another id`);
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
        "get it again and retry",
    );
  }
}
