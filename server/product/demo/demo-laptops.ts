import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  KeyboardLayout,
  MemoryUnit,
  Panel,
  type ProductSchema,
  StorageDriver,
} from "../../../gen/bourse/product/v1/product_pb.ts";
import { laptopModels } from "./laptop-models.ts";
import { cpus, gpus, type LaptopConfiguration, type LaptopModel } from "./laptop-parts.ts";

/** Returns the laptops of the demo catalogue: one product for each configuration of each model. */
export function demoLaptops(): MessageInitShape<typeof ProductSchema>[] {
  return laptopModels.flatMap((model) =>
    model.configurations.map((configuration) => createLaptop(model, configuration)),
  );
}

function createLaptop(model: LaptopModel, configuration: LaptopConfiguration): MessageInitShape<typeof ProductSchema> {
  const { gpu, ramGb, ssdGb, hddGb } = configuration;
  const cpu = cpus[configuration.cpu];
  const { inch, width, height, panel, touch = false } = model.screen;
  const drives = [
    { driver: StorageDriver.SSD, memory: memory(ssdGb) },
    ...(hddGb === undefined ? [] : [{ driver: StorageDriver.HDD, memory: memory(hddGb) }]),
  ];
  return {
    name: formatName(model, configuration),
    description: `${model.about} ${formatSummary(configuration)}`,
    price: { currencyCode: "USD", units: BigInt(configuration.price) },
    attributes: {
      case: "laptop",
      value: {
        brand: model.brand,
        cpu,
        ram: memory(ramGb),
        gpus: gpu === undefined ? [] : [gpus[gpu]],
        storages: drives,
        screen: { sizeInch: inch, resolution: { width, height }, panel: Panel[panel], multitouch: touch },
        keyboard: { layout: KeyboardLayout[model.keyboard.layout], backlit: model.keyboard.backlit },
        weight: "kg" in model.weight ? weight("weightKg", model.weight.kg) : weight("weightLb", model.weight.lb),
        releaseYear: model.year,
      },
    },
  };
}

function formatName(model: LaptopModel, { cpu, ramGb, ssdGb, hddGb, gpu }: LaptopConfiguration): string {
  const drives = hddGb === undefined ? formatSize(ssdGb) : `${formatSize(ssdGb)} + ${formatSize(hddGb)}`;
  const parts = [cpus[cpu].name, `${ramGb} GB`, drives, ...(gpu === undefined ? [] : [gpus[gpu].name])];
  return `${model.name} (${parts.join(", ")})`;
}

function formatSummary({ cpu, ramGb, gpu, ssdGb, hddGb }: LaptopConfiguration): string {
  const { brand, name, coreCount } = cpus[cpu];
  const graphics = gpu === undefined ? "" : `, ${gpus[gpu].brand} ${gpus[gpu].name} graphics`;
  const discs = hddGb === undefined ? "" : ` and a disc of ${formatSize(hddGb)}`;
  return `With a ${brand} ${name} of ${coreCount} cores${graphics}, ${ramGb} GB of memory, ${formatSize(ssdGb)} of flash${discs}.`;
}

function formatSize(gb: number): string {
  return gb < 1024 ? `${gb} GB` : `${gb / 1024} TB`;
}

function memory(gb: number) {
  return gb < 1024
    ? { value: BigInt(gb), unit: MemoryUnit.GIGABYTE }
    : { value: BigInt(gb / 1024), unit: MemoryUnit.TERABYTE };
}

function weight<Unit extends "weightKg" | "weightLb">(unit: Unit, value: number) {
  return { case: unit, value };
}
