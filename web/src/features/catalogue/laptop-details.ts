import { KeyboardLayout, type Laptop } from "../../../../gen/bourse/product/v1/product_pb.ts";
import { cpuText, gpuText, memoryText, screenText, storageText, weightText } from "./laptop-summary.ts";

/** Something that is told of a product. */
export interface Detail {
  readonly name: string;
  readonly text: string;
}

const layoutNames = new Map<KeyboardLayout, string>([
  [KeyboardLayout.QWERTY, "QWERTY"],
  [KeyboardLayout.QWERTZ, "QWERTZ"],
  [KeyboardLayout.AZERTY, "AZERTY"],
]);

/** All that is known of a laptop, part by part. What is not known is left out. */
export function laptopDetails(laptop: Laptop): readonly Detail[] {
  const { brand, cpu, ram, gpus, storages, screen, keyboard, releaseYear } = laptop;
  const threads = cpu && cpu.threadCount > 0 ? `, ${cpu.threadCount} threads` : "";
  const base = cpu && cpu.minGhz > 0 ? `, from ${cpu.minGhz} GHz` : "";
  const graphics = gpus.map((gpu) => withMemory(gpuText(gpu), gpu.memory && memoryText(gpu.memory)));
  const details: Detail[] = [
    { name: "Brand", text: brand },
    { name: "Processor", text: cpu === undefined ? "" : `${cpuText(cpu)}${threads}${base}`.replace(/^, /, "") },
    { name: "Memory", text: ram === undefined ? "" : memoryText(ram) },
    { name: "Graphics", text: graphics.filter(Boolean).join("; ") },
    { name: "Drives", text: storages.map(storageText).filter(Boolean).join("; ") },
    { name: "Screen", text: screen === undefined ? "" : `${screenText(screen)}${screen.multitouch ? ", touch" : ""}` },
    { name: "Keyboard", text: keyboard === undefined ? "" : keyboardText(keyboard) },
    { name: "Weight", text: weightText(laptop.weight) },
    { name: "Released", text: releaseYear > 0 ? String(releaseYear) : "" },
  ];
  return details.filter(({ text }) => text !== "");
}

function withMemory(title: string, memory: string | undefined): string {
  return memory === undefined || memory === "" ? title : `${title} (${memory})`.trim();
}

function keyboardText({ layout, backlit }: NonNullable<Laptop["keyboard"]>): string {
  return [layoutNames.get(layout), backlit ? "backlit" : ""].filter(Boolean).join(", ");
}
