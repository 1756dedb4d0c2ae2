/** The output that a command of the README or of a guide must print. */
export interface Expectation {
  /** The start of the command. */
  readonly command: string;
  readonly output: RegExp;
  /** The test that executes it. `npm test` runs those tests, so no test executes it. */
  readonly runBy: "readme" | "grpcurl" | "nobody";
}

const quotesOfAcme = /"symbol": ?"ACME".*"bid": ?[\d.]+.*QUOTE_PHASE_LIVE/s;

/** All commands of the README and of the guides. A test checks that none is missing. */
export const expectations: readonly Expectation[] = [
  { command: "npm start", output: /http:\/\/127\.0\.0\.1:\d+/, runBy: "readme" },
  { command: "npm test", output: /./, runBy: "nobody" },
  {
    command: 'grpcurl -plaintext -v -d \'{"symbols": ["ACME"]}\'',
    output: new RegExp(`Response headers received:\nbourse-stream-id: \\S+.*${quotesOfAcme.source}`, "s"),
    runBy: "grpcurl",
  },
  {
    command: "grpcurl -plaintext -v 127.0.0.1:8080 bourse.product",
    output:
      /bourse-total-count: (\d+)\n.*Response trailers received:\nbourse-sent-count: \1\nbourse-sha256: [0-9a-f]{64}\n/s,
    runBy: "grpcurl",
  },
  {
    command: 'npx buf curl --http2-prior-knowledge --protocol grpc -d \'{"symbol": "TEST"',
    output: /"candles": ?\[.*"close": ?1[0-3]\d.*"quoteCount": ?"1"/s,
    runBy: "readme",
  },
  { command: "npx buf curl", output: quotesOfAcme, runBy: "readme" },
  { command: "curl", output: /\{"instruments":\[\{"symbol":"ACME"/, runBy: "readme" },
  { command: "printf", output: quotesOfAcme, runBy: "readme" },
  {
    command: "npm run bourse -- watch",
    output: /^stream \S+\nsnapshot +ACME .*\nlive +ACME +bid +[\d.]+ /m,
    runBy: "readme",
  },
  {
    // The server of the tests has no instrument GOLD.
    command: "npm run bourse -- publish",
    output: /quote 1 \(GOLD\): no instrument has the symbol "GOLD".*\n0 quotes accepted, 300 rejected/s,
    runBy: "readme",
  },
  {
    command: "npm run bourse -- call --list bourse",
    output: /QuoteService\/StreamQuotes +bidirectional streaming/,
    runBy: "readme",
  },
  { command: "npm run bourse -- call --list", output: /^bourse\.order\.v1\.OrderService$/m, runBy: "readme" },
  {
    command: "npm run bourse -- call --describe",
    output: /^rpc GetQuote\(bourse\.quote\.v1\.GetQuoteRequest\) returns .*string symbol = 1;/ms,
    runBy: "readme",
  },
  {
    command: "npm run bourse -- call bourse.quote.v1.QuoteService/ListCandles --template",
    output: /"interval": "CANDLE_INTERVAL_\w+",\s+"start_time": "2026-/,
    runBy: "readme",
  },
  {
    command: "npm run bourse -- call bourse.quote.v1.QuoteService/GetQuote",
    output: /\{"quote":\{"symbol":"ACME","bid":[\d.]+/,
    runBy: "readme",
  },
  {
    command: "npm run bourse -- call bourse.product.v1.ProductService/ListProducts",
    output: /\{"product":\{"id":/,
    runBy: "readme",
  },
  {
    command: "npm run bourse -- call bourse.quote.v1.QuoteService/PublishQuotes",
    output: /\{"rejected":"1","rejections":\[/,
    runBy: "readme",
  },
  { command: 'echo \'{"start"', output: /"command_result":\{.*"pong"/s, runBy: "readme" },
  { command: "npx buf build proto", output: /^bourse\.quote\.v1\.QuoteService$/m, runBy: "readme" },
  {
    command: "npm run bourse -- products search",
    output: /^[0-9a-f-]{36} +1\.0 +\d+\.\d\d USD {2}Kestrel Air .*\n\d+ products\n/ms,
    runBy: "readme",
  },
  {
    command: "npm run bourse -- orders import",
    output: /online-retail\.csv: 81 orders added, 0 already stored, 0 lines rejected; 3893\.62 GBP/,
    runBy: "readme",
  },
  {
    command: "npm run bourse -- orders export",
    output: /^536370,POST,POSTAGE,3,2010-12-01T08:45:00Z,18,GBP,12583,France$.*verified; digest/ms,
    runBy: "readme",
  },
  {
    command: "npm run bourse -- upload",
    output: /^docs\/dashboard\.png +[0-9a-f-]{36} +\d+ bytes +image\/png +sha256 [0-9a-f]{64}$/m,
    runBy: "readme",
  },
  {
    command: "npm run bourse -- products list",
    output: /^(\d+) products\n.*\ncount \1, verified\ndigest \S+, verified\n/ms,
    runBy: "readme",
  },
];

/** The expectation for a command. Throws if there is none. */
export function expectationOf(command: string): Expectation {
  const found = expectations.find((expectation) => command.startsWith(expectation.command));
  if (found === undefined) throw new Error(`no test executes the documented command: ${command}`);
  return found;
}
