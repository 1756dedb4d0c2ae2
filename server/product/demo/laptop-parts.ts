import type { MessageInitShape } from "@bufbuild/protobuf";
import { type CpuSchema, type GpuSchema, MemoryUnit } from "../../../gen/bourse/product/v1/product_pb.ts";

type Cpu = MessageInitShape<typeof CpuSchema>;
type Gpu = MessageInitShape<typeof GpuSchema>;

/** The processors of the demo laptops. Their makers are fictional. */
export const cpus = {
  helionE4: cpu("Helion", "E4 120", 4, 4, 1.8, 3.2),
  helionE6: cpu("Helion", "E6 240", 6, 6, 1.9, 3.6),
  helionS6: cpu("Helion", "S6 460", 6, 12, 2.2, 4.3),
  helionS8: cpu("Helion", "S8 580", 8, 16, 2.3, 4.7),
  helionX12: cpu("Helion", "X12 790", 12, 24, 2.5, 5.1),
  helionX16: cpu("Helion", "X16 990", 16, 32, 2.6, 5.4),
  orbisU5: cpu("Orbis", "U5 3100", 6, 6, 1.2, 3.8),
  orbisU7: cpu("Orbis", "U7 3300", 8, 8, 1.4, 4.2),
  orbisU9: cpu("Orbis", "U9 3500", 10, 10, 1.5, 4.5),
  orbisP7: cpu("Orbis", "P7 5200", 12, 20, 2.1, 4.9),
  orbisP9: cpu("Orbis", "P9 5400", 14, 24, 2.3, 5.2),
  tarnA1: cpu("Tarn", "A1", 8, 8, 1, 3.4),
  tarnA2: cpu("Tarn", "A2 Plus", 10, 10, 1.1, 3.9),
  tarnA2Max: cpu("Tarn", "A2 Max", 16, 16, 1.3, 4.1),
} satisfies Record<string, Cpu>;

/** The dedicated graphics processors of the demo laptops. */
export const gpus = {
  facet20: gpu("Facet", "Mobile 20", 1.1, 1.7, 4),
  facet40: gpu("Facet", "Mobile 40", 1.2, 2, 6),
  facet60: gpu("Facet", "Mobile 60", 1.3, 2.2, 8),
  facet80: gpu("Facet", "Mobile 80", 1.4, 2.4, 12),
  facet90: gpu("Facet", "Mobile 90", 1.4, 2.5, 16),
  prismW4: gpu("Prism", "W4 Studio", 1, 1.9, 8),
  prismW6: gpu("Prism", "W6 Studio", 1.1, 2.1, 16),
} satisfies Record<string, Gpu>;

/** A key of {@link cpus}. */
export type CpuName = keyof typeof cpus;

/** A key of {@link gpus}. */
export type GpuName = keyof typeof gpus;

/** A laptop model with one or more configurations. */
export interface LaptopModel {
  readonly brand: string;
  readonly name: string;
  /** The description that all configurations share, one or two sentences. */
  readonly about: string;
  readonly year: number;
  readonly screen: {
    readonly inch: number;
    readonly width: number;
    readonly height: number;
    readonly panel: "IPS" | "OLED";
    readonly touch?: true;
  };
  readonly weight: { readonly kg: number } | { readonly lb: number };
  readonly keyboard: { readonly layout: "QWERTY" | "QWERTZ" | "AZERTY"; readonly backlit: boolean };
  readonly configurations: readonly LaptopConfiguration[];
}

/** A configuration of a laptop model. */
export interface LaptopConfiguration {
  readonly cpu: CpuName;
  readonly ramGb: number;
  readonly gpu?: GpuName;
  readonly ssdGb: number;
  /** The size of a second drive, a hard disk. */
  readonly hddGb?: number;
  /** In whole US dollars. */
  readonly price: number;
}

function cpu(brand: string, name: string, coreCount: number, threadCount: number, minGhz: number, maxGhz: number): Cpu {
  return { brand, name, coreCount, threadCount, minGhz, maxGhz };
}

function gpu(brand: string, name: string, minGhz: number, maxGhz: number, memoryGb: number): Gpu {
  return { brand, name, minGhz, maxGhz, memory: { value: BigInt(memoryGb), unit: MemoryUnit.GIGABYTE } };
}
