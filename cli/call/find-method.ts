import type { DescMethod, DescService, FileRegistry } from "@bufbuild/protobuf";
import { DescriptorError, type DescriptorSource } from "./descriptor-source.ts";
import { formatSuggestions } from "./suggest-name.ts";

/** A method and the registry that has its types. */
export interface FoundMethod {
  readonly method: DescMethod;
  readonly types: FileRegistry;
}

export interface FoundService {
  readonly service: DescService;
  readonly types: FileRegistry;
}

/**
 * Finds a method by `SERVICE/METHOD` or `SERVICE.METHOD`, with the full name of the service. Throws a
 * {@link DescriptorError} with suggestions if there is none.
 */
export async function findMethod(source: DescriptorSource, name: string): Promise<FoundMethod> {
  const { serviceName, methodName } = splitMethodName(name);
  if (serviceName === "") throw new DescriptorError(await describeShortName(source, methodName));
  const { service, types } = await findService(source, serviceName);
  const method = service.methods.find((each) => each.name === methodName);
  if (method !== undefined) return { method, types };
  const names = service.methods.map((each) => each.name);
  throw new DescriptorError(
    `${serviceName} has no method ${methodName}${formatSuggestions(methodName, names) || listOf(serviceName)}`,
  );
}

/** Finds a service by its full name. Throws a {@link DescriptorError} with suggestions if there is none. */
export async function findService(source: DescriptorSource, name: string): Promise<FoundService> {
  const types = await source.load(name);
  const service = types?.getService(name);
  if (types !== undefined && service !== undefined) return { service, types };
  const services = await source.listServices();
  throw new DescriptorError(
    `${source.name} has no service ${name}${formatSuggestions(name, services) || "; bourse call --list prints its services"}`,
  );
}

/** Splits the name of a method. Without a service, that is empty. */
function splitMethodName(name: string): { readonly serviceName: string; readonly methodName: string } {
  const trimmed = name.replace(/^\//, "");
  const at = trimmed.includes("/") ? trimmed.lastIndexOf("/") : trimmed.lastIndexOf(".");
  return { serviceName: trimmed.slice(0, Math.max(at, 0)), methodName: trimmed.slice(at + 1) };
}

/** Returns the message for a method without a service. It names the services that have such a method. */
async function describeShortName(source: DescriptorSource, name: string): Promise<string> {
  const matches: string[] = [];
  for (const serviceName of await source.listServices()) {
    const service = (await source.load(serviceName))?.getService(serviceName);
    const method = service?.methods.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (method !== undefined) matches.push(`${serviceName}/${method.name}`);
  }
  const hint = matches.length > 0 ? `did you mean ${matches.join(" or ")}?` : "bourse call --list prints the services";
  return `${name} is not the name of a method with its service, as in grpc.health.v1.Health/Check: ${hint}`;
}

function listOf(service: string): string {
  return `; bourse call --list ${service} prints its methods`;
}
