import type { FamilyLimits } from "../../shared/testing/family-limits.ts";
import { maxJoinedBytes } from "../stream/helloworld-services.ts";
import { maxListedOrders } from "../stream/list-orders.ts";
import { maxSummedNumbers } from "../stream/stream-service.ts";
import { maxFiles, maxFilesBytes } from "../stream/upload-files.ts";

export const familyLimits: FamilyLimits = {
  title: "The classic services",
  limits: [
    ["maxJoinedBytes", maxJoinedBytes, "bytes of the result of ClientStream, commas included", "RESOURCE_EXHAUSTED"],
    ["maxFiles", maxFiles, "files of one call of UploadFile", "RESOURCE_EXHAUSTED; earlier files are stored"],
    ["maxFilesBytes", maxFilesBytes, "bytes of the files of one call of UploadFile", "the same"],
    ["maxListedOrders", maxListedOrders, "orders that OrderList can number", "further ones are omitted"],
    ["maxSummedNumbers", maxSummedNumbers, "numbers of one call of SumData", "RESOURCE_EXHAUSTED"],
  ],
};
