import { type BourseCommand, commandGroup } from "../shared/bourse-command.ts";
import { createProductCommand } from "./create-product-command.ts";
import { deleteProductsCommand } from "./delete-products-command.ts";
import { getProductCommand } from "./get-product-command.ts";
import { importProductsCommand } from "./import-products-command.ts";
import { listProductsCommand } from "./list-products-command.ts";
import { searchProductsCommand } from "./search-products-command.ts";
import { updateProductCommand } from "./update-product-command.ts";

/** `bourse products`. */
export function productsCommand(): BourseCommand {
  return commandGroup("products", "Reads and changes the catalogue.", [
    listProductsCommand(),
    getProductCommand(),
    searchProductsCommand(),
    importProductsCommand(),
    createProductCommand(),
    updateProductCommand(),
    deleteProductsCommand(),
  ]);
}
