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

// Hostile messages for every method that the running server describes: a new method needs no cases by hand.

const settings = readGeneratorSettings(process.env);
const callsAtOnce = 50;

/** Cases of a method that are the most expensive alone, and so are sent many at once: CI has five minutes for all. */
const bursts = settings.isFull ? 5 : 1;

/** Minutes where seconds are measured; the full matrix takes as long as it takes. */
const methodTimeoutMs = settings.isFull ? 3_600_000 : 300_000;

/** Less than the heap that V8 may have under {@link startGeneratorRun}: at that the process ends. */
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

describe.each([...casesByMethod])("hostile messages to %s", (_path, own) => {
  const records: CaseRecord[] = [];

  test(
    "one at a time end in time, with a right code, and cost others nothing",
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
    `${callsAtOnce} at once likewise, of those that cost most`,
    async () => {
      const costly = records.toSorted((one, other) => other.durationMs - one.durationMs);
      const bursting = costly.filter(({ case: { shape } }) => shape.isLarge).slice(0, bursts);
      expect(bursting).not.toEqual([]);
      const burstRecords: CaseRecord[] = [];
      for (const record of bursting) {
        const burst = await run.run(record.case, callsAtOnce);
        if (burst !== undefined) burstRecords.push(burst);
      }
      const { losses } = await run.observe();
      expect(burstRecords.flatMap(problemsOf)).toEqual([]);
      expect(losses).toEqual([]);
      expect(await run.takePeakHeap()).toBeLessThan(maxHeapBytes);
    },
    methodTimeoutMs,
  );
});

test("the server's log has no error", async () => {
  expect(await run.complaints()).toEqual([]);
});

function pathOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
