import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { InvalidFieldError } from "../shared/request-errors.ts";
import { LimitError } from "../transport/protection/limit-error.ts";
import { boundsOf, defaultListItems } from "./field-bounds.ts";

/**
 * The most fields of one request, the elements of its lists included. A watch of all 10,000 instruments whose commands
 * name them six times has 70,000. Each takes half a microsecond to decode, also if it is not known.
 */
export const maxRequestFields = 100_000;

/** Messages of so many bytes have too few fields to take more than some milliseconds: validation counts their lists. */
export const unscannedBytes = 16 * 1024;

/** A list has too many elements. */
export function tooManyElements(path: string, found: number, max: number): InvalidFieldError {
  const elements = `${found.toLocaleString("en-US")} elements or more, and ${max.toLocaleString("en-US")} are allowed`;
  return new InvalidFieldError(path, `has ${elements}: send fewer`);
}

/**
 * Returns the error of a message with more than {@link maxRequestFields} fields and elements.
 *
 * @param found the number of fields and elements counted so far
 */
export function tooManyFields(found: number): LimitError {
  const [counted, limit] = [found, maxRequestFields].map((number) => number.toLocaleString("en-US"));
  return new LimitError(
    { name: "maxRequestFields", value: maxRequestFields },
    `the message has ${counted} fields and elements or more, and ${limit} are allowed: send several smaller messages`,
  );
}

/** The most elements of a list or of a map. */
export function maxElementsOf(field: DescField): number {
  return boundsOf(field).maxItems ?? defaultListItems;
}

/** Whether messages of a type may have a list or a map, at any depth. */
export function hasElements(type: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  return type.fields.some(
    (field) =>
      field.fieldKind === "list" || field.fieldKind === "map" || (field.message && hasElements(field.message, seen)),
  );
}
