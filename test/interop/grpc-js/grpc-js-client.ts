import { runCases } from "../run-cases.ts";
import { bourseCases } from "./bourse-cases.ts";
import { endCases } from "./end-cases.ts";
import { limitCases } from "./limit-cases.ts";
import { wireCases } from "./wire-cases.ts";

// Calls a server with grpc-js and messages that are loaded at run time: nothing of it comes from generated code, but
// for google.rpc.Status, which the library leaves to others. Those cases that end a server come last.

await runCases({ ...wireCases, ...limitCases, ...bourseCases, ...endCases });
