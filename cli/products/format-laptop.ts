import type { DescEnum } from "@bufbuild/protobuf";
import {
  type Cpu,
  type Keyboard,
  KeyboardLayoutSchema,
  type Laptop,
  type Memory,
  MemoryUnit,
  PanelSchema,
  type Screen,
} from "../../gen/bourse/product/v1/product_pb.ts";

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

/** Formats the attributes of a laptop, by their name. Unknown ones are empty. */
export function formatLaptop(laptop: Laptop): [string, string][] {
  const { brand, cpu, ram, gpus, storages, screen, keyboard, weight, releaseYear } = laptop;
  return [
    ["brand", brand],
    [
      "processor",
      [
        cpu?.brand,
        cpu?.name,
        cpu?.coreCount ? `${cpu.coreCount} cores` : "",
        cpu?.threadCount ? `${cpu.threadCount} threads` : "",
        formatClock(cpu),
      ]
        .filter(Boolean)
        .join(" "),
    ],
    ["memory", formatMemory(ram)],
    ["storage", storages.map(({ memory }) => formatMemory(memory)).join(", ")],
    ...gpus.map((gpu): [string, string] => [
      "graphics",
      [gpu.brand, gpu.name, formatClock(gpu), formatMemory(gpu.memory)].filter(Boolean).join(" "),
    ]),
    ["screen", screen === undefined ? "" : formatScreen(screen)],
    ["keyboard", keyboard === undefined ? "" : formatKeyboard(keyboard)],
    ["weight", weight.case === undefined ? "" : `${weight.value} ${weight.case === "weightKg" ? "kg" : "lb"}`],
    ["year", releaseYear ? String(releaseYear) : ""],
  ];
}

function formatClock(chip: Pick<Cpu, "minGhz" | "maxGhz"> | undefined): string {
  const clocks = [chip?.minGhz, chip?.maxGhz].filter((clock) => clock !== undefined && clock > 0);
  return clocks.length === 0 ? "" : `${clocks.join(" to ")} GHz`;
}

function formatScreen({ sizeInch, resolution, panel, multitouch }: Screen): string {
  const parts = [
    sizeInch > 0 ? `${Number(sizeInch.toFixed(1))} inch` : "",
    resolution ? `${resolution.width} x ${resolution.height}` : "",
    nameOf(PanelSchema, panel),
    multitouch ? "multitouch" : "",
  ];
  return parts.filter(Boolean).join(", ");
}

function formatKeyboard({ layout, backlit }: Keyboard): string {
  return [nameOf(KeyboardLayoutSchema, layout), backlit ? "backlit" : ""].filter(Boolean).join(", ");
}

/** Returns the name of a value without the prefix of its enum; empty if it is unspecified. */
function nameOf({ value, sharedPrefix = "" }: DescEnum, number: number): string {
  return number === 0 ? "" : (value[number]?.name.slice(sharedPrefix.length) ?? "");
}

function formatMemory(memory: Memory | undefined): string {
  return memory === undefined ? "" : `${memory.value} ${unitNames[memory.unit] ?? ""}`.trim();
}
