import { testInvariantsOf } from "./invariants-of.ts";

await testInvariantsOf("docs/quotes.md");
