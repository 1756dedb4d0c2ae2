/** The names of the headers and trailers that the dashboard reads. */
export const headerNames = {
  /** Header: the number of all items of an answer, in decimal. It comes before the first item. */
  totalCount: "bourse-total-count",
} as const;
