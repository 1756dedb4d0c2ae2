/** What `npm start` tells Node's engine, for whoever starts the server in another way. */
export const engineFlags: readonly string[];
