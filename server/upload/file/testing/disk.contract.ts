import { describe, expect, test } from "vitest";
import type { Disk } from "../disk-operations.ts";

/** Tests the contract of Disk. `open` returns an empty disk for each test. */
export function diskContract(open: () => Promise<{ disk: Disk } & AsyncDisposable>): void {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text));

  describe("a disk", () => {
    test("returns written bytes at their position, also if writes overlap or have several parts", async () => {
      await using opened = await open();
      await opened.disk.makeFolder("f");
      await using file = await opened.disk.create("f/a");
      await file.write([bytes("hello"), new Uint8Array(), bytes(", world")], 0);
      await file.write([bytes("W")], 7);
      const target = new Uint8Array(20);
      expect(await file.read(target, 0)).toBe(12);
      expect(Buffer.from(target.subarray(0, 12)).toString()).toBe("hello, World");
      expect(await file.read(target.subarray(0, 3), 10)).toBe(2);
      expect(await file.read(target, 12)).toBe(0);
      await file.truncate(5);
      await file.syncData();
      await file.sync();
      expect(await opened.disk.sizeOf("f/a")).toBe(5);
    });

    test("does not create an existing file, and does not open a missing one", async () => {
      await using opened = await open();
      await opened.disk.makeFolder("f");
      await using _file = await opened.disk.create("f/a");
      await expect(opened.disk.create("f/a")).rejects.toMatchObject({ code: "EEXIST" });
      await expect(opened.disk.open("f/b", "read")).rejects.toMatchObject({ code: "ENOENT" });
      expect(await opened.disk.sizeOf("f/b")).toBeUndefined();
    });

    test("moves, removes and lists names; an open file stays usable", async () => {
      await using opened = await open();
      for (const folder of ["f", "g"]) await opened.disk.makeFolder(folder);
      await using file = await opened.disk.create("f/a");
      await opened.disk.rename("f/a", "g/b");
      await file.write([bytes("late")], 0);
      expect([await opened.disk.list("f"), await opened.disk.list("g")]).toEqual([[], ["b"]]);
      expect(await opened.disk.sizeOf("g/b")).toBe(4);
      await opened.disk.remove("g/b");
      await opened.disk.remove("g/b");
      expect(await opened.disk.list("g")).toEqual([]);
      await opened.disk.syncFolder("g");
    });
  });
}
