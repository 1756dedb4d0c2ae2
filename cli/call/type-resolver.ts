import {
  createMutableRegistry,
  createRegistry,
  type DescMessage,
  type FileRegistry,
  type MutableRegistry,
  type Registry,
} from "@bufbuild/protobuf";
import {
  AnySchema,
  DurationSchema,
  EmptySchema,
  FieldMaskSchema,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import { file_google_rpc_error_details } from "../../gen/google/rpc/error_details_pb.ts";
import type { DescriptorSource } from "./descriptor-source.ts";

/** Types that error details use, and that a server need not have in its reflection. */
const standardTypes = createRegistry(
  file_google_rpc_error_details,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
  AnySchema,
  DurationSchema,
  EmptySchema,
  FieldMaskSchema,
  TimestampSchema,
);

/** The maximum number of types that are loaded for one call. Only values of a server, as in Any, name such types. */
const maxLoads = 1_000;

/**
 * The types of a call: those of its method, and those that `google.protobuf.Any`, extensions and error details name, which
 * are loaded when a message needs them.
 */
export class TypeResolver {
  readonly #source: DescriptorSource;
  readonly #types: MutableRegistry;
  /** The types that were loaded, or that the source does not have. */
  readonly #requested = new Set<string>();

  constructor(types: FileRegistry, source: DescriptorSource) {
    this.#types = createMutableRegistry(types);
    this.#source = source;
  }

  /** Runs a conversion. Loads the types that it did not find, and runs it again. Throws what the last run throws. */
  async convert<T>(run: (registry: Registry) => T): Promise<T> {
    for (;;) {
      const misses = new Map<string, () => Promise<FileRegistry | undefined>>();
      let convert: () => T;
      try {
        const result = run(this.#recordMisses(misses));
        convert = () => result;
      } catch (error) {
        convert = () => {
          throw error;
        };
      }
      if (!(await this.#load(misses))) return convert();
    }
  }

  /** Returns whether any of the types was found. */
  async #load(misses: ReadonlyMap<string, () => Promise<FileRegistry | undefined>>): Promise<boolean> {
    let isFound = false;
    for (const [key, load] of misses) {
      if (this.#requested.size >= maxLoads) break;
      this.#requested.add(key);
      const loaded = await load();
      if (loaded === undefined) continue;
      for (const type of loaded) if (this.#types.get(type.typeName) === undefined) this.#types.add(type);
      isFound = true;
    }
    return isFound;
  }

  #recordMisses(misses: Map<string, () => Promise<FileRegistry | undefined>>): Registry {
    const types = this.#types;
    const record = (key: string, load: () => Promise<FileRegistry | undefined>) => {
      if (!this.#requested.has(key)) misses.set(key, load);
    };
    const find = <T>(typeName: string, found: T | undefined): T | undefined => {
      if (found === undefined) record(typeName, () => this.#source.load(typeName));
      return found;
    };
    return {
      kind: "registry",
      [Symbol.iterator]: () => types[Symbol.iterator](),
      get: (name) => find(name, types.get(name) ?? standardTypes.get(name)),
      getMessage: (name) => find(name, types.getMessage(name) ?? standardTypes.getMessage(name)),
      getEnum: (name) => find(name, types.getEnum(name)),
      getService: (name) => find(name, types.getService(name)),
      getExtension: (name) => find(name, types.getExtension(name)),
      getExtensionFor: (message, fieldNumber) => {
        const found = types.getExtensionFor(message, fieldNumber);
        if (found === undefined && isExtensionNumber(message, fieldNumber)) {
          record(`${message.typeName}:${fieldNumber}`, () => this.#source.loadExtension(message.typeName, fieldNumber));
        }
        return found;
      },
    };
  }
}

function isExtensionNumber({ proto }: DescMessage, fieldNumber: number): boolean {
  return proto.extensionRange.some(({ start, end }) => start <= fieldNumber && fieldNumber < end);
}
