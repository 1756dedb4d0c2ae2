import { type ReactNode, useId } from "react";
import "./field.css";

/** What a control of a field takes. */
export interface ControlProps {
  readonly id: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string | undefined;
}

/** A control with its label above it, and what is wrong with it below. */
export function Field(props: {
  label: string;
  /** Undefined where nothing is wrong. */
  problem?: string | undefined;
  /** How much is written into it. */
  size?: "short" | "usual" | "long";
  children: (control: ControlProps) => ReactNode;
}) {
  const { label, problem, size = "usual", children } = props;
  const id = useId();
  const problemId = `${id}-problem`;
  return (
    <div className="field" data-size={size}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        "aria-invalid": problem !== undefined,
        "aria-describedby": problem === undefined ? undefined : problemId,
      })}
      {problem !== undefined && (
        <p className="problem" id={problemId} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
