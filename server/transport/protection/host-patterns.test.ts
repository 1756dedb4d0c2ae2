import { expect, test } from "vitest";
import { isHostPattern, isOriginPattern, matchHosts, matchOrigins } from "./host-patterns.ts";

test.each([
  [["bourse.example"], "bourse.example", true],
  [["Bourse.Example"], "BOURSE.example", true],
  [["bourse.example"], "bourse.example.", true],
  [["bourse.example"], "a.bourse.example", false],
  [["*.example"], "bourse.example", true],
  [["*.example"], "a.b.example", true],
  [["*.example"], "example", false],
  [["*.example"], ".example", false],
  [["*.example"], "myexample", false],
  [["*.example"], "bourse.example.evil", false],
  [["*"], "anything", true],
  [[], "bourse.example", false],
])("of %j, the host name %s is one: %s", (patterns, hostname, expected) => {
  expect(matchHosts(patterns)(hostname)).toBe(expected);
});

test.each([
  [["https://page.example"], "https://page.example", true],
  [["https://page.example"], "http://page.example", false],
  [["https://page.example"], "https://page.example:8443", false],
  [["https://*.example"], "https://page.example", true],
  [["https://*.example"], "http://page.example", false],
  [["https://*.example"], "https://page.example:8443", false],
  [["https://*.example:8443"], "https://page.example:8443", true],
  [["https://*.example"], "https://example", false],
  [["https://*.example"], "https://myexample", false],
  [["*.example"], "http://page.example:3000", true],
  [["*.example"], "https://page.example", true],
  [["*.example"], "null", false],
  [["*"], "null", true],
])("of %j, the origin %s is one: %s", (patterns, origin, expected) => {
  expect(matchOrigins(patterns)(origin)).toBe(expected);
});

test.each(["*", "*.example.org", "example.org", "xn--caf-dma.example"])("%s is a pattern of host names", (pattern) => {
  expect(isHostPattern(pattern)).toBe(true);
});

test.each(["", "*.", "**", "a.*.org", "https://example.org", "example.org:80", "a b"])(
  "%j is no pattern of host names",
  (pattern) => {
    expect(isHostPattern(pattern)).toBe(false);
  },
);

test.each(["*", "*.example.org", "https://*.example.org", "https://example.org", "http://localhost:3000"])(
  "%s is a pattern of origins",
  (pattern) => {
    expect(isOriginPattern(pattern)).toBe(true);
  },
);

test.each(["", "example.org", "https://", "https://example.org/path", "https://*", "https://a.*.org", "*:80"])(
  "%j is no pattern of origins",
  (pattern) => {
    expect(isOriginPattern(pattern)).toBe(false);
  },
);
