import { maxJoinedBytes } from "../../../server/classic/stream/helloworld-services.ts";
import { maxListedOrders } from "../../../server/classic/stream/list-orders.ts";
import { maxSummedNumbers } from "../../../server/classic/stream/stream-service.ts";
import { maxFiles, maxFilesBytes } from "../../../server/classic/stream/upload-files.ts";

/** The limits of the classic services. */
export const classicLimits = [
  ["maxJoinedBytes", maxJoinedBytes, "bytes of the result of ClientStream, commas included", "RESOURCE_EXHAUSTED"],
  ["maxFiles", maxFiles, "files of one call of UploadFile", "RESOURCE_EXHAUSTED; earlier files are stored"],
  ["maxFilesBytes", maxFilesBytes, "bytes of the files of one call of UploadFile", "the same"],
  ["maxListedOrders", maxListedOrders, "orders that OrderList can number", "further ones are omitted"],
  ["maxSummedNumbers", maxSummedNumbers, "numbers of one call of SumData", "RESOURCE_EXHAUSTED"],
] as const;
