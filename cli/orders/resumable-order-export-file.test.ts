import { mkdtempDisposable, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { nativeSha256 } from "../../client/node/native-sha256.ts";
import { exportOrders } from "../../client/order/export-orders.ts";
import { FakeOrderService } from "../../client/order/testing/fake-order-service.ts";
import { OrderSchema } from "../../gen/bourse/order/v1/order_pb.ts";
import { OrderExportFileError } from "./order-export-journal.ts";
import { type OrderOutputFormatName, orderOutputFormats } from "./order-output-formats.ts";
import { ResumableOrderExportFile } from "./resumable-order-export-file.ts";

const name = { format: "csv", filter: {} };

/** Small, so that a small export has many checkpoints. */
const step = 60;

const orders = Array.from({ length: 8 }, (_, index) =>
  create(OrderSchema, {
    sequence: BigInt(index + 1),
    key: `k${index}`,
    orderNumber: "536365",
    productCode: "85123A",
    description: ['7" PLATE, BLUE', "Café\nà emporter", " blanks ", ""][index % 4] ?? "",
    quantity: index % 5 === 0 ? -1 : index,
    unitPrice: { currencyCode: "GBP", units: BigInt(index), nanos: 550_000_000 },
    country: "EIRE",
    placedAt: { seconds: BigInt(index), nanos: index },
    ...(index % 3 === 0 && { customerId: "17850" }),
  }),
);

const directory = () => mkdtempDisposable(join(tmpdir(), "bourse-export-"));

/** Exports to a file like the command. Returns the number of received orders. */
async function exportTo(path: string, format: OrderOutputFormatName = "csv", atEnd = async () => {}, isLost = false) {
  const { header, format: formatOrders } = orderOutputFormats[format];
  await using file = await ResumableOrderExportFile.open(path, { ...name, format }, header, { step });
  const { client } = new FakeOrderService(orders);
  const { from } = file;
  let received = 0;
  for await (const { orders: some, position } of exportOrders(client, {
    batchSize: 1,
    sha256: nativeSha256,
    ...(from && { from }),
  })) {
    received += some.length;
    await file.write(formatOrders(some), position);
  }
  await atEnd();
  if (!isLost) await file.complete();
  return received;
}

/** The files on the disk after the process is killed just before the end. */
async function killed(path: string, format: OrderOutputFormatName) {
  const left = { file: Buffer.alloc(0), journal: "" };
  const look = async () => {
    left.file = await readFile(path);
    left.journal = await readFile(`${path}.part`, "utf8");
  };
  await exportTo(path, format, look);
  return left;
}

describe.each(["csv", "ndjson"] as const)("ResumableOrderExportFile, as %s", (format) => {
  it("resumes a file that was truncated at any byte, and ends with the same file", {
    tags: ["slow"],
    timeout: 60_000,
  }, async () => {
    await using folder = await directory();
    const path = join(folder.path, "orders");
    const { file, journal } = await killed(path, format);
    expect(await readFile(path)).toEqual(file);
    expect(journal.split("\n").length).toBeGreaterThan(6);
    let [most, fewest] = [0, orders.length];
    for (let end = 0; end <= file.length; end += format === "csv" ? 1 : 5) {
      await writeFile(path, file.subarray(0, end));
      await writeFile(`${path}.part`, journal);
      const received = await exportTo(path, format);
      [most, fewest] = [Math.max(most, received), Math.min(fewest, received)];
      expect(await readFile(path)).toEqual(file);
      expect(await readdir(folder.path)).toEqual(["orders"]);
    }
    expect(most).toBe(orders.length);
    expect(fewest).toBeLessThan(2);
  });

  it("resumes with a journal that was truncated at any byte after its first line", async () => {
    await using folder = await directory();
    const path = join(folder.path, "orders");
    const { file, journal } = await killed(path, format);
    const first = journal.indexOf("\n", journal.indexOf("\n") + 1);
    for (let end = first; end < journal.length; end += 17) {
      await writeFile(path, file);
      await writeFile(`${path}.part`, journal.slice(0, end));
      await exportTo(path, format);
      expect(await readFile(path)).toEqual(file);
    }
  });

  it("discards everything after a changed byte, for example after a power failure", async () => {
    await using folder = await directory();
    const path = join(folder.path, "orders");
    const { file, journal } = await killed(path, format);
    for (let at = orderOutputFormats[format].header.length; at < file.length; at += 23) {
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed);
      await writeFile(`${path}.part`, journal);
      await exportTo(path, format);
      expect(await readFile(path)).toEqual(file);
    }
  });
});

describe("ResumableOrderExportFile", () => {
  it("resumes at the end of the file after it was closed", async () => {
    await using folder = await directory();
    const path = join(folder.path, "orders.csv");
    expect(await exportTo(path, "csv", undefined, true)).toBe(orders.length);
    expect(await exportTo(path)).toBe(0);
  });

  it("does not change a complete export, another export, or any other file", async () => {
    await using folder = await directory();
    const path = join(folder.path, "orders.csv");
    const open = (other: object, options = {}) =>
      ResumableOrderExportFile.open(path, { ...name, ...other }, "header\n", options);
    await exportTo(path);
    const file = await readFile(path);
    await expect(open({})).rejects.toThrow(/orders\.csv exists, .* --overwrite/);
    await writeFile(`${path}.part`, `${JSON.stringify({ version: 1, ...name })}\n`);
    await expect(open({ filter: { country: "EIRE" } })).rejects.toThrow(/is of another export, .* the same flags/);
    await expect(open({})).rejects.toThrow(OrderExportFileError);
    expect(await readFile(path)).toEqual(file);
    await (await open({}, { overwrite: true }))[Symbol.asyncDispose]();
    expect(await readFile(path, "utf8")).toBe("header\n");
  });
});

it("creates a journal that other users cannot read, even if a readable draft exists", async () => {
  await using folder = await directory();
  const path = join(folder.path, "orders.csv");
  await writeFile(`${path}.part.new`, "left behind", { mode: 0o644 });
  await expect(
    exportTo(path, "csv", async () => {
      throw new Error("aborted");
    }),
  ).rejects.toThrow();
  expect((await stat(`${path}.part`)).mode & 0o777).toBe(0o600);
});
