import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { Option } from "commander";
import type { BourseCommand } from "../shared/bourse-command.ts";
import { type ServerOptions, serverCommand } from "../shared/common-options.ts";
import { formatCommandError } from "../shared/format-command-error.ts";
import { parseWith } from "../shared/option-parsers.ts";
import { type CommandContext, runCommand } from "../shared/run-command.ts";
import { connectTo } from "../shared/server-connection.ts";
import { printError } from "../shared/terminal-output.ts";
import { type CallError, callExitCodes, exitCodeOf, isConnectionError } from "./call-error.ts";
import { type CallOutput, callMethod } from "./call-method.ts";
import { readDescriptorSet } from "./descriptor-set-file.ts";
import type { DescriptorSource } from "./descriptor-source.ts";
import { type Header, parseHeader } from "./parse-header.ts";
import { printMethods, printServices, printSymbol, printTemplate } from "./print-descriptors.ts";
import { ReflectedDescriptors } from "./reflected-descriptors.ts";
import { NoReflectionError, ReflectionClient } from "./reflection-client.ts";
import { openRequestInput } from "./request-input.ts";

interface Options extends ServerOptions {
  readonly data: readonly string[];
  readonly header: readonly Header[];
  readonly verbose?: true;
  readonly httpVersion: "1.1" | "2";
  readonly descriptorSet?: string;
  readonly list?: string | true;
  readonly describe?: string;
  readonly template?: true;
}

type Context = CommandContext<Options>;

/** `bourse call`: calls any method of any server that has reflection. */
export function callCommand(): BourseCommand {
  const command = serverCommand("call", {
    description:
      "Calls any method of any server that has gRPC reflection, with messages as JSON. Prints one response per line, or " +
      "indented on a terminal.",
    examples: [
      ["bourse call --list", "the services of the server"],
      ["bourse call --list bourse.quote.v1.QuoteService", "the methods of a service, with their kinds"],
      ["bourse call --describe bourse.quote.v1.QuoteService/GetQuote", "a method and its messages"],
      ["bourse call bourse.quote.v1.QuoteService/GetQuote --template", "a request with example values"],
      [`bourse call bourse.quote.v1.QuoteService/GetQuote -d '{"symbol": "ACME"}'`, "a call"],
      ["bourse call bourse.quote.v1.QuoteService/PublishQuotes -d @quotes.ndjson -v", "a stream of messages of a file"],
    ],
    exitCodes: callExitCodes,
  })
    .argument("[method]", "full name of the method, as SERVICE/METHOD")
    .addOption(
      new Option("-d, --data <json>", "a message, or several; @FILE, or - for standard input; repeatable")
        .default([], "no fields")
        .argParser(append((text) => text)),
    )
    .addOption(
      new Option("-H, --header <header>", "request header, as 'name: value'; repeatable; -bin values in base64")
        .default([], "none")
        .argParser(append(parseHeader)),
    )
    .option("-v, --verbose", "print headers and trailers to standard error")
    .addOption(new Option("--http-version <version>", "HTTP version of the call").choices(["1.1", "2"]).default("2"))
    .option("--descriptor-set <file>", "descriptors of the server, if it has no reflection; buf build -o makes them")
    .option("--list [service]", "print the services, or the methods of a service")
    .option("--describe <symbol>", "print a service, method, message or enum in the language of proto files")
    .option("--template", "print a request with example values as JSON, for the method or for --describe")
    .action(runCommand<Options>(call));
  command.findProblems = () => findContradictions(command.args, command.opts<Options>());
  return command;
}

/** Returns a parser for commander that collects the values of a repeated option. */
function append<T>(parse: (text: string) => T): (text: string, previous: readonly T[]) => T[] {
  return (text, previous) => [...previous, parseWith(parse)(text)];
}

async function call(context: Context): Promise<number | undefined> {
  const { options, args, signal } = context;
  const [name = ""] = args;
  const startedAt = performance.now();
  try {
    const source = await openDescriptors(context);
    const output = { isJson: options.json === true, print: context.print };
    if (options.list === true) await printServices(source, output);
    else if (options.list !== undefined) await printMethods(source, options.list, output);
    else if (options.template) await printTemplate(source, options.describe ?? name, output);
    else if (options.describe !== undefined) await printSymbol(source, options.describe, output);
    else return await callServer(name, source, context, startedAt);
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof NoReflectionError && options.protocol !== "grpc") {
      throw new NoReflectionError(`${error.message}. If the server supports gRPC only, add --protocol grpc`);
    }
    if (!(error instanceof ConnectError)) throw error;
    printError(formatFailure(error, options));
    return exitCodeOf(isConnectionError(error) ? Code.Unavailable : error.code);
  }
}

