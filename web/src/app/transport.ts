import { createConnectTransport } from "@connectrpc/connect-web";

/** Calls go to where the page came from. */
export const transport = createConnectTransport({ baseUrl: location.origin, useBinaryFormat: true });
