/** The rows of a family in docs/reference/limits.md. Its `testing/limits.ts` exports them as `familyLimits`. */
export interface FamilyLimits {
  /** The heading of the table. */
  readonly title: string;
  /** The text before the table. Default: none. */
  readonly introduction?: string;
  readonly limits: readonly (readonly [name: string, value: number, bounds: string, beyond: string])[];
  /** The limits that clients share, each with the error of a client that has used up its share. Default: none. */
  readonly shared?: readonly (readonly [limit: { readonly name: string; readonly max: number }, beyond: string])[];
}
