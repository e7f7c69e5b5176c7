/** A comparison that README.md or docs/benchmarks.md quotes, and what it is called there. */
export interface Claim {
  readonly bench: string;
  /** As the bench names the comparison. */
  readonly what: string;
  readonly label: string;
  readonly inReadme?: true;
}

/** In the order of the pages. `npm run bench -- --from FILE --markdown` writes their tables from these. */
export const claims: readonly Claim[] = [
  { bench: 'feed', what: 'first page', label: 'hot feed, first page' },
  { bench: 'feed', what: 'page 100', label: 'hot feed, page 100', inReadme: true },
  {
    bench: 'feed',
    what: 'upkeep of an hour',
    label: 'keeping the order of the hot feed for an hour',
  },
  { bench: 'feed', what: 'log of that', label: 'log of keeping it' },
  { bench: 'votes', what: 'one hot post', label: 'votes on one post' },
  { bench: 'votes', what: 'many posts', label: 'votes on many posts', inReadme: true },
  { bench: 'messages', what: 'send', label: 'messages sent, 8 conversations', inReadme: true },
  { bench: 'messages', what: 'newest 50', label: 'newest 50 messages' },
  { bench: 'messages', what: 'page 1,000', label: 'page 1,000 of messages', inReadme: true },
  { bench: 'messages', what: 'indexes per message', label: 'indexes per message', inReadme: true },
  { bench: 'messages', what: 'log per message', label: 'log per message' },
  { bench: 'unread', what: 'read, 2 members', label: 'unread of 5,000, 2 members' },
  { bench: 'unread', what: 'read, 100 members', label: 'unread of 5,000, 100 members' },
  { bench: 'unread', what: 'read, 10,000 members', label: 'unread of 5,000, 10,000 members', inReadme: true },
  { bench: 'unread', what: 'send, 2 members', label: 'messages sent to 2 members' },
  { bench: 'unread', what: 'send, 100 members', label: 'messages sent to 100 members' },
  { bench: 'unread', what: 'send, 10,000 members', label: 'messages sent to 10,000 members', inReadme: true },
  { bench: 'row-security', what: 'hot feed of a forum, 25', label: 'row security: hot feed of a forum, 25' },
  {
    bench: 'row-security',
    what: 'conversation, newest 50',
    label: 'row security: newest 50 of a conversation',
    inReadme: true,
  },
  {
    bench: 'row-security',
    what: 'channel, newest 50',
    label: 'row security: newest 50 of a channel, groups.feed',
  },
  {
    bench: 'row-security',
    what: 'channel, the table itself',
    label: 'row security: newest 50 of a channel, the table itself',
  },
  { bench: 'row-security', what: 'a policy on membership', label: 'a policy on membership' },
  { bench: 'suggestions', what: '10 suggestions', label: 'ten suggestions of friends', inReadme: true },
  { bench: 'announce', what: 'announces over HTTP', label: 'announces over HTTP', inReadme: true },
  { bench: 'announce', what: '99th percentile of one', label: '99th percentile of an announce' },
  { bench: 'announce', what: 'log of announces, a row', label: 'log of announces, a row' },
  { bench: 'tally', what: 'closing a proposal', label: 'closing a proposal', inReadme: true },
  { bench: 'api', what: 'feed: requests', label: 'nested feed over HTTP', inReadme: true },
  { bench: 'api', what: 'feed: median time', label: 'nested feed, median' },
  { bench: 'api', what: 'feed: 99th percentile', label: 'nested feed, 99th percentile' },
  { bench: 'api', what: 'deeper: requests', label: 'the same with three comments of each post' },
  {
    bench: 'start',
    what: 'start to first answer',
    label: 'start to first answer, all modules',
    inReadme: true,
  },
  { bench: 'start', what: 'memory then', label: 'memory then' },
  { bench: 'jobs', what: 'jobs', label: 'jobs', inReadme: true },
  { bench: 'retention', what: 'rows that go', label: 'rows that go because of their age' },
  {
    bench: 'retention',
    what: 'longest transaction',
    label: 'longest transaction of it',
    inReadme: true,
  },
  { bench: 'retention', what: 'a month that goes', label: 'a month that goes', inReadme: true },
  { bench: 'retention', what: 'log of a month', label: 'log of a month that goes' },
  {
    bench: 'backup',
    what: 'backup, not compressed',
    label: 'base backup, not compressed',
    inReadme: true,
  },
  { bench: 'backup', what: 'backup', label: 'base backup', inReadme: true },
  { bench: 'backup', what: 'restore', label: 'base backup, read back' },
  { bench: 'replay', what: 'a new database', label: 'an empty database migrated', inReadme: true },
];
