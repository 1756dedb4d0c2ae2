import { runCases } from "../run-cases.ts";
import { classicCases } from "./classic-cases.ts";
import { classicLaptopCases } from "./classic-laptop-cases.ts";

// Calls the classic services with grpc-js like the clients of the tutorials, with messages that are loaded at run time
// from the protos in ../classic-protos.

await runCases({ ...classicCases, ...classicLaptopCases });
