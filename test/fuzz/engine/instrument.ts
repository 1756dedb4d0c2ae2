import { parseSync } from "vite";

/** An instrumented source. */
export interface Instrumented {
  readonly code: string;
  /** The number of counters. Their numbers start at `firstEdge`. */
  readonly edges: number;
  /** The string and integer literals of the source, with which its branches can compare. */
  readonly literals: readonly (string | number)[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

interface Edit {
  readonly at: number;
  readonly text: string;
  /** Whether the edit closes an expression. At the same position, it precedes edits that open one. */
  readonly closes: boolean;
  /** The order of edits at the same position. Outer edits have lower numbers. */
  readonly order: number;
  /** The number of replaced characters. */
  readonly removed: number;
}

/** Longer literals are not in the dictionary. */
const maxLiteralChars = 48;

/** Loops and branches. A body that is not a block becomes a block. */
const bodies: Readonly<Record<string, readonly string[]>> = {
  IfStatement: ["consequent", "alternate"],
  ForStatement: ["body"],
  ForInStatement: ["body"],
  ForOfStatement: ["body"],
  WhileStatement: ["body"],
  DoWhileStatement: ["body"],
  CatchClause: ["body"],
  FunctionDeclaration: ["body"],
  FunctionExpression: ["body"],
};

/** Expressions that are evaluated conditionally. */
const branches: Readonly<Record<string, readonly string[]>> = {
  ConditionalExpression: ["consequent", "alternate"],
  LogicalExpression: ["right"],
};

/** TypeScript syntax that contains an expression. All other TypeScript syntax is types. */
const typedExpressions = new Set([
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
]);

/**
 * Adds a counter to each branch of a module and a probe to each comparison for equality: `$c[edge]++` and `$q(a, b)`.
 * {@link Coverage} provides these globals. Keeps the line numbers, and does not transpile TypeScript.
 *
 * @param file the name of the module; its extension determines the language
 */
export function instrument(source: string, file: string, firstEdge: number): Instrumented {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0]?.message}`);
  const edits: Edit[] = [];
  const literals = new Set<string | number>();
  let edges = 0;
  let order = 0;

  const count = () => `$c[${firstEdge + edges++}]++`;
  const insert = (at: number, text: string, closes: boolean, removed = 0) =>
    edits.push({ at, text, closes, order: order++, removed });
  const wrap = (node: Node, before: string, after: string) => {
    insert(node.start, before, false);
    insert(node.end, after, true);
  };

  function visit(value: unknown): void {
    if (Array.isArray(value)) {
      for (const each of value) visit(each);
    } else if (isNode(value)) {
      if (typedExpressions.has(value.type)) visit(value.expression);
      if (value.type.startsWith("TS")) return;
      edit(value);
      for (const [key, child] of Object.entries(value)) if (key !== "typeAnnotation") visit(child);
    }
  }

  function edit(node: Node): void {
    // Inserted before the inner branch, because this is the outer one of two edits at the same position.
    if (node.type === "IfStatement" && node.alternate === null) insert(node.end, ` else {${count()}}`, true);
    for (const key of bodies[node.type] ?? []) countBody(node[key]);
    for (const key of branches[node.type] ?? []) countExpression(node[key]);
    switch (node.type) {
      case "ArrowFunctionExpression":
        if (isNode(node.body) && node.body.type === "BlockStatement") countBody(node.body);
        else countExpression(node.body);
        break;
      case "SwitchCase": {
        const [first] = node.consequent as Node[];
        if (first !== undefined) insert(first.start, `${count()};`, false);
        break;
      }
      case "BinaryExpression":
        probe(node);
        break;
      case "Literal":
        if (isUseful(node.value)) literals.add(node.value);
        break;
      case "TemplateElement":
        if (isUseful((node.value as { cooked?: unknown }).cooked))
          literals.add((node.value as { cooked: string }).cooked);
        break;
    }
  }

  function countBody(body: unknown): void {
    if (!isNode(body)) return;
    if (body.type === "BlockStatement") insert(body.start + 1, `${count()};`, false);
    else wrap(body, `{${count()};`, "}");
  }

  function countExpression(expression: unknown): void {
    if (isNode(expression)) wrap(expression, `(${count()},`, ")");
  }

  function probe(node: Node): void {
    const [left, right] = [node.left as Node, node.right as Node];
    if (node.operator !== "===" && node.operator !== "!==") return;
    if (left.type === "UnaryExpression" || isConstant(left) || isConstant(right)) return;
    const at = source.indexOf(String(node.operator), left.end);
    if (at < 0 || at >= right.start) return;
    wrap(node, node.operator === "===" ? "$q(" : "!$q(", ")");
    insert(at, ",", false, String(node.operator).length);
  }

  visit(program);
  return { code: apply(source, edits), edges, literals: [...literals] };
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string" && "start" in value;
}

function isConstant(node: Node): boolean {
  if (node.type === "Identifier") return node.name === "undefined";
  return node.type === "Literal" && (node.value === null || typeof node.value === "boolean");
}

function isUseful(value: unknown): value is string | number {
  if (typeof value === "number") return Number.isSafeInteger(value) && Math.abs(value) > 1;
  return typeof value === "string" && value.length > 0 && value.length <= maxLiteralChars;
}

function apply(source: string, edits: readonly Edit[]): string {
  const sorted = edits.toSorted((a, b) => {
    if (a.at !== b.at) return a.at - b.at;
    if (a.closes !== b.closes) return a.closes ? -1 : 1;
    return a.closes ? b.order - a.order : a.order - b.order;
  });
  let code = "";
  let done = 0;
  for (const { at, text, removed } of sorted) {
    code += source.slice(done, at) + text;
    done = at + removed;
  }
  return code + source.slice(done);
}
