import type { MessageInitShape } from "@bufbuild/protobuf";
import { InvalidArgumentError, Option } from "commander";
import { parseTimestamp } from "../../client/shared/timestamp-text.ts";
import { Cancellations, type OrderFilterSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";

const cancellations = {
  included: Cancellations.UNSPECIFIED,
  excluded: Cancellations.EXCLUDED,
  only: Cancellations.ONLY,
};

type Timestamp = NonNullable<ReturnType<typeof parseTimestamp>>;

/** The options that select orders. */
export interface OrderFilterOptions {
  readonly placedFrom?: Timestamp;
  readonly placedBefore?: Timestamp;
  readonly country?: string;
  readonly customer?: string;
  readonly customerUnknown?: true;
  readonly product?: string;
  readonly cancellations: keyof typeof cancellations;
}

/** Adds the {@link OrderFilterOptions} to a command. */
export function addOrderFilter(command: BourseCommand): BourseCommand {
  return command
    .option("--placed-from <time>", "orders placed at this time or later, as in 2010-12-01T08:26:00Z", parseTime)
    .option("--placed-before <time>", "orders placed before this time", parseTime)
    .option("--country <country>", "orders from this country")
    .option("--customer <id>", "orders of this customer")
    .addOption(new Option("--customer-unknown", "orders of an unknown customer").conflicts("customer"))
    .option("--product <code>", "orders of this product")
    .addOption(
      new Option("--cancellations <which>", "orders of a negative quantity")
        .choices(Object.keys(cancellations))
        .default("included"),
    );
}

/** Returns the filter of the options. */
export function orderFilterOf({
  placedFrom,
  placedBefore,
  country,
  customer,
  customerUnknown,
  product,
  cancellations: which,
}: OrderFilterOptions): MessageInitShape<typeof OrderFilterSchema> {
  const customerId = customerUnknown ? "" : customer;
  return {
    ...(placedFrom !== undefined && { placedFrom }),
    ...(placedBefore !== undefined && { placedBefore }),
    ...(country !== undefined && { country }),
    ...(customerId !== undefined && { customerId }),
    ...(product !== undefined && { productCode: product }),
    cancellations: cancellations[which],
  };
}

function parseTime(text: string): Timestamp {
  const parsed = parseTimestamp(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError("expected a time such as 2010-12-01T08:26:00Z, or a day such as 2010-12-01");
}
