#!/usr/bin/env node
import { runBourse } from "./run-bourse.ts";

await runBourse(process.argv.slice(2));
