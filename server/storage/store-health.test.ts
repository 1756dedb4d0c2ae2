import { expect, test } from "vitest";
import { StoreReadOnlyError } from "./storage-errors.ts";
import { StoreHealth } from "./store-health.ts";

test("a failed sync makes the store read-only permanently, and is reported once", async () => {
  const { health, failures } = watch();
  expect(() => health.assertWritable()).not.toThrow();
  // If the disk is full while the kernel writes back, the kernel drops the data.
  for (const code of ["ENOSPC", "EIO"]) {
    await expect(health.guard(Promise.reject(failure(code)))).rejects.toMatchObject({ code });
  }
  await health.guard(Promise.resolve());
  expect(() => health.assertWritable()).toThrow(StoreReadOnlyError);
  expect(failures).toEqual(["ENOSPC"]);
});

test("a listener that is added after the failure is called", () => {
  const { health } = watch();
  health.fail(failure("EIO"));
  const later: unknown[] = [];
  health.onFailure((error) => later.push(error));
  expect(later).toHaveLength(1);
});

test.each(["EIO", "EROFS", "ENODEV", "ENXIO", "ESTALE", "EUCLEAN"])("%s is an error of a broken disk", (code) => {
  const { health, failures } = watch();
  expect(health.check(failure(code))).toBe(true);
  expect(failures).toEqual([code]);
});

test.each(["ENOSPC", "EDQUOT", "EMFILE", "ENOENT", "EACCES"])("%s is not an error of a broken disk", (code) => {
  expect(watch().health.check(failure(code))).toBe(false);
});

test.each(["EMFILE", "ENFILE"])(
  "an error that clients can cause does not make the store read-only: %s",
  async (code) => {
    const { health } = watch();
    await expect(health.guard(Promise.reject(failure(code)))).rejects.toThrow();
    expect(health.isReadOnly).toBe(false);
  },
);

function watch() {
  const health = new StoreHealth();
  const failures: string[] = [];
  health.onFailure((error) => failures.push((error as NodeJS.ErrnoException).code ?? ""));
  return { health, failures };
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
