import type { FileRegistry } from "@bufbuild/protobuf";

/** Where the descriptors of a server come from: server reflection, or a file. */
export interface DescriptorSource {
  /** What it is, for messages, as in `http://127.0.0.1:8080`. */
  readonly name: string;
  /** Returns the full names of all services, sorted. */
  listServices(): Promise<readonly string[]>;
  /**
   * Returns the file that defines a symbol, with all that it imports, or undefined if no file defines it.
   *
   * @param symbol the full name of a service, method, message, field, enum or extension
   */
  load(symbol: string): Promise<FileRegistry | undefined>;
  /** Returns the file that defines an extension of a message, with all that it imports, or undefined if there is none. */
  loadExtension(message: string, fieldNumber: number): Promise<FileRegistry | undefined>;
}

/** Descriptors that are missing, incomplete or invalid. The message states what to do. */
export class DescriptorError extends Error {
  override name = "DescriptorError";
}
