import { createClient, type Transport } from "@connectrpc/connect";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { ProductService } from "../../../../gen/bourse/product/v1/product_service_pb.ts";
import { everyFrame } from "../../shared/notifier-schedules.ts";
import { MetadataList, ProtocolDetails } from "../../shared/protocol-details.tsx";
import { ProductDetailsDialog } from "./product-details-dialog.tsx";
import { ProductDetailsDialogModel } from "./product-details-dialog-model.ts";
import {
  addOpenProduct,
  allProducts,
  formatProductQuery,
  isSearch,
  type ProductQuery,
  parseOpenProduct,
  parseProductQuery,
  parseSearch,
} from "./product-query.ts";
import { debounceMs, ProductSearch } from "./product-search.ts";
import { ProductSearchForm } from "./product-search-form.tsx";
import { ProductSearchStatus } from "./product-search-status.tsx";
import { ProductTable } from "./product-table.tsx";
import "./catalogue.css";

/** The catalogue with a search form. Leaving the page cancels the search. */
export function CataloguePage(props: {
  transport: Transport;
  /** The query string of the page's address, which stores the query and the open product. */
  queryString: string;
  onQueryString: (queryString: string) => void;
}) {
  const { onQueryString } = props;
  const [model] = useState(() => createModel(props.transport));
  const { search, dialog } = model;
  const [query, setQuery] = useState(() => parseProductQuery(props.queryString));
  const [openProduct, setOpenProduct] = useState(() => parseOpenProduct(props.queryString));
  const request = useMemo(() => parseSearch(query), [query]);
  const state = useSyncExternalStore(search.subscribe, search.state);
  const dialogState = useSyncExternalStore(dialog.subscribe, dialog.state);

  useEffect(() => {
    const first = parseSearch(parseProductQuery(location.search));
    if (isSearch(first)) void search.search(first);
    return () => search.cancel();
  }, [search]);
  useEffect(() => {
    if (openProduct !== undefined) void dialog.open(openProduct);
    return () => dialog.close();
  }, [dialog, openProduct]);
  useEffect(() => {
    // Debounced, because browsers limit the rate of address changes.
    const address = addOpenProduct(formatProductQuery(query), openProduct);
    const timer = setTimeout(() => onQueryString(address), debounceMs);
    return () => clearTimeout(timer);
  }, [query, openProduct, onQueryString]);

  const change = (next: ProductQuery) => {
    setQuery(next);
    const nextRequest = parseSearch(next);
    if (isSearch(nextRequest)) search.searchDebounced(nextRequest);
  };
  const clear = () => change(allProducts);
  const open = useCallback((id: string) => setOpenProduct(id), []);
  return (
    <div className="catalogue">
      <title>Catalogue · Bourse</title>
      <div className="head">
        <h1>Catalogue</h1>
        <ProductSearchStatus state={state} isInvalid={!isSearch(request)} onRetry={() => void search.loadMore()} />
      </div>
      <div className="tools">
        <ProductSearchForm
          query={query}
          problems={isSearch(request) ? {} : request}
          onChange={change}
          onClear={clear}
        />
      </div>
      <ProductTable state={state} onOpen={open} onLoadMore={() => void search.loadMore()} onClear={clear} />
      <ProductDetailsDialog
        state={dialogState}
        onClose={() => setOpenProduct(undefined)}
        onRetry={(id) => void dialog.open(id)}
      />
      <ProtocolDetails>
        <MetadataList label="Headers" metadata={state.headers} missing="Not received yet" />
        <MetadataList label="Trailers" metadata={state.trailers} missing="Received after the last product" />
      </ProtocolDetails>
    </div>
  );
}

function createModel(transport: Transport) {
  const client = createClient(ProductService, transport);
  return { search: new ProductSearch(client, everyFrame), dialog: new ProductDetailsDialogModel(client, everyFrame) };
}
