import {
  type Cpu,
  type Gpu,
  KeyboardLayout,
  type Laptop,
  type Memory,
  MemoryUnit,
  Panel,
  type Product,
  type Screen,
  type Storage,
  StorageDriver,
} from "../../../../gen/bourse/product/v1/product_pb.ts";

/** Formats the kind of a product. */
export function formatKind(product: Product): string {
  switch (product.attributes.case) {
    case "laptop":
      return "Laptop";
    case undefined:
      return "Other";
  }
}

/** Formats a one-line summary of a product. */
export function formatSummary(product: Product): string {
  switch (product.attributes.case) {
    case "laptop":
      return formatLaptop(product.attributes.value);
    case undefined:
      return product.description;
  }
}

/** An attribute of a product. */
export interface Attribute {
  readonly name: string;
  readonly text: string;
}

/** Lists the attributes of a laptop. Unknown ones are left out. */
export function listLaptopAttributes(laptop: Laptop): readonly Attribute[] {
  const { brand, cpu, ram, gpus, storages, screen, keyboard, releaseYear } = laptop;
  const threads = cpu && cpu.threadCount > 0 ? `, ${cpu.threadCount} threads` : "";
  const baseClock = cpu && cpu.minGhz > 0 ? `, base ${cpu.minGhz} GHz` : "";
  const graphics = gpus.map((gpu) => appendMemory(formatGpu(gpu), gpu.memory && formatMemory(gpu.memory)));
  const attributes: Attribute[] = [
    { name: "Brand", text: brand },
    { name: "Processor", text: cpu === undefined ? "" : `${formatCpu(cpu)}${threads}${baseClock}`.replace(/^, /, "") },
    { name: "Memory", text: ram === undefined ? "" : formatMemory(ram) },
    { name: "Graphics", text: graphics.filter(Boolean).join("; ") },
    { name: "Storage", text: storages.map(formatStorage).filter(Boolean).join("; ") },
    {
      name: "Screen",
      text: screen === undefined ? "" : `${formatScreen(screen)}${screen.multitouch ? ", touch" : ""}`,
    },
    { name: "Keyboard", text: keyboard === undefined ? "" : formatKeyboard(keyboard) },
    { name: "Weight", text: formatWeight(laptop.weight) },
    { name: "Release year", text: releaseYear > 0 ? String(releaseYear) : "" },
  ];
  return attributes.filter(({ text }) => text !== "");
}

/** Formats a one-line summary of a laptop. Unknown attributes are left out. */
export function formatLaptop(laptop: Laptop): string {
  const { cpu, ram, gpus, storages, screen, releaseYear } = laptop;
  const parts = [
    cpu && formatCpu(cpu),
    ram && formatMemory(ram),
    ...storages.map(formatStorage),
    ...gpus.map(formatGpu),
    screen && formatScreen(screen),
    formatWeight(laptop.weight),
    releaseYear > 0 ? String(releaseYear) : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

/** As in `Intel Core i7 (8 cores, 4.7 GHz)`. */
function formatCpu({ brand, name, coreCount, maxGhz }: Cpu): string {
  const clock = maxGhz > 0 ? `${round(maxGhz)} GHz` : "";
  const cores = coreCount > 0 ? `${coreCount} cores` : "";
  const details = [cores, clock].filter(Boolean).join(", ");
  const title = [brand, name].filter(Boolean).join(" ");
  return title !== "" && details !== "" ? `${title} (${details})` : title + details;
}

const memoryUnitNames = new Map<MemoryUnit, string>([
  [MemoryUnit.BIT, "bit"],
  [MemoryUnit.BYTE, "B"],
  [MemoryUnit.KILOBYTE, "KB"],
  [MemoryUnit.MEGABYTE, "MB"],
  [MemoryUnit.GIGABYTE, "GB"],
  [MemoryUnit.TERABYTE, "TB"],
]);

/** As in `32 GB`; empty if it is unknown. */
function formatMemory({ value, unit }: Memory): string {
  const name = memoryUnitNames.get(unit);
  return value === 0n || name === undefined ? "" : `${value} ${name}`;
}

function appendMemory(title: string, memory: string | undefined): string {
  return memory === undefined || memory === "" ? title : `${title} (${memory})`.trim();
}

const driverNames = new Map<StorageDriver, string>([
  [StorageDriver.HDD, "HDD"],
  [StorageDriver.SSD, "SSD"],
]);

/** As in `1 TB SSD`. */
function formatStorage({ driver, memory }: Storage): string {
  return [memory && formatMemory(memory), driverNames.get(driver)].filter(Boolean).join(" ");
}

/** As in `NVIDIA RTX 4060`. */
function formatGpu({ brand, name }: Gpu): string {
  return [brand, name].filter(Boolean).join(" ");
}

const panelNames = new Map<Panel, string>([
  [Panel.IPS, "IPS"],
  [Panel.OLED, "OLED"],
]);

/** As in `15.6″ 2560×1440 IPS`. */
function formatScreen({ sizeInch, resolution, panel }: Screen): string {
  const size = sizeInch > 0 ? `${round(sizeInch)}″` : "";
  const pixels = resolution === undefined ? "" : `${resolution.width}×${resolution.height}`;
  return [size, pixels, panelNames.get(panel)].filter(Boolean).join(" ");
}

const layoutNames = new Map<KeyboardLayout, string>([
  [KeyboardLayout.QWERTY, "QWERTY"],
  [KeyboardLayout.QWERTZ, "QWERTZ"],
  [KeyboardLayout.AZERTY, "AZERTY"],
]);

function formatKeyboard({ layout, backlit }: NonNullable<Laptop["keyboard"]>): string {
  return [layoutNames.get(layout), backlit ? "backlit" : ""].filter(Boolean).join(", ");
}

/** As in `1.85 kg`, in the stored unit; empty if it is unknown. */
function formatWeight(weight: Laptop["weight"]): string {
  switch (weight.case) {
    case "weightKg":
      return weight.value > 0 ? `${round(weight.value)} kg` : "";
    case "weightLb":
      return weight.value > 0 ? `${round(weight.value)} lb` : "";
    case undefined:
      return "";
  }
}

/** Rounds to two decimals: a float32 such as 15.6 has more as a number. */
function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
