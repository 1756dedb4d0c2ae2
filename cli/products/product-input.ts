import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { create, fromJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { type Product, ProductSchema } from "../../gen/bourse/product/v1/product_pb.ts";
import { MoneySchema } from "../../gen/google/type/money_pb.ts";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type Money, parsePrice } from "./parse-price.ts";

/** The options that describe a product. */
export interface ProductInputOptions {
  readonly name?: string;
  readonly description?: string;
  readonly price?: Money;
  readonly from?: string;
}

/** Adds the {@link ProductInputOptions} to a command. */
export function addProductInput(command: BourseCommand): BourseCommand {
  return command
    .option("--name <name>", "name of the product")
    .option("--description <text>", "description of the product")
    .option("--price <amount>", "price of the product, as in 49.90EUR", parsePrice)
    .option(
      "--from <file>",
      "file with a product as a JSON object, as list --json and get --json print it, or - for standard input; the other options precede",
    );
}

/** Returns the product of the options. Throws an error that names the field that does not fit. */
export async function readProduct(
  { name, description, price, from }: ProductInputOptions,
  signal: AbortSignal,
): Promise<Product> {
  const product = from === undefined ? create(ProductSchema) : parseProduct(from, await readInput(from, signal));
  if (name !== undefined) product.name = name;
  if (description !== undefined) product.description = description;
  if (price !== undefined) product.price = create(MoneySchema, price);
  return product;
}

/** The size of an input that cannot be a product, in characters: a product has at most some 100 KB. */
const maxInputChars = 4 * 1024 * 1024;

async function readInput(file: string, signal: AbortSignal): Promise<string> {
  if (file !== "-") return readFile(file, { encoding: "utf8", signal });
  try {
    return await text(process.stdin);
  } finally {
    process.stdin.destroy(); // an open standard input keeps the process alive
  }
}

function parseProduct(file: string, json: string): Product {
  if (json.length > maxInputChars) throw new Error(`${file} has more than the limit of ${maxInputChars} characters`);
  try {
    const value = JSON.parse(json);
    return fromJson(ProductSchema, isObject(value) && isObject(value.product) ? value.product : value);
  } catch (error) {
    throw new Error(`${file} is not a product: ${(error as Error).message}`);
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
