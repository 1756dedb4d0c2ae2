import type { Cpu, Gpu, Laptop, Memory, Screen, Storage } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { MemoryUnit, Panel, StorageDriver } from "../../../../gen/bourse/product/v1/product_pb.ts";

const unitNames = new Map<MemoryUnit, string>([
  [MemoryUnit.BIT, "bit"],
  [MemoryUnit.BYTE, "B"],
  [MemoryUnit.KILOBYTE, "KB"],
  [MemoryUnit.MEGABYTE, "MB"],
  [MemoryUnit.GIGABYTE, "GB"],
  [MemoryUnit.TERABYTE, "TB"],
]);

const driverNames = new Map<StorageDriver, string>([
  [StorageDriver.HDD, "HDD"],
  [StorageDriver.SSD, "SSD"],
]);

const panelNames = new Map<Panel, string>([
  [Panel.IPS, "IPS"],
  [Panel.OLED, "OLED"],
]);

/** Says in a line what a laptop has. What is not known is left out; empty where nothing is. */
export function laptopSummary(laptop: Laptop): string {
  const { cpu, ram, gpus, storages, screen, releaseYear } = laptop;
  const parts = [
    cpu && cpuText(cpu),
    ram && memoryText(ram),
    ...storages.map(storageText),
    ...gpus.map(gpuText),
    screen && screenText(screen),
    weightText(laptop.weight),
    releaseYear > 0 ? String(releaseYear) : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

/** As in `Intel Core i7 (8 cores, 4.7 GHz)`. */
export function cpuText({ brand, name, coreCount, maxGhz }: Cpu): string {
  const speed = maxGhz > 0 ? `${tidy(maxGhz)} GHz` : "";
  const cores = coreCount > 0 ? `${coreCount} cores` : "";
  const detail = [cores, speed].filter(Boolean).join(", ");
  const title = [brand, name].filter(Boolean).join(" ");
  return title !== "" && detail !== "" ? `${title} (${detail})` : title + detail;
}

/** As in `32 GB`; empty where it is not known. */
export function memoryText({ value, unit }: Memory): string {
  const name = unitNames.get(unit);
  return value === 0n || name === undefined ? "" : `${value} ${name}`;
}

/** As in `1 TB SSD`. */
export function storageText({ driver, memory }: Storage): string {
  const name = driverNames.get(driver);
  return [memory && memoryText(memory), name].filter(Boolean).join(" ");
}

/** As in `NVIDIA RTX 4060`. */
export function gpuText({ brand, name }: Gpu): string {
  return [brand, name].filter(Boolean).join(" ");
}

/** As in `15.6″ 2560×1440 IPS`. */
export function screenText({ sizeInch, resolution, panel }: Screen): string {
  const size = sizeInch > 0 ? `${tidy(sizeInch)}″` : "";
  const pixels = resolution === undefined ? "" : `${resolution.width}×${resolution.height}`;
  const name = panelNames.get(panel);
  return [size, pixels, name].filter(Boolean).join(" ");
}

/** As in `1.85 kg`, in the unit in which it was given; empty where it is not known. */
export function weightText(weight: Laptop["weight"]): string {
  switch (weight.case) {
    case "weightKg":
      return weight.value > 0 ? `${tidy(weight.value)} kg` : "";
    case "weightLb":
      return weight.value > 0 ? `${tidy(weight.value)} lb` : "";
    case undefined:
      return "";
  }
}

// Two decimals at most: a float32 such as 15.6 has more.
function tidy(value: number): string {
  return String(Math.round(value * 100) / 100);
}
