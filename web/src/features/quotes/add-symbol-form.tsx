import { type FormEvent, useId, useState } from "react";
import { findInstrument, suggestInstruments } from "./find-instrument.ts";
import type { Listing } from "./quotes-page-model.ts";
import { type AddResult, maxSymbols } from "./watchlist.ts";

/** A form that adds a symbol to the watchlist, with suggestions. */
export function AddSymbolForm(props: { listing: Listing; onAdd: (symbol: string) => AddResult }) {
  const { instruments } = props.listing;
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    const instrument = findInstrument(instruments, text);
    const result = instrument === undefined ? "unknown" : props.onAdd(instrument.symbol);
    setProblem(describeResult(result, instrument?.symbol ?? text.trim()));
    if (result === "added") setText("");
  };
  return (
    <form className="search" onSubmit={submit}>
      <label htmlFor={id}>Add a symbol</label>
      <input
        id={id}
        list={`${id}-suggestions`}
        value={text}
        placeholder="Symbol or name"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        onChange={(event) => {
          setText(event.target.value);
          setProblem(undefined);
        }}
      />
      <datalist id={`${id}-suggestions`}>
        {suggestInstruments(instruments.values(), text).map(({ symbol, name }) => (
          <option key={symbol} value={symbol}>
            {name}
          </option>
        ))}
      </datalist>
      <button type="submit">Add</button>
      <p className="problem" id={`${id}-problem`} aria-live="polite">
        {problem}
      </p>
    </form>
  );
}

function describeResult(result: AddResult | "unknown", text: string): string | undefined {
  switch (result) {
    case "added":
      return undefined;
    case "present":
      return `${text} is already in the watchlist.`;
    case "full":
      return `The watchlist has reached the limit of ${maxSymbols} symbols. Remove one first.`;
    case "unknown":
      return `“${text}” does not match exactly one instrument. Select one of the suggestions.`;
  }
}
