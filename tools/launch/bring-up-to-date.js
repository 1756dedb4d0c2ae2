import { join } from "node:path";
import { dashboardStep } from "./dashboard-step.js";
import { generatedStep } from "./generated-step.js";
import { LaunchError } from "./launch-error.js";
import { modulesStep } from "./modules-step.js";
import { withLock } from "./with-lock.js";

/**
 * Something that is made from the sources and must be made again when they change.
 *
 * @typedef {object} Step
 * @property {string} doing what `run` does, as in `building the dashboard`
 * @property {() => boolean} isStale whether `run` has something to do; fast enough to ask at every start
 * @property {() => Promise<void>} run makes it; a failure or an interruption leaves it stale
 */

/** All steps in their order: each may need those before it. @type {Record<string, (root: string) => Step>} */
const steps = { modules: modulesStep, generated: generatedStep, dashboard: dashboardStep };

/** Set for the commands of a step, whose own launchers must not wait for the lock that is held for them. */
const lockHeldBy = "BOURSE_LAUNCHER_PID";

/** Reads a list such as `modules,generated`. @param {string} list */
export function stepNames(list) {
  const names = list.split(",");
  const unknown = names.find((name) => !Object.hasOwn(steps, name));
  if (unknown === undefined) return names;
  throw new LaunchError(`there is no step "${unknown}": choose among ${Object.keys(steps).join(", ")}`);
}

/**
 * Runs the named steps that are stale, one launcher at a time, and says so. Silent where nothing is to do.
 *
 * @param {string} root the project's folder
 * @param {readonly string[]} names
 * @param {(text: string) => void} say
 * @param {Record<string, (root: string) => Step>} [all] the steps to choose from
 */
export async function bringUpToDate(root, names, say, all = steps) {
  const chosen = Object.entries(all).flatMap(([name, step]) => (names.includes(name) ? [step(root)] : []));
  const runStale = async () => {
    for (const step of chosen) if (step.isStale()) await runStep(step, say);
  };
  if (!chosen.some((step) => step.isStale())) return;
  if (process.env[lockHeldBy] !== undefined) return runStale();
  await withLock(join(root, "dist", "launcher.lock"), say, async () => {
    process.env[lockHeldBy] = String(process.pid);
    try {
      await runStale();
    } finally {
      delete process.env[lockHeldBy];
    }
  });
}

/** @param {Step} step @param {(text: string) => void} say */
async function runStep(step, say) {
  const began = performance.now();
  say(`bourse: ${step.doing} … `);
  try {
    await step.run();
  } catch (error) {
    say("failed\n");
    throw error;
  }
  say(`${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}
