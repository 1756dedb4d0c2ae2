/** The methods that attacks call. */
export const methods = {
  getProduct: "/bourse.product.v1.ProductService/GetProduct",
  listProducts: "/bourse.product.v1.ProductService/ListProducts",
  watchQuotes: "/bourse.quote.v1.QuoteService/WatchQuotes",
} as const;
