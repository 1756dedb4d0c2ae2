import { type FormEvent, useId, useState } from "react";
import { findInstrument, suggestInstruments } from "./find-instrument.ts";
import type { Listing } from "./quotes-session.ts";
import { type Added, maxSymbols } from "./watchlist.ts";

/** A box to add a symbol to the watchlist, with suggestions. */
export function SymbolSearch(props: { listing: Listing; onAdd: (symbol: string) => Added }) {
  const { instruments } = props.listing;
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    const instrument = findInstrument(instruments, text);
    const added = instrument === undefined ? "unknown" : props.onAdd(instrument.symbol);
    setProblem(problemOf(added, instrument?.symbol ?? text.trim()));
    if (added === "added") setText("");
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

function problemOf(added: Added | "unknown", wanted: string): string | undefined {
  switch (added) {
    case "added":
      return undefined;
    case "present":
      return `${wanted} is in the list already.`;
    case "full":
      return `The list is full: ${maxSymbols} symbols. Remove one first.`;
    case "unknown":
      return `No single instrument matches “${wanted}”: choose one of the suggestions.`;
  }
}
