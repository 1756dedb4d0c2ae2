import type { DescMethod } from "@bufbuild/protobuf";
import { afterAll, describe, expect, test } from "vitest";
import { classicServices } from "../../server/classic/classic-routes.ts";
import { bourseServices } from "../../server/routes.ts";
import { type CaseRecord, problemsOf } from "./generator/case-record.ts";
import { allCases, sampledCases } from "./generator/case-selection.ts";
import { generatorReport } from "./generator/generator-report.ts";
import { startGeneratorRun } from "./generator/generator-run.ts";
import { readGeneratorSettings } from "./generator/generator-settings.ts";
import { servedMethods } from "./generator/served-methods.ts";

// Generates hostile messages for every method that the running server describes, so a new method needs no manual cases.

const settings = readGeneratorSettings(process.env);
const concurrentCalls = 50;

/** The number of the most expensive cases of a method that also run concurrently. CI has five minutes for all cases. */
const bursts = settings.isFull ? 5 : 1;

/** The time limit for a method. A method takes seconds in the sample; the full matrix has a limit of an hour. */
const methodTimeoutMs = settings.isFull ? 3_600_000 : 300_000;

/** Less than the heap limit of V8 in {@link startGeneratorRun}, at which the process ends. */
const maxHeapBytes = 450_000_000;

const run = await startGeneratorRun(settings.limits);
const methods = await servedMethods(run.url);
const cases = settings.isFull ? allCases(methods) : sampledCases(methods, settings.seed);
const casesByMethod = Map.groupBy(cases, ({ method }) => pathOf(method));

afterAll(async () => {
  process.stdout.write(generatorReport(run.records, settings.seed));
  await run[Symbol.asyncDispose]();
});

test("every method of every registered service has cases", () => {
  const registered = [...bourseServices, ...classicServices].flatMap((service) => service.methods.map(pathOf));
  const standard = ["grpc.health.v1.Health/Check", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"];
  expect([...casesByMethod.keys()]).toEqual(expect.arrayContaining([...registered, ...standard]));
  expect([...casesByMethod.keys()].sort()).toEqual(methods.map(pathOf).sort());
});

describe.each([...casesByMethod])(
  "%s handles hostile messages in time, with valid codes and without delays for others:",
  (_path, own) => {
    const records: CaseRecord[] = [];

    test(
      "one at a time",
      async () => {
        for (const each of own) records.push(...[await run.run(each, 1)].filter((record) => record !== undefined));
        const { losses } = await run.observe();
        expect(records.flatMap(problemsOf)).toEqual([]);
        expect(losses).toEqual([]);
        expect(await run.takePeakHeap()).toBeLessThan(maxHeapBytes);
      },
      methodTimeoutMs,
    );

    test(
      `${concurrentCalls} of the most expensive ones concurrently`,
      async () => {
        const costly = records.toSorted((one, other) => other.durationMs - one.durationMs);
        const bursting = costly.filter(({ case: { shape } }) => shape.isLarge).slice(0, bursts);
        expect(bursting).not.toEqual([]);
        const burstRecords: CaseRecord[] = [];
        for (const record of bursting) {
          const burst = await run.run(record.case, concurrentCalls);
          if (burst !== undefined) burstRecords.push(burst);
        }
        const { losses } = await run.observe();
        expect(burstRecords.flatMap(problemsOf)).toEqual([]);
        expect(losses).toEqual([]);
        expect(await run.takePeakHeap()).toBeLessThan(maxHeapBytes);
      },
      methodTimeoutMs,
    );
  },
);

test("the server's log contains no error", async () => {
  expect(await run.loggedErrors()).toEqual([]);
});

function pathOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
