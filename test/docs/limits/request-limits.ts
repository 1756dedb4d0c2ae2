import { maxWatchRequestBytes } from "../../../server/request-message-limits.ts";
import { maxViolations } from "../../../server/shared/request-errors.ts";
import { maxCollectedElements } from "../../../server/shared/request-validation.ts";
import {
  jsonSizeFactor,
  maxJsonAllowance,
  spareRequestBytes,
} from "../../../server/transport/request/limits/derive-request-limits.ts";
import {
  defaultListItems,
  defaultTextBytes,
  maxRequestFields,
  unscannedBytes,
} from "../../../server/transport/request/limits/field-bounds.ts";
import { maxIntegerCharacters } from "../../../server/transport/request/limits/json-message-scan.ts";
import {
  maxEchoBytes,
  maxErrorDetailBytes,
  maxErrorMessageBytes,
} from "../../../server/transport/response/truncate-error.ts";

/** The limits of requests: name, value, bounds, and the error beyond it. */
export const requestLimits = [
  [
    "spareRequestBytes",
    spareRequestBytes,
    "bytes in addition to the limit that follows from the rules: for fields of newer clients, and for blanks in JSON",
    "RESOURCE_EXHAUSTED with the size and the limit",
  ],
  [
    "jsonSizeFactor",
    jsonSizeFactor,
    "a request, in JSON or protobuf, may have this many times the bytes of the largest valid protobuf message, because JSON is larger",
    "the same",
  ],
  [
    "maxJsonAllowance",
    maxJsonAllowance,
    "bytes up to which `jsonSizeFactor` raises the limit; if the largest valid protobuf message is larger, its size is the limit",
    "the same",
  ],
  ["maxWatchRequestBytes", maxWatchRequestBytes, "bytes of a request of WatchQuotes or StreamQuotes", "the same"],
  [
    "maxRequestFields",
    maxRequestFields,
    "fields of a request, known or unknown, and elements of its lists, at every depth",
    "RESOURCE_EXHAUSTED",
  ],
  [
    "maxIntegerCharacters",
    maxIntegerCharacters,
    "characters of a 64-bit integer in a JSON string, in requests of more than `unscannedBytes`",
    "INVALID_ARGUMENT",
  ],
  [
    "unscannedBytes",
    unscannedBytes,
    "bytes of a request whose fields are not counted before decoding",
    "the fields are counted",
  ],
  [
    "defaultTextBytes",
    defaultTextBytes,
    "bytes of a string without a rule, such as those of health and reflection",
    "the size limit of the request applies",
  ],
  [
    "defaultListItems",
    defaultListItems,
    "elements of a list without a rule; all lists of Bourse have one",
    "INVALID_ARGUMENT",
  ],
  [
    "maxCollectedElements",
    maxCollectedElements,
    "list elements up to which a request gets all its violations reported",
    "only the first violation is reported",
  ],
  ["maxViolations", maxViolations, "violations that an error reports", "the others are omitted"],
  ["maxErrorMessageBytes", maxErrorMessageBytes, "bytes of the message of an error", "truncated, with an ellipsis"],
  ["maxErrorDetailBytes", maxErrorDetailBytes, "bytes of the details of an error", "further details are omitted"],
  ["maxEchoBytes", maxEchoBytes, "bytes of a path, a host or an origin in a response", "truncated, with an ellipsis"],
] as const;
