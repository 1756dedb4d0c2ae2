import { create, type DescService } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import type { Interceptor } from "@connectrpc/connect";
import { createValidateInterceptor } from "@connectrpc/validate";

/**
 * Makes the interceptor that enforces the rules in the protos on every request message; `errors.ts` has the answer.
 *
 * Compiles the rules of the services' methods at once: the first use of a rule takes tens of milliseconds, which no call is to
 * wait for.
 */
export function createValidation(services: readonly DescService[]): Interceptor {
  const validator = createValidator();
  for (const { methods } of services) {
    for (const { input } of methods) validator.validate(input, create(input));
  }
  return createValidateInterceptor({ validator });
}
