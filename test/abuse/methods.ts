/** The methods that attacks call. */
export const methods = {
  createProduct: "/bourse.product.v1.ProductService/CreateProduct",
  getProduct: "/bourse.product.v1.ProductService/GetProduct",
  listUploads: "/bourse.upload.v1.UploadService/ListUploads",
  listProducts: "/bourse.product.v1.ProductService/ListProducts",
  listInstruments: "/bourse.quote.v1.QuoteService/ListInstruments",
  upload: "/bourse.upload.v1.UploadService/Upload",
  uploadChunk: "/bourse.upload.v1.UploadService/UploadChunk",
  watchQuotes: "/bourse.quote.v1.QuoteService/WatchQuotes",
} as const;
