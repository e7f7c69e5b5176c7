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
  {
    name: 'updated_at_without_touch_trigger',
    object: 'tracker.torrent_statistics',
    reason:
      'The column says when the figures of the swarm were refreshed, which the procedures set; views, downloads and comments count into the row all day without making it fresher.',
  },
  {
    name: 'updated_at_without_touch_trigger',
    object: 'tracker.user_statistics',
    reason:
      'Every announce changes the totals of a person, thousands in a second: the procedures that do set the column themselves, without a row trigger.',
  },
  {
    name: 'error_reason_never_raised',
    object: 'core.error_codes: subscription.access_lost',
    reason: 'The API raises it where it opens and feeds subscriptions.',
  },
  {
    name: 'error_reason_never_raised',
    object: 'core.error_codes: subscription.cursor_invalid',
    reason: 'The API raises it where it opens and feeds subscriptions.',
  },
  {
    name: 'error_reason_never_raised',
    object: 'core.error_codes: subscription.required',
    reason: 'The API raises it where it opens and feeds subscriptions.',
  },
  {
    name: 'error_reason_never_raised',
    object: 'core.error_codes: subscription.too_many',
    reason: 'The API raises it where it opens and feeds subscriptions.',
  },
  {
    name: 'error_reason_never_raised',
    object: 'core.error_codes: torrent.metainfo_missing',
    reason: 'The API raises it when the file of a torrent is not in storage, or is none.',
  },
  {
    name: 'error_reason_never_raised',
    object: 'core.error_codes: upload.address_expired',
    reason: 'The API answers so at the address of a file, without asking a procedure.',
  },
  {
    name: 'updated_at_without_touch_trigger',
    object: 'auth.request_rates',
    reason: 'The one statement that leases requests computes with the old value and sets the new one.',
  },
];
