import { runCases } from "../run-cases.ts";
import { bourseCases } from "./bourse-cases.ts";
import { endCases } from "./end-cases.ts";
import { limitCases } from "./limit-cases.ts";
import { wireCases } from "./wire-cases.ts";

// Calls a server with grpc-js and messages that are loaded at run time. Only google.rpc.Status uses generated code,
// because the library does not decode it. The cases that end a server run last.

await runCases({ ...wireCases, ...limitCases, ...bourseCases, ...endCases });
