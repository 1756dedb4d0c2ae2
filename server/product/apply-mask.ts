import { clone, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { InvalidFieldError } from "../shared/request-errors.ts";

/** The most paths of a mask: more than a product has fields that can be told apart is a mistake. */
export const maxMaskPaths = 100;

/**
 * A product with the fields of a mask as another has them, in the manner of AIP-134: a path that the other does not
 * have clears, one that ends in a message or a list replaces it as a whole, `*` stands for all fields that a client may
 * set, and no paths at all for those of the product itself that the other has.
 *
 * Both stay as they are. Throws an InvalidFieldError for a path that leads nowhere or where only the server writes.
 */
export function applyMask(current: Product, patch: Product, paths: readonly string[]): Product {
  if (paths.length > maxMaskPaths) {
    throw new InvalidFieldError(maskField, `has ${paths.length} paths, and at most ${maxMaskPaths} are taken`);
  }
  const changed = clone(ProductSchema, current);
  const target = reflect(ProductSchema, changed);
  const source = reflect(ProductSchema, clone(ProductSchema, patch)); // what is copied out of it is shared from then on
  const populated = settableFields.filter((field) => source.isSet(field)).map((field) => [field]);
  for (const way of paths.length > 0 ? paths.flatMap(waysOf) : populated) copy(way, source, target);
  return changed;
}

const maskField = "update_mask";

/** What only the server writes, or nobody: the id says which product is meant. */
const notTheClients: readonly string[] = ["id", "create_time", "update_time", "etag", "delete_time", "images"];

const settableFields = ProductSchema.fields.filter(({ name }) => !notTheClients.includes(name));

/** The fields that a path goes through, from the product down: one such way, unless it is `*`. */
function waysOf(path: string): DescField[][] {
  if (path === "*") return settableFields.map((field) => [field]);
  const [first = "", ...rest] = path.split(".");
  const field = fieldOf(ProductSchema, first, path);
  if (notTheClients.includes(field.name)) {
    throw new InvalidFieldError(maskField, `${field.name} cannot be changed: leave ${path} out`);
  }
  const way = [field];
  for (const name of rest) way.push(fieldOf(messageOf(way.at(-1) ?? field, path), name, path));
  return [way];
}

function fieldOf(message: DescMessage, name: string, path: string): DescField {
  const field = message.fields.find((each) => each.name === name);
  if (field !== undefined) return field;
  const known = message.fields.map((each) => each.name).filter((each) => !notTheClients.includes(each));
  throw new InvalidFieldError(maskField, `${quote(path)}: there is no ${quote(name)}, but ${known.join(", ")}`);
}

function messageOf(field: DescField, path: string): DescMessage {
  if (field.fieldKind === "message") return field.message;
  const what = field.fieldKind === "list" ? "a list, which is replaced as a whole" : "no message, and has no fields";
  throw new InvalidFieldError(maskField, `${quote(path)}: ${field.name} is ${what}`);
}

/** Paths come from outside, and are told back: as they are, but no more of them than fits a sentence. */
function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** Sets or clears in the target what the way leads to. Makes messages on the way only for something to set. */
function copy(
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
  const inner = source && messageAt(source, field);
  const outer = messageAt(target, field);
  if (outer !== undefined) {
    copy(rest, inner, outer);
  } else if (inner !== undefined && hasAt(inner, rest) && field.fieldKind === "message") {
    const made = reflect(field.message);
    copy(rest, inner, made);
    target.set(field, made);
  }
}

function hasAt(message: ReflectMessage, [field, ...rest]: readonly DescField[]): boolean {
  if (field === undefined || !message.isSet(field)) return false;
  const inner = messageAt(message, field);
  return rest.length === 0 || (inner !== undefined && hasAt(inner, rest));
}

function messageAt(message: ReflectMessage, field: DescField): ReflectMessage | undefined {
  return field.fieldKind === "message" && message.isSet(field) ? message.get(field) : undefined;
}
