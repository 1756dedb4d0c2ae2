import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const secondsMs = 1000;

/** More rounds than usual take longer: two seconds each at most. */
const faultTimeoutMs = (300 + 2 * Number(process.env.BOURSE_FAULT_ROUNDS ?? 0)) * secondsMs;

const tags = [
  { name: "slow", description: "takes seconds: only `npm run test:slow` runs it", timeout: 60 * secondsMs },
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{server,client,cli,scripts,tools,bench}/**/*.test.{ts,js}",
            "web/src/**/*.test.{ts,tsx}",
            "test/{wire,docs,fuzz,h2spec,soak}/**/*.test.ts",
          ],
          testTimeout: 10 * secondsMs,
          // Tests start the command some five hundred times. Compiled code is loaded in two thirds of the time.
          env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("./node_modules/.cache/compiled", import.meta.url)) },
          maxWorkers: 2, // on two cores vitest would use one
          maxConcurrency: 50, // concurrent tests wait for timeouts, and need little CPU
          tags,
        },
      },
      // The others start whole servers: one project after the other, and one file at a time. Browser tests wait more than
      // they compute, so two files run concurrently.
      {
        test: {
          ...alone(1),
          fileParallelism: true,
          maxWorkers: 2,
          name: "browser",
          tags,
          include: ["test/browser/**/*.test.ts"],
        },
      },
      { test: { ...alone(2), name: "readme", include: ["test/readme/**/*.test.ts"] } },
      { test: { ...alone(3), name: "grpcurl", include: ["test/grpcurl/**/*.test.ts"] } },
      { test: { ...alone(4), name: "package", include: ["test/package/**/*.test.ts"] } },
      { test: { ...alone(6), name: "abuse", include: ["test/abuse/**/*.test.ts"] } },
      { test: { ...alone(7), name: "faults", include: ["test/faults/**/*.test.ts"], testTimeout: faultTimeoutMs } },
    ],
  },
});

function alone(groupOrder: number) {
  return {
    fileParallelism: false,
    sequence: { groupOrder },
    testTimeout: 60 * secondsMs,
    hookTimeout: 60 * secondsMs,
  };
}
