import type { CpuName, GpuName } from "./laptop-parts.ts";

/** A laptop as its maker offers it, in one or more configurations. */
export interface LaptopModel {
  readonly brand: string;
  readonly name: string;
  /** What all of its configurations have in common, in a sentence or two. */
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

/** What differs between the configurations of a model. */
export interface LaptopConfiguration {
  readonly cpu: CpuName;
  readonly ramGb: number;
  readonly gpu?: GpuName;
  readonly ssdGb: number;
  /** A second drive, of turning discs. */
  readonly hddGb?: number;
  /** In whole US dollars. */
  readonly price: number;
}
