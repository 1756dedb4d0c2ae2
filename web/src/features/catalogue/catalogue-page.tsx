import { createClient, type Transport } from "@connectrpc/connect";
import { useDeferredValue, useEffect, useId, useMemo, useState, useSyncExternalStore } from "react";
import { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { MetadataList } from "../../shared/metadata-list.tsx";
import { eachFrame } from "../../shared/schedules.ts";
import { CatalogueLoad } from "./catalogue-load.ts";
import { CatalogueProgress } from "./catalogue-progress.tsx";
import { filterProducts } from "./filter-products.ts";
import { ProductTable } from "./product-table.tsx";
import "./catalogue.css";

/** The catalogue as it streams in. Leaving the page cancels the call. */
export function CataloguePage({ transport }: { transport: Transport }) {
  const [load] = useState(() => new CatalogueLoad(createClient(ProductService, transport), eachFrame));
  useEffect(() => {
    load.start();
    return () => load.cancel();
  }, [load]);
  const state = useSyncExternalStore(load.subscribe, load.state);
  const [text, setText] = useState("");
  const deferredText = useDeferredValue(text);
  const matches = useMemo(() => filterProducts(state.products, deferredText), [state.products, deferredText]);
  const id = useId();
  return (
    <div className="catalogue">
      <title>Catalogue · Bourse</title>
      <div className="head">
        <h1>Catalogue</h1>
        <CatalogueProgress state={state} onRetry={() => load.start()} />
      </div>
      <div className="tools">
        <div className="search">
          <label htmlFor={id}>Filter</label>
          <input
            id={id}
            type="search"
            value={text}
            placeholder="Name, brand, part…"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <p className="quiet" role="status">
          {text.trim() !== "" && `${matches.length} of ${state.products.length} match`}
        </p>
      </div>
      <ProductTable products={matches} isComplete={state.kind === "complete"} />
      <aside className="wire" aria-labelledby="wire-title">
        <h2 id="wire-title">Wire</h2>
        <MetadataList label="Headers" metadata={state.headers} absent="None have come yet." />
        <MetadataList
          label="Trailers"
          metadata={"trailers" in state ? state.trailers : undefined}
          absent={
            state.kind === "cut" ? "None came: the stream was ended from here." : "They come after the last product."
          }
        />
      </aside>
    </div>
  );
}
