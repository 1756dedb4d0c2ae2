/** The result of a case of h2spec. */
export interface H2specCase {
  /** The section of the specification and the sent frames, for example `http2/6.5.2: Sends a SETTINGS frame …`. */
  readonly name: string;
  /** The section, which is also the argument of h2spec that selects it. */
  readonly section: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** The expected and the received frames. */
  readonly detail: string;
}

const casePattern = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs;

const entities: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  "#34": '"',
  "#39": "'",
  "#xA": "\n",
};

/** Parses the JUnit report of h2spec. Throws if it contains no case. */
export function readReport(xml: string): H2specCase[] {
  const cases = [...xml.matchAll(casePattern)].map(([, section = "", what = "", body = ""]): H2specCase => {
    const isFailed = /<(failure|error)\b/.test(body);
    const outcome = isFailed ? "failed" : body.includes("<skipped") ? "skipped" : "passed";
    const detail = plain(body.replace(/<[^>]*>/g, "")).trim();
    return { name: `${section}: ${plain(what)}`, section, outcome, detail };
  });
  if (cases.length === 0) throw new Error("the report of h2spec has no case");
  return cases;
}

function plain(text: string): string {
  return text.replace(/&(#?\w+);/g, (entity, name: string) => entities[name] ?? entity);
}
