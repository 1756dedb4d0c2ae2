import { testInvariantsOf } from "./invariants-of.ts";

await testInvariantsOf("docs/concepts/quotes.md");
