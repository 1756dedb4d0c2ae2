import { expect, test } from "vitest";
import { readReport } from "./h2spec-report.ts";

test("a report contains its cases, with the expectation of each failed one", () => {
  const xml = `<testsuites><testsuite name="3.5" package="http2/3.5" tests="4">
    <testcase package="http2/3.5" classname="Sends &quot;PRI&quot;" time="0.0001"></testcase>
    <testcase package="http2/3.5" classname="closed" time="0.2">
      <error>GOAWAY
Connection &lt;closed&gt;</error>
    </testcase>
    <testcase package="http2/3.5" classname="refused" time="0.2"><failure>no</failure></testcase>
    <testcase package="http2/5.1.2" classname="limit" time="0"><skipped></skipped></testcase>
  </testsuite></testsuites>`;
  expect(readReport(xml)).toEqual([
    { name: 'http2/3.5: Sends "PRI"', section: "http2/3.5", outcome: "passed", detail: "" },
    { name: "http2/3.5: closed", section: "http2/3.5", outcome: "failed", detail: "GOAWAY\nConnection <closed>" },
    { name: "http2/3.5: refused", section: "http2/3.5", outcome: "failed", detail: "no" },
    { name: "http2/5.1.2: limit", section: "http2/5.1.2", outcome: "skipped", detail: "" },
  ]);
});

test("a report without cases is an error", () => {
  expect(() => readReport("<testsuites></testsuites>")).toThrow("no case");
});
