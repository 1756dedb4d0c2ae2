/** How numbers and times are written: as the page's language, which is English, has them. */
export const locale = "en";
