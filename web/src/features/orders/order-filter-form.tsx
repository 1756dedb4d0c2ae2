import { type FormEvent, useEffect, useState } from "react";
import { FormField } from "../../shared/form-field.tsx";
import {
  allOrders,
  type CancellationChoice,
  isFilter,
  type OrderQuery,
  parseFilter,
  type QueryProblems,
} from "./order-query.ts";

/** The form of the order filter. It applies only valid values. */
export function OrderFilterForm(props: { applied: OrderQuery; onApply: (query: OrderQuery) => void }) {
  const { applied, onApply } = props;
  const [draft, setDraft] = useState(applied);
  const [problems, setProblems] = useState<QueryProblems>(() => validate(applied));
  useEffect(() => {
    setDraft(applied); // the address changed, for example by the back button
    setProblems(validate(applied));
  }, [applied]);
  const change = (part: Partial<OrderQuery>) => setDraft((before) => ({ ...before, ...part }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = validate(draft);
    setProblems(found);
    if (Object.keys(found).length === 0) onApply(draft);
  };
  return (
    <form className="fields" aria-label="Order filter" onSubmit={submit} noValidate>
      <FormField label="Placed from (UTC)" problem={problems.from}>
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            step="1"
            value={draft.from}
            onChange={(event) => change({ from: event.target.value })}
          />
        )}
      </FormField>
      <FormField label="Placed before (UTC)" problem={problems.before}>
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            step="1"
            value={draft.before}
            onChange={(event) => change({ before: event.target.value })}
          />
        )}
      </FormField>
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
      <FormField label="Cancellations">
        {(control) => (
          <select
            {...control}
            value={draft.cancellations}
            onChange={(event) => change({ cancellations: event.target.value as CancellationChoice })}
          >
            <option value="in">Included</option>
            <option value="out">Excluded</option>
            <option value="only">Only cancellations</option>
          </select>
        )}
      </FormField>
      <div className="fields-actions">
        <button type="submit">Apply</button>
        <button type="button" className="ghost" onClick={() => onApply(allOrders)}>
          Clear filter
        </button>
      </div>
    </form>
  );
}

function TextField(props: { label: string; maxLength: number; value: string; onChange: (value: string) => void }) {
  const { label, maxLength, value, onChange } = props;
  return (
    <FormField label={label}>
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
    </FormField>
  );
}

function validate(query: OrderQuery): QueryProblems {
  const result = parseFilter(query);
  return isFilter(result) ? {} : result;
}
