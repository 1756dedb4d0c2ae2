import { useEffect, useId, useState, useSyncExternalStore } from "react";
import type { ProductNames } from "./product-names.ts";

/** An input that selects the product that new uploads belong to. The names are loaded when it gets the focus. */
export function ProductPicker(props: {
  products: ProductNames;
  productId: string;
  onSelect: (productId: string) => void;
}) {
  const { products, productId, onSelect } = props;
  const names = useSyncExternalStore(products.subscribe, products.names);
  const [text, setText] = useState<string>();
  const id = useId();
  useEffect(() => {
    if (productId !== "") void products.loadOne(productId);
  }, [products, productId]);
  const shown = text ?? (productId === "" ? "" : (names.get(productId) ?? productId));
  const isUnknown = text !== undefined && text.trim() !== "" && productId === "";
  return (
    <div className="search">
      <label htmlFor={id}>Product</label>
      <input
        id={id}
        list={`${id}-names`}
        value={shown}
        placeholder="None"
        autoComplete="off"
        spellCheck={false}
        aria-invalid={isUnknown}
        aria-describedby={`${id}-problem`}
        onFocus={() => void products.load()}
        onChange={({ target }) => {
          setText(target.value);
          onSelect(findId(names, target.value));
        }}
      />
      <datalist id={`${id}-names`}>
        {suggestProducts(names, shown).map(([productId, name]) => (
          <option key={productId} value={name}>
            {productId}
          </option>
        ))}
      </datalist>
      <p className="problem" id={`${id}-problem`} aria-live="polite">
        {isUnknown && "No product has this name. Files will be uploaded without a product."}
      </p>
    </div>
  );
}

/** The maximum number of suggestions in the list. */
const maxSuggestions = 50;

function suggestProducts(names: ReadonlyMap<string, string>, text: string): readonly [string, string][] {
  const wanted = text.trim().toLowerCase();
  return [...names].filter(([, name]) => name.toLowerCase().includes(wanted)).slice(0, maxSuggestions);
}

function findId(names: ReadonlyMap<string, string>, text: string): string {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return "";
  return [...names].find(([id, name]) => name.toLowerCase() === wanted || id === wanted)?.[0] ?? "";
}
