import { parseSync } from "vite";

/** A source with counters in it. */
export interface Instrumented {
  readonly code: string;
  /** How many counters there are: it has those from `firstEdge` on. */
  readonly edges: number;
  /** The texts and whole numbers that stand in it: what its branches may compare with. */
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
  /** What closes at a place comes before what opens there. */
  readonly closes: boolean;
  /** Outer edits have lower numbers. */
  readonly order: number;
  /** How many characters it replaces. */
  readonly removed: number;
}

/** Dictionary entries that are longer help nobody. */
const maxLiteralChars = 48;

/** Loops and branches. What is not a block becomes one. */
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

/** Expressions that may or may not be evaluated. */
const branches: Readonly<Record<string, readonly string[]>> = {
  ConditionalExpression: ["consequent", "alternate"],
  LogicalExpression: ["right"],
};

/** Syntax of TypeScript that holds an expression; all else of it is types. */
const typedExpressions = new Set([
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
]);

/**
 * Adds a counter to each branch of a module, and a probe to each comparison for equality: `$c[edge]++` and `$q(a, b)`,
 * globals that {@link Coverage} provides. Lines keep their numbers. TypeScript stays TypeScript.
 *
 * @param file its name, whose extension is the language
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
    // Before the branch that it follows, as it is the outer one of two edits that can be at the same position.
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
