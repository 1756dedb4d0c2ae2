import { expect, test, vi } from "vitest";
import { ChangeNotifier } from "./change-notifier.ts";

/** A schedule that runs its tasks on demand. */
function manualSchedule() {
  const tasks: (() => void)[] = [];
  return {
    tasks,
    schedule: (task: () => void) => void tasks.push(task),
    run: () => {
      for (const task of tasks.splice(0)) task();
    },
  };
}

test("several changes cause one notification", () => {
  const { schedule, tasks, run } = manualSchedule();
  const listener = vi.fn();
  const notifier = new ChangeNotifier(schedule);
  notifier.subscribe(listener);
  for (let i = 0; i < 1_000; i++) notifier.notify();
  expect(tasks).toHaveLength(1);
  run();
  expect(listener).toHaveBeenCalledTimes(1);
  notifier.notify();
  run();
  expect(listener).toHaveBeenCalledTimes(2);
});

test("prepare runs before the listeners", () => {
  const { schedule, run } = manualSchedule();
  const order: string[] = [];
  const notifier = new ChangeNotifier(schedule, () => order.push("prepare"));
  notifier.subscribe(() => order.push("listener"));
  notifier.notify();
  run();
  expect(order).toEqual(["prepare", "listener"]);
});

test("a removed listener is not called", () => {
  const { schedule, run } = manualSchedule();
  const listener = vi.fn();
  const notifier = new ChangeNotifier(schedule);
  notifier.subscribe(listener)();
  notifier.notify();
  run();
  expect(listener).not.toHaveBeenCalled();
});
