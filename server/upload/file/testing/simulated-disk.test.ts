import { expect, test } from "vitest";
import { seededRandom } from "../../../shared/seeded-random.ts";
import { diskContract } from "./disk.contract.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

diskContract(async () => ({
  disk: new SimulatedDisk({ below: () => 0 }),
  async [Symbol.asyncDispose]() {},
}));

test("a crash may lose unsynced writes, but not synced ones", async () => {
  const found = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const { below } = seededRandom(seed);
    const disk = new SimulatedDisk({ below });
    await using file = await disk.create("f/a");
    await disk.syncFolder("f");
    await file.write([Buffer.from("safe")], 0);
    await file.sync();
    await file.write([Buffer.from("lost")], 4);
    found.add(Buffer.from(disk.crash().bytesOf("f/a") ?? []).toString());
  }
  expect([...found].every((text) => text.startsWith("safe"))).toBe(true);
  expect(found).toContain("safe");
  expect(found).toContain("safelost");
  expect(found).toContain("safe\0\0\0\0");
});

test("a crash may lose a name that was not synced", async () => {
  const found = new Set<boolean>();
  for (let seed = 0; seed < 20; seed++) {
    const disk = new SimulatedDisk({ below: seededRandom(seed).below });
    await using file = await disk.create("f/a");
    await file.sync();
    found.add(disk.crash().bytesOf("f/a") !== undefined);
  }
  expect(found).toEqual(new Set([true, false]));
});
