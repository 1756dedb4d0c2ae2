import { expect, test, vi } from "vitest";
import { Notifier } from "./notifier.ts";

/** A schedule that is turned by hand. */
function manual() {
  const tasks: (() => void)[] = [];
  return {
    tasks,
    schedule: (task: () => void) => void tasks.push(task),
    turn: () => {
      for (const task of tasks.splice(0)) task();
    },
  };
}

test("many changes in one turn are told once", () => {
  const { schedule, tasks, turn } = manual();
  const listener = vi.fn();
  const notifier = new Notifier(schedule);
  notifier.subscribe(listener);
  for (let i = 0; i < 1_000; i++) notifier.touch();
  expect(tasks).toHaveLength(1);
  turn();
  expect(listener).toHaveBeenCalledTimes(1);
  notifier.touch();
  turn();
  expect(listener).toHaveBeenCalledTimes(2);
});

test("what listeners read is prepared before any of them runs", () => {
  const { schedule, turn } = manual();
  const order: string[] = [];
  const notifier = new Notifier(schedule, () => order.push("prepared"));
  notifier.subscribe(() => order.push("told"));
  notifier.touch();
  turn();
  expect(order).toEqual(["prepared", "told"]);
});

test("a listener that was taken away hears nothing", () => {
  const { schedule, turn } = manual();
  const listener = vi.fn();
  const notifier = new Notifier(schedule);
  notifier.subscribe(listener)();
  notifier.touch();
  turn();
  expect(listener).not.toHaveBeenCalled();
});
