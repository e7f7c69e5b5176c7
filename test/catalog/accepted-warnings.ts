/** Warnings of the advisors that somebody looked at and left, with the reason. */
export const acceptedWarnings: readonly {
  readonly name: string;
  readonly object: string;
  readonly reason: string;
}[] = [];
