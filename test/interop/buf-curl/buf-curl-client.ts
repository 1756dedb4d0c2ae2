import { mustGet, runCases } from "../run-cases.ts";
import { bourseCases } from "./bourse-cases.ts";
import { type Protocol, protocols } from "./buf-curl.ts";
import { wireCases } from "./wire-cases.ts";

// Calls a server with `buf curl` over the protocol of the first argument. Reflection provides all schemas.

const protocol = process.argv[2] as Protocol;
if (!protocols.includes(protocol)) throw new Error(`name a protocol: ${protocols.join(", ")}`);

const wireUrl = `http://${mustGet("INTEROP_WIRE")}`;
const bourseUrl = `http://${mustGet("INTEROP_BOURSE")}`;
await runCases({ ...wireCases(wireUrl, protocol), ...bourseCases(bourseUrl, protocol) });
