import { readFile } from "node:fs/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { buildFileRegistry } from "./build-file-registry.ts";
import { DescriptorError, type DescriptorSource } from "./descriptor-source.ts";

/**
 * Reads the descriptors of a file: a serialized `google.protobuf.FileDescriptorSet`, as `buf build -o` and
 * `protoc --include_imports --descriptor_set_out` write it. Throws a {@link DescriptorError} if it is not one.
 */
export async function readDescriptorSet(path: string): Promise<DescriptorSource> {
  const registry = buildFileRegistry(parse(await read(path), path).file, path);
  const types = Array.from(registry.files, (file) => [...nestedTypes(file)]).flat();
  const services = types.filter(({ kind }) => kind === "service").map(({ typeName }) => typeName);
  return {
    name: path,
    listServices: async () => services.toSorted(),
    load: async () => registry,
    loadExtension: async () => registry,
  };
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new DescriptorError(`--descriptor-set ${path} cannot be read: ${(error as Error).message}`);
  }
}

function parse(bytes: Uint8Array, path: string) {
  try {
    const set = fromBinary(FileDescriptorSetSchema, bytes);
    // A file that is no descriptor set can parse as one whose fields are all unknown.
    if (set.file.length > 0 && set.file.every(({ name }) => name !== "")) return set;
  } catch {
    // reported below
  }
  throw new DescriptorError(`--descriptor-set ${path} has no descriptors: buf build -o FILE.binpb makes such a file`);
}
