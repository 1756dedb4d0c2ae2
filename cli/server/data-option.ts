import { Option } from "commander";

/** `--data DIR`: the data directory of a server. */
export function dataOption(): Option {
  return new Option("--data <dir>", "the data directory").default("./data").env("BOURSE_DATA");
}
