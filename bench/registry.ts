import type { Bench } from './harness/bench.ts';
import { program } from './harness/program.ts';

/** Loaded when it is run: a bench of the API imports much that the others need not. */
type Entry = { readonly name: string; readonly load: () => Promise<Bench> };

const comparison = (name: string, load: () => Promise<{ readonly default: Bench }>): Entry => ({
  name,
  load: async () => (await load()).default,
});

const script = (name: string, summary: string, ...args: string[]): Entry => ({
  name,
  load: async () => program(name, summary, args),
});

/** In the order in which all of them run: what compares first, then programs of their own at a small size. */
export const registry: readonly Entry[] = [
  comparison('feed', () => import('./comparisons/feed.ts')),
  comparison('votes', () => import('./comparisons/votes.ts')),
  comparison('messages', () => import('./comparisons/messages.ts')),
  comparison('unread', () => import('./comparisons/unread.ts')),
  comparison('row-security', () => import('./comparisons/row-security.ts')),
  comparison('suggestions', () => import('./comparisons/suggestions.ts')),
  comparison('tally', () => import('./comparisons/tally.ts')),
  comparison('api', () => import('./comparisons/api.ts')),
  comparison('start', () => import('./comparisons/start.ts')),
  comparison('jobs', () => import('./comparisons/jobs.ts')),
  comparison('replay', () => import('./comparisons/replay.ts')),
  script('migrations', 'The migration engine: a new database, verify, check, what a statement costs.'),
  script('sign-in', 'A hash, a refused sign-in, and whether its time tells who has an account.', '100'),
  script('announce', 'The tracker: announces and scrapes a second, and its writer in sets.'),
  script('realtime', 'Subscriptions: opening, memory, deliveries a second.', '200'),
  script('retention', 'Letting rows go: in batches and as a partition.', '--rows', '100000'),
  script('backup', 'A base backup and its restore.', '100', '2'),
  script('erasure', 'Erasing members while others write.', '20'),
  script('kill-worker', 'Jobs come out the same when their worker is killed.', '3'),
  script('backfill', 'A backfill that is killed, beside a writer.', '100000'),
  script('rehearse', 'What a blocking index and its concurrent twin do to a writer.', '100000'),
  script('load', 'A rolling restart under load.', '--clients', '20', '--seconds', '40'),
];
