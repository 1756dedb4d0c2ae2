import { type ReactNode, useId } from "react";
import "./field.css";

/** The attributes for the control of a field. */
export interface ControlProps {
  readonly id: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string | undefined;
}

/** A form control with its label above and its error message below. */
export function FormField(props: {
  label: string;
  /** The error message; undefined if the value is valid. */
  problem?: string | undefined;
  /** The expected length of the input. */
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
