import type { Described } from "./describe-symbol.ts";
import { describeSymbol, findSymbol, formatMethodKind } from "./describe-symbol.ts";
import { DescriptorError, type DescriptorSource } from "./descriptor-source.ts";
import { findService } from "./find-method.ts";
import { createTemplate } from "./request-template.ts";

/** How descriptors are printed. */
export interface DescriptorOutput {
  /** Prints objects, one per line. */
  readonly isJson: boolean;
  /** Prints a line to standard output. */
  print(line: string): Promise<void>;
}

/** Prints the services of a server, one per line. */
export async function printServices(source: DescriptorSource, { isJson, print }: DescriptorOutput): Promise<void> {
  for (const service of await source.listServices()) await print(isJson ? JSON.stringify({ service }) : service);
}

/** Prints the methods of a service, one per line, with their kinds and the types of their messages. */
export async function printMethods(
  source: DescriptorSource,
  serviceName: string,
  { isJson, print }: DescriptorOutput,
): Promise<void> {
  const { service } = await findService(source, serviceName);
  const rows = service.methods.map((method) => ({
    method: `${service.typeName}/${method.name}`,
    kind: formatMethodKind(method),
    request: method.input.typeName,
    response: method.output.typeName,
  }));
  const width = (column: "method" | "kind" | "request") => Math.max(...rows.map((row) => row[column].length));
  for (const row of rows) {
    const { method, kind, request, response } = row;
    const cells = [
      method.padEnd(width("method")),
      kind.padEnd(width("kind")),
      request.padEnd(width("request")),
      response,
    ];
    await print(isJson ? JSON.stringify(row) : cells.join("  "));
  }
}

/** Prints a service, a method, a message or an enum in the language of proto files. */
export async function printSymbol(
  source: DescriptorSource,
  name: string,
  { isJson, print }: DescriptorOutput,
): Promise<void> {
  const text = describeSymbol(await findSymbol(source, name));
  if (isJson) await print(JSON.stringify({ symbol: name, proto: text }));
  else for (const line of text.trimEnd().split("\n")) await print(line);
}

/** Prints a JSON template: of the request of a method, or of a message. */
export async function printTemplate(
  source: DescriptorSource,
  name: string,
  { isJson, print }: DescriptorOutput,
): Promise<void> {
  const template = createTemplate(messageOf(await findSymbol(source, name)));
  const text = JSON.stringify(template, undefined, isJson ? undefined : 2);
  for (const line of text.split("\n")) await print(line);
}

function messageOf(symbol: Described) {
  if (symbol.kind === "rpc") return symbol.input;
  if (symbol.kind === "message") return symbol;
  throw new DescriptorError(`--template needs a method or a message, and ${symbol.typeName} is of kind ${symbol.kind}`);
}
