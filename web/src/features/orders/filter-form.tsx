import { type FormEvent, useEffect, useState } from "react";
import { Field } from "../../shared/field.tsx";
import {
  allOrders,
  type CancellationChoice,
  filterOf,
  isFilter,
  type OrderQuery,
  type QueryProblems,
} from "./order-query.ts";

/** A form that says which orders are meant. What is wrong is told where it stands, and is not applied. */
export function FilterForm(props: { applied: OrderQuery; onApply: (query: OrderQuery) => void }) {
  const { applied, onApply } = props;
  const [draft, setDraft] = useState(applied);
  const [problems, setProblems] = useState<QueryProblems>(() => problemsOf(applied));
  useEffect(() => {
    setDraft(applied); // As after a step back in the browser's history.
    setProblems(problemsOf(applied));
  }, [applied]);
  const change = (part: Partial<OrderQuery>) => setDraft((before) => ({ ...before, ...part }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = problemsOf(draft);
    setProblems(found);
    if (Object.keys(found).length === 0) onApply(draft);
  };
  return (
    <form className="fields" aria-label="Which orders" onSubmit={submit} noValidate>
      <Field label="Placed from (UTC)" problem={problems.from}>
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            step="1"
            value={draft.from}
            onChange={(event) => change({ from: event.target.value })}
          />
        )}
      </Field>
      <Field label="Placed before (UTC)" problem={problems.before}>
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            step="1"
            value={draft.before}
            onChange={(event) => change({ before: event.target.value })}
          />
        )}
      </Field>
      <TextField label="Country" maxLength={100} value={draft.country} onChange={(country) => change({ country })} />
      <TextField
        label="Customer (- for unknown)"
        maxLength={64}
        value={draft.customer}
        onChange={(customer) => change({ customer })}
      />
      <TextField
        label="Product code"
        maxLength={64}
        value={draft.product}
        onChange={(product) => change({ product })}
      />
      <Field label="Cancellations">
        {(control) => (
          <select
            {...control}
            value={draft.cancellations}
            onChange={(event) => change({ cancellations: event.target.value as CancellationChoice })}
          >
            <option value="in">Included</option>
            <option value="out">Left out</option>
            <option value="only">Only these</option>
          </select>
        )}
      </Field>
      <div className="fields-actions">
        <button type="submit">Apply</button>
        <button type="button" className="ghost" onClick={() => onApply(allOrders)}>
          All orders
        </button>
      </div>
    </form>
  );
}

function TextField(props: { label: string; maxLength: number; value: string; onChange: (value: string) => void }) {
  const { label, maxLength, value, onChange } = props;
  return (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          value={value}
          maxLength={maxLength}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

function problemsOf(query: OrderQuery): QueryProblems {
  const result = filterOf(query);
  return isFilter(result) ? {} : result;
}
