/** The methods that attacks call. */
export const methods = {
  getProduct: "/bourse.product.v1.ProductService/GetProduct",
  listProducts: "/bourse.product.v1.ProductService/ListProducts",
  listInstruments: "/bourse.quote.v1.QuoteService/ListInstruments",
  uploadChunk: "/bourse.upload.v1.UploadService/UploadChunk",
  watchQuotes: "/bourse.quote.v1.QuoteService/WatchQuotes",
} as const;
