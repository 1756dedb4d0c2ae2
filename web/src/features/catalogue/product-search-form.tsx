import { FormField } from "../../shared/form-field.tsx";
import { memoryUnits, type ProductQuery, type QueryProblems, searchOrders } from "./product-query.ts";

/** The form with the conditions of a search. Each change starts a search. */
export function ProductSearchForm(props: {
  query: ProductQuery;
  problems: QueryProblems;
  onChange: (query: ProductQuery) => void;
  onClear: () => void;
}) {
  const { query, problems, onChange, onClear } = props;
  const text = (
    name: keyof ProductQuery,
    label: string,
    options: { maxLength?: number; inputMode?: "decimal" | "numeric" | "search"; placeholder?: string } = {},
    size: "short" | "usual" | "long" = "short",
  ) => (
    <FormField label={label} problem={problems[name]} size={size}>
      {(control) => (
        <input
          {...control}
          {...options}
          type={name === "q" ? "search" : "text"}
          value={query[name]}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange({ ...query, [name]: event.target.value })}
        />
      )}
    </FormField>
  );
  const choice = (
    name: keyof ProductQuery,
    label: string,
    size: "short" | "usual",
    choices: readonly (readonly [string, string])[],
  ) => (
    <FormField label={label} problem={problems[name]} size={size}>
      {(control) => (
        <select
          {...control}
          value={query[name]}
          onChange={(event) => onChange({ ...query, [name]: event.target.value })}
        >
          {choices.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      )}
    </FormField>
  );
  return (
    <search className="product-search">
      <form
        className="fields"
        aria-label="Search the catalogue"
        noValidate
        onSubmit={(event) => event.preventDefault()}
      >
        {text("q", "Search", { maxLength: 200, inputMode: "search", placeholder: "Name, brand, part…" }, "long")}
        {text("brand", "Brand", { maxLength: 100 }, "usual")}
        {text("min", "Price from", { inputMode: "decimal" })}
        {text("max", "Price to", { inputMode: "decimal" })}
        {text("currency", "Currency", { maxLength: 3 })}
        {text("cores", "Min. cores", { inputMode: "numeric" })}
        {text("ghz", "Min. GHz", { inputMode: "decimal" })}
        {text("ram", "Min. RAM", { inputMode: "numeric" })}
        {choice(
          "unit",
          "Unit",
          "short",
          [...memoryUnits.keys()].map((unit) => [unit, unit]),
        )}
        {choice(
          "order",
          "Sort by",
          "usual",
          [...searchOrders].map(([value, { title }]) => [value, title]),
        )}
        <div className="fields-actions">
          <button type="button" className="ghost" onClick={onClear}>
            Clear
          </button>
        </div>
      </form>
    </search>
  );
}
