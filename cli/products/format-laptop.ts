import { type Laptop, type Memory, MemoryUnit } from "../../gen/bourse/product/v1/product_pb.ts";

/** The names of units, as `--min-ram` accepts them. */
const unitNames: Readonly<Record<MemoryUnit, string>> = {
  [MemoryUnit.UNSPECIFIED]: "",
  [MemoryUnit.BIT]: "bit",
  [MemoryUnit.BYTE]: "B",
  [MemoryUnit.KILOBYTE]: "KB",
  [MemoryUnit.MEGABYTE]: "MB",
  [MemoryUnit.GIGABYTE]: "GB",
  [MemoryUnit.TERABYTE]: "TB",
};

/** Formats the main attributes of a laptop, by their name. Unknown ones are empty. */
export function formatLaptop({ brand, cpu, ram, storages, screen, releaseYear }: Laptop): [string, string][] {
  const clock = cpu?.minGhz ? `${cpu.minGhz} GHz` : "";
  return [
    ["brand", brand],
    [
      "processor",
      [cpu?.brand, cpu?.name, cpu?.coreCount ? `${cpu.coreCount} cores` : "", clock].filter(Boolean).join(" "),
    ],
    ["memory", formatMemory(ram)],
    ["storage", storages.map(({ memory }) => formatMemory(memory)).join(", ")],
    ["screen", screen?.sizeInch ? `${Number(screen.sizeInch.toFixed(1))} inch` : ""],
    ["year", releaseYear ? String(releaseYear) : ""],
  ];
}

function formatMemory(memory: Memory | undefined): string {
  return memory === undefined ? "" : `${memory.value} ${unitNames[memory.unit] ?? ""}`.trim();
}
