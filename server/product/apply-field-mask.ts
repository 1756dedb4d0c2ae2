import { clone, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";

/** The maximum number of paths in a mask. A product has fewer fields, so a longer mask is a mistake. */
export const maxMaskPaths = 100;

/**
 * Returns a copy of `current` with the masked fields set as in `patch`, as https://google.aip.dev/134 defines updates:
 *
 * - A path to a field that `patch` does not set clears the field.
 * - A path that ends in a message or a list replaces the whole message or list.
 * - `*` means all fields that a client can set.
 * - An empty mask means the top-level fields that `patch` sets.
 *
 * Neither argument is modified. Throws an InvalidFieldError for an unknown path, and for a path to a field that only
 * the server sets.
 */
export function applyFieldMask(current: Product, patch: Product, paths: readonly string[]): Product {
  if (paths.length > maxMaskPaths) {
    throw new InvalidFieldError(maskField, `${paths.length} paths exceed the limit of ${maxMaskPaths}; send fewer`);
  }
  const changed = clone(ProductSchema, current);
  const target = reflect(ProductSchema, changed);
  const source = reflect(ProductSchema, clone(ProductSchema, patch)); // copied values are shared between both messages
  const populated = writableFields.filter((field) => source.isSet(field)).map((field) => [field]);
  for (const fieldPath of paths.length > 0 ? paths.flatMap(resolvePath) : populated) {
    copyField(fieldPath, source, target);
  }
  return changed;
}

const maskField = "update_mask";

/** The fields that a client cannot change: the server sets them, and the id selects the product. */
const readOnlyFields: readonly string[] = ["id", "create_time", "update_time", "etag", "delete_time", "images"];

const writableFields = ProductSchema.fields.filter(({ name }) => !readOnlyFields.includes(name));

/** Resolves a path to the fields from the product down to the named one. `*` gives one such list for each field. */
function resolvePath(path: string): DescField[][] {
  if (path === "*") return writableFields.map((field) => [field]);
  const [first = "", ...rest] = path.split(".");
  const field = findField(ProductSchema, first, path);
  if (readOnlyFields.includes(field.name)) {
    throw new InvalidFieldError(maskField, `${field.name} cannot be changed; remove ${quote(path)} from the mask`);
  }
  const fieldPath = [field];
  for (const name of rest) fieldPath.push(findField(messageType(fieldPath.at(-1) ?? field, path), name, path));
  return [fieldPath];
}

function findField(message: DescMessage, name: string, path: string): DescField {
  const field = message.fields.find((each) => each.name === name);
  if (field !== undefined) return field;
  const known = message.fields.map((each) => each.name).filter((each) => !readOnlyFields.includes(each));
  throw new InvalidFieldError(
    maskField,
    `${quote(path)}: unknown field ${quote(name)}; use one of ${known.join(", ")}`,
  );
}

function messageType(field: DescField, path: string): DescMessage {
  if (field.fieldKind === "message") return field.message;
  const problem = field.fieldKind === "list" ? "is a list, which can only be replaced as a whole" : "has no subfields";
  throw new InvalidFieldError(maskField, `${quote(path)}: ${field.name} ${problem}`);
}

/** Quotes a path of the request, shortened to 100 characters. */
function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** Sets or clears the last field of a path. Creates a message on the path only if it gets a value. */
function copyField(
  [field, ...rest]: readonly DescField[],
  source: ReflectMessage | undefined,
  target: ReflectMessage,
): void {
  if (field === undefined) return;
  if (rest.length === 0) {
    if (source?.isSet(field)) target.set(field, source.get(field));
    else target.clear(field);
    return;
  }
  const sourceChild = source && childMessage(source, field);
  const targetChild = childMessage(target, field);
  if (targetChild !== undefined) {
    copyField(rest, sourceChild, targetChild);
  } else if (sourceChild !== undefined && isPathSet(sourceChild, rest) && field.fieldKind === "message") {
    const created = reflect(field.message);
    copyField(rest, sourceChild, created);
    target.set(field, created);
  }
}

function isPathSet(message: ReflectMessage, [field, ...rest]: readonly DescField[]): boolean {
  if (field === undefined || !message.isSet(field)) return false;
  const child = childMessage(message, field);
  return rest.length === 0 || (child !== undefined && isPathSet(child, rest));
}

function childMessage(message: ReflectMessage, field: DescField): ReflectMessage | undefined {
  return field.fieldKind === "message" && message.isSet(field) ? message.get(field) : undefined;
}
