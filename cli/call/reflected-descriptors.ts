import { type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { buildFileRegistry, isStandardFile } from "./build-file-registry.ts";
import { DescriptorError, type DescriptorSource } from "./descriptor-source.ts";
import type { ReflectionAnswer, ReflectionClient, ReflectionQuery } from "./reflection-client.ts";

/** The maximum number of files that a server may send. It bounds memory; large companies have some thousand files. */
const maxFiles = 20_000;

/** The descriptors that a server sends by reflection. Each file is requested once. */
export class ReflectedDescriptors implements DescriptorSource {
  readonly name: string;
  readonly #client: ReflectionClient;
  readonly #files = new Map<string, FileDescriptorProto>();
  /** Imported files that the server does not have. It can, if they define options only. */
  readonly #missing = new Set<string>();

  /** @param name the address of the server */
  constructor(client: ReflectionClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  async listServices(): Promise<readonly string[]> {
    const [answer] = await this.#client.query([{ case: "listServices", value: "*" }]);
    if (answer?.case === "errorResponse") throw this.#errorOf(answer);
    if (answer?.case !== "listServicesResponse") throw this.#unexpected(answer);
    return answer.value.service.map(({ name }) => withoutLeadingDot(name)).toSorted();
  }

  async load(symbol: string): Promise<FileRegistry | undefined> {
    const query = (value: string) => this.#query({ case: "fileContainingSymbol", value });
    // @grpc/reflection has symbols without a package under a name with a leading dot.
    const found = (await query(symbol)) || (!symbol.includes(".") && (await query(`.${symbol}`)));
    return found ? this.#build() : undefined;
  }

  async loadExtension(containingType: string, extensionNumber: number): Promise<FileRegistry | undefined> {
    const value = { $typeName: "grpc.reflection.v1.ExtensionRequest" as const, containingType, extensionNumber };
    return (await this.#query({ case: "fileContainingExtension", value })) ? this.#build() : undefined;
  }

  /** Adds the files of an answer. Returns false if the server does not have them. */
  async #query(query: ReflectionQuery): Promise<boolean> {
    const [answer] = await this.#client.query([query]);
    return this.#add(answer);
  }

  #add(answer: ReflectionAnswer | undefined): boolean {
    if (answer?.case === "errorResponse") {
      if (answer.value.errorCode === Code.NotFound) return false;
      throw this.#errorOf(answer);
    }
    if (answer?.case !== "fileDescriptorResponse") throw this.#unexpected(answer);
    for (const bytes of answer.value.fileDescriptorProto) {
      const file = this.#parse(bytes);
      if (!this.#files.has(file.name)) this.#files.set(file.name, file);
    }
    if (this.#files.size <= maxFiles) return true;
    throw new DescriptorError(`${this.name} has sent more than ${maxFiles} files of descriptors, which is the limit`);
  }

  async #build(): Promise<FileRegistry> {
    await this.#loadImports();
    return buildFileRegistry(this.#files.values(), this.name);
  }

  /** Loads imports of imports too. A server may send a file without them. */
  async #loadImports(): Promise<void> {
    for (let wanted = this.#wantedImports(); wanted.length > 0; wanted = this.#wantedImports()) {
      const answers = await this.#client.query(wanted.map((value) => ({ case: "fileByFilename", value })));
      for (const [index, answer] of answers.entries()) {
        const name = wanted[index] ?? "";
        if (!this.#add(answer) || !this.#files.has(name)) this.#missing.add(name);
      }
    }
  }

  #wantedImports(): string[] {
    const imports = new Set(this.#files.values().flatMap(({ dependency }) => dependency));
    return [...imports].filter((name) => !this.#files.has(name) && !this.#missing.has(name) && !isStandardFile(name));
  }

  #parse(bytes: Uint8Array): FileDescriptorProto {
    try {
      return fromBinary(FileDescriptorProtoSchema, bytes);
    } catch (error) {
      throw new DescriptorError(`${this.name} has sent an invalid descriptor: ${(error as Error).message}`);
    }
  }

  #errorOf({ value }: ReflectionAnswer & { case: "errorResponse" }): ConnectError {
    return new ConnectError(
      `reflection: ${value.errorMessage}`,
      value.errorCode in Code ? value.errorCode : Code.Unknown,
    );
  }

  #unexpected(answer: ReflectionAnswer | undefined): DescriptorError {
    return new DescriptorError(
      `the reflection service of ${this.name} has sent an unexpected ${answer?.case ?? "end"}`,
    );
  }
}

function withoutLeadingDot(name: string): string {
  return name.replace(/^\./, "");
}