function findContradictions(args: readonly string[], options: Options): string[] {
  const { data, list, describe, template, httpVersion, protocol } = options;
  const targets = [args.length > 0, list !== undefined, describe !== undefined].filter(Boolean);
  const problems = [
    targets.length !== 1 && "error: expected one of a method (as SERVICE/METHOD), --list and --describe",
    template && list !== undefined && "error: --template needs a method or --describe",
    data.length > 0 && (args.length === 0 || template) && "error: --data is the request of a call: omit it",
    data.filter(isStandardInput).length > 1 && "error: --data - reads standard input: give it once",
    httpVersion === "1.1" &&
      protocol === "grpc" &&
      `error: gRPC needs HTTP/2: omit --http-version 1.1, or ${otherProtocols}`,
  ];
  return problems.filter((problem) => typeof problem === "string");
}

const otherProtocols = "use --protocol connect or grpc-web";

function isStandardInput(data: string): boolean {
  return data === "-" || data === "@-";
}

async function openDescriptors({ options, signal }: Context): Promise<DescriptorSource> {
  const { address, descriptorSet, header } = options;
  if (descriptorSet !== undefined) return readDescriptorSet(descriptorSet);
  // Reflection is a bidirectional stream, so it needs HTTP/2 also if the call uses HTTP/1.1.
  const client = new ReflectionClient(connectTo(options), address, { headers: toHeaders(header), signal });
  return new ReflectedDescriptors(client, address);
}

function callServer(method: string, source: DescriptorSource, context: Context, startedAt: number): Promise<number> {
  const { options, signal, print, note } = context;
  const { data, header, timeout, json, verbose } = options;
  const inputs = data.map((value, index) => openRequestInput(value, data.length > 1 ? index + 1 : undefined));
  // The command ends at its timeout. The deadline of the server is a little later, so that the result is always the same.
  const timeoutMs = timeout && Math.ceil(timeout * 1_000 - (performance.now() - startedAt) + 50);
  const output: CallOutput = {
    isIndented: !json && process.stdout.isTTY === true,
    print,
    note,
    onMetadata:
      verbose &&
      ((kind, metadata) => {
        if ([...metadata].length === 0) printError(`${kind}: none`);
        for (const [name, value] of metadata) printError(`${kind} ${name}: ${value}`);
      }),
    onError: (name, error) => printCallError(name, error, options),
  };
  const openTransport = (desc: DescMethod) => connectFor(desc, options);
  return callMethod({ method, source, openTransport, inputs, headers: header, timeoutMs, signal }, output);
}

function connectFor({ name, methodKind }: DescMethod, options: Options): Transport {
  if (options.httpVersion === "1.1" && methodKind === "bidi_streaming") {
    throw new Error(`${name} streams in both directions, which needs HTTP/2: omit --http-version 1.1`);
  }
  return connectTo(options, options.httpVersion);
}

function printCallError(method: string, error: CallError, { json, protocol }: Options): void {
  if (json) {
    printError(JSON.stringify(error));
    return;
  }
  printError(`${method} returned ${error.code}: ${error.message}${hintAtProtocol(error.message, protocol)}`);
  for (const detail of error.details) printError(`detail ${JSON.stringify(detail)}`);
}

/** Formats an error of reflection or of the connection. */
function formatFailure(error: ConnectError, { address, protocol }: Options): string {
  const { code } = (error.cause ?? {}) as { readonly code?: unknown };
  if (code === "ERR_HTTP2_ERROR") {
    return (
      `${address} does not support HTTP/2 (${error.rawMessage}), which gRPC, reflection and bidirectional streams need: ` +
      "other calls work with --http-version 1.1 and --descriptor-set FILE"
    );
  }
  return formatCommandError(error, address) + hintAtProtocol(error.rawMessage, protocol);
}

/** Returns what to do about an error with which servers refuse an unknown protocol. Empty for other errors. */
function hintAtProtocol(message: string, protocol: Options["protocol"]): string {
  if (!/^HTTP 4(?!01|03|29)|^unsupported content type/.test(message)) return "";
  return `; the server may not support ${protocol}: try --protocol ${protocol === "grpc" ? "connect" : "grpc"}`;
}

function toHeaders(headers: readonly Header[]): Headers {
  return new Headers(headers.map(([name, value]) => [name, value]));
}
