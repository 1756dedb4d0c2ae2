import { useEffect, useId, useState, useSyncExternalStore } from "react";
import type { ProductNames } from "./product-names.ts";

/** A box to choose the product that files belong to. The names are asked for when it is used. */
export function ProductChoice(props: {
  products: ProductNames;
  productId: string;
  onChoose: (productId: string) => void;
}) {
  const { products, productId, onChoose } = props;
  const names = useSyncExternalStore(products.subscribe, products.names);
  const [text, setText] = useState<string>();
  const id = useId();
  useEffect(() => {
    if (productId !== "") void products.find(productId);
  }, [products, productId]);
  const shown = text ?? (productId === "" ? "" : (names.get(productId) ?? productId));
  const isUnknown = text !== undefined && text.trim() !== "" && productId === "";
  return (
    <div className="search">
      <label htmlFor={id}>For product</label>
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
          onChoose(idOf(names, target.value));
        }}
      />
      <datalist id={`${id}-names`}>
        {suggestions(names, shown).map(([productId, name]) => (
          <option key={productId} value={name}>
            {productId}
          </option>
        ))}
      </datalist>
      <p className="problem" id={`${id}-problem`} aria-live="polite">
        {isUnknown && "No product has this name: files will belong to none."}
      </p>
    </div>
  );
}

/** A list that is longer cannot be looked through. */
const maxSuggestions = 50;

function suggestions(names: ReadonlyMap<string, string>, text: string): readonly [string, string][] {
  const wanted = text.trim().toLowerCase();
  return [...names].filter(([, name]) => name.toLowerCase().includes(wanted)).slice(0, maxSuggestions);
}

function idOf(names: ReadonlyMap<string, string>, text: string): string {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return "";
  return [...names].find(([id, name]) => name.toLowerCase() === wanted || id === wanted)?.[0] ?? "";
}
