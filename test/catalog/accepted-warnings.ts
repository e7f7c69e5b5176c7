/** Warnings of the advisors that somebody looked at and left. */
export const acceptedWarnings: readonly {
  readonly name: string;
  readonly object: string;
  readonly reason: string;
}[] = [
  {
    name: 'updated_at_without_touch_trigger',
    object: 'forums.posts',
    reason:
      'Every vote changes the counters of a post, and a row trigger would make PostgreSQL compute the search document anew each time. The procedures that change what a post says set the column themselves.',
  },
];
