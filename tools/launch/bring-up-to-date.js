import { join } from "node:path";
import { dashboardStep } from "./dashboard-step.js";
import { generatedStep } from "./generated-step.js";
import { LaunchError } from "./launch-error.js";
import { modulesStep } from "./modules-step.js";
import { withLock } from "./with-lock.js";

/**
 * A step that builds files from sources, and must run again when the sources change.
 *
 * @typedef {object} Step
 * @property {string} progress the progress message, for example `building the dashboard`
 * @property {() => boolean} isStale whether `run` is needed; fast enough for every start
 * @property {() => Promise<void>} run builds the files; a failure or an interruption leaves the step stale
 */

/** All steps in order. A step can need the outputs of earlier steps. @type {Record<string, (root: string) => Step>} */
const steps = { modules: modulesStep, generated: generatedStep, dashboard: dashboardStep };

/** Set for the commands of a step: launchers that they start must not wait for the lock, which this launcher holds. */
const lockHeldBy = "BOURSE_LAUNCHER_PID";

/**
 * Reads a list such as `modules,generated,dashboard@serve`: only the command `serve` needs the dashboard.
 *
 * @param {string} list
 * @param {string} [command] the first argument of the file that is run
 */
export function stepNames(list, command) {
  const names = list.split(",").flatMap((each) => {
    const [name = "", only = command] = each.split("@");
    return only === command ? [name] : [];
  });
  const unknown = names.find((name) => !Object.hasOwn(steps, name));
  if (unknown === undefined) return names;
  throw new LaunchError(`unknown step "${unknown}"; use ${Object.keys(steps).join(", ")}`);
}

/**
 * Runs the named steps that are stale, and prints each. Prints nothing if all are fresh. A lock lets one launcher at a
 * time run steps.
 *
 * @param {string} root the project's folder
 * @param {readonly string[]} names
 * @param {(text: string) => void} print
 * @param {Record<string, (root: string) => Step>} [all] the steps to choose from
 */
export async function bringUpToDate(root, names, print, all = steps) {
  const chosen = Object.entries(all).flatMap(([name, step]) => (names.includes(name) ? [step(root)] : []));
  const runStale = async () => {
    for (const step of chosen) if (step.isStale()) await runStep(step, print);
  };
  if (!chosen.some((step) => step.isStale())) return;
  if (process.env[lockHeldBy] !== undefined) return runStale();
  await withLock(join(root, "dist", "launcher.lock"), print, async () => {
    process.env[lockHeldBy] = String(process.pid);
    try {
      await runStale();
    } finally {
      delete process.env[lockHeldBy];
    }
  });
}

/** @param {Step} step @param {(text: string) => void} print */
async function runStep(step, print) {
  const began = performance.now();
  print(`bourse: ${step.progress} … `);
  try {
    await step.run();
  } catch (error) {
    print("failed\n");
    throw error;
  }
  print(`${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}
