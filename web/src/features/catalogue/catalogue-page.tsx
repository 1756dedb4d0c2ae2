import { createClient, type Transport } from "@connectrpc/connect";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { MetadataList } from "../../shared/metadata-list.tsx";
import { eachFrame } from "../../shared/schedules.ts";
import { ProductDetails } from "./product-details.ts";
import { ProductDialog } from "./product-dialog.tsx";
import {
  allProducts,
  formatProductQuery,
  isSearch,
  openProductIn,
  type ProductQuery,
  parseProductQuery,
  searchOf,
  withOpenProduct,
} from "./product-query.ts";
import { ProductSearch, pauseMs } from "./product-search.ts";
import { ProductTable } from "./product-table.tsx";
import { SearchForm } from "./search-form.tsx";
import { SearchStatus } from "./search-status.tsx";
import "./catalogue.css";

/** The catalogue, searched as one types. Leaving the page cancels the search. */
export function CataloguePage(props: {
  transport: Transport;
  /** The search part of the page's address, which keeps the query and the product that is open. */
  search: string;
  onSearch: (search: string) => void;
}) {
  const { onSearch } = props;
  const [session] = useState(() => sessionOf(props.transport));
  const { search, details } = session;
  const [query, setQuery] = useState(() => parseProductQuery(props.search));
  const [openProduct, setOpenProduct] = useState(() => openProductIn(props.search));
  const wanted = useMemo(() => searchOf(query), [query]);
  const state = useSyncExternalStore(search.subscribe, search.state);
  const detailsState = useSyncExternalStore(details.subscribe, details.state);

  useEffect(() => {
    const first = searchOf(parseProductQuery(location.search));
    if (isSearch(first)) void search.search(first);
    return () => search.cancel();
  }, [search]);
  useEffect(() => {
    if (openProduct !== undefined) void details.open(openProduct);
    return () => details.close();
  }, [details, openProduct]);
  useEffect(() => {
    // Not at every letter: browsers refuse an address that changes too often.
    const address = withOpenProduct(formatProductQuery(query), openProduct);
    const timer = setTimeout(() => onSearch(address), pauseMs);
    return () => clearTimeout(timer);
  }, [query, openProduct, onSearch]);

  const change = (next: ProductQuery) => {
    setQuery(next);
    const request = searchOf(next);
    if (isSearch(request)) search.ask(request);
  };
  const clear = () => change(allProducts);
  const open = useCallback((id: string) => setOpenProduct(id), []);
  return (
    <div className="catalogue">
      <title>Catalogue · Bourse</title>
      <div className="head">
        <h1>Catalogue</h1>
        <SearchStatus state={state} isWrong={!isSearch(wanted)} onRetry={() => void search.more()} />
      </div>
      <div className="tools">
        <SearchForm query={query} problems={isSearch(wanted) ? {} : wanted} onChange={change} onClear={clear} />
      </div>
      <ProductTable state={state} onOpen={open} onMore={() => void search.more()} onClear={clear} />
      <ProductDialog
        state={detailsState}
        onClose={() => setOpenProduct(undefined)}
        onRetry={(id) => void details.open(id)}
      />
      <aside className="wire" aria-labelledby="wire-title">
        <h2 id="wire-title">Wire</h2>
        <MetadataList label="Headers" metadata={state.headers} absent="None have come yet." />
        <MetadataList label="Trailers" metadata={state.trailers} absent="They come after the last product." />
      </aside>
    </div>
  );
}

function sessionOf(transport: Transport) {
  const client = createClient(ProductService, transport);
  return { search: new ProductSearch(client, eachFrame), details: new ProductDetails(client, eachFrame) };
}
