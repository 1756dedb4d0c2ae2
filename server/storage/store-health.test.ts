import { expect, test } from "vitest";
import { StoreReadOnlyError } from "./storage-errors.ts";
import { StoreHealth } from "./store-health.ts";

test("a failed sync makes the store read-only for good, and is told once", async () => {
  const { health, told } = watch();
  expect(() => health.assertWritable()).not.toThrow();
  // A disk that is full while the kernel writes back has dropped what it could not write.
  for (const code of ["ENOSPC", "EIO"]) {
    await expect(health.guard(Promise.reject(failure(code)))).rejects.toMatchObject({ code });
  }
  await health.guard(Promise.resolve());
  expect(() => health.assertWritable()).toThrow(StoreReadOnlyError);
  expect(told).toEqual(["ENOSPC"]);
});

test("who asks later is told too", () => {
  const { health } = watch();
  health.fail(failure("EIO"));
  const later: unknown[] = [];
  health.onFailure((error) => later.push(error));
  expect(later).toHaveLength(1);
});

test.each(["EIO", "EROFS", "ENODEV", "ENXIO", "ESTALE", "EUCLEAN"])("%s speaks of a broken disk", (code) => {
  const { health, told } = watch();
  expect(health.check(failure(code))).toBe(true);
  expect(told).toEqual([code]);
});

test.each(["ENOSPC", "EDQUOT", "EMFILE", "ENOENT", "EACCES"])("%s does not", (code) => {
  expect(watch().health.check(failure(code))).toBe(false);
});

test.each(["EMFILE", "ENFILE"])("what clients can bring about does not make the store read-only: %s", async (code) => {
  const { health } = watch();
  await expect(health.guard(Promise.reject(failure(code)))).rejects.toThrow();
  expect(health.isReadOnly).toBe(false);
});

function watch() {
  const health = new StoreHealth();
  const told: string[] = [];
  health.onFailure((error) => told.push((error as NodeJS.ErrnoException).code ?? ""));
  return { health, told };
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
