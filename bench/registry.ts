import type { Bench } from './harness/bench.ts';
import { UsageError } from './harness/options.ts';
import { type Arguments, lastingProgram, program } from './harness/program.ts';

export interface Entry {
  readonly name: string;
  /** Other words that mean this bench, or this one among several. */
  readonly also: readonly string[];
  /** Loaded when it is run: a bench of the API imports much that the others need not. */
  readonly load: () => Promise<Bench>;
  /** It prints a table of its own, and has no figures to gather: the first pass is enough. */
  readonly isOnce?: true;
}

const comparison = (
  name: string,
  load: () => Promise<{ readonly default: Bench }>,
  ...also: string[]
): Entry => ({
  name,
  also,
  load: async () => (await load()).default,
});

const lasting = (name: string, summary: string, args: Arguments, ...also: string[]): Entry => ({
  name,
  also,
  load: async () => lastingProgram(name, summary, args),
});

const once = (name: string, summary: string, args: readonly string[]): Entry => ({
  name,
  also: [],
  load: async () => program(name, summary, args),
  isOnce: true,
});

/** In the order in which all of them run: what compares first, then programs of their own at a small size. */
export const registry: readonly Entry[] = [
  comparison('feed', () => import('./comparisons/feed.ts'), 'hot-feed'),
  comparison('votes', () => import('./comparisons/votes.ts')),
  comparison('messages', () => import('./comparisons/messages.ts')),
  comparison('unread', () => import('./comparisons/unread.ts')),
  comparison('row-security', () => import('./comparisons/row-security.ts'), 'rls'),
  comparison('suggestions', () => import('./comparisons/suggestions.ts'), 'friends'),
  comparison('tally', () => import('./comparisons/tally.ts')),
  comparison('api', () => import('./comparisons/api.ts')),
  comparison('start', () => import('./comparisons/start.ts')),
  comparison('jobs', () => import('./comparisons/jobs.ts')),
  comparison('replay', () => import('./comparisons/replay.ts'), 'migrations'),
  lasting(
    'announce',
    'The tracker over HTTP, beside one that keeps everything in memory; and its function alone.',
    ({ forMs }) => [String(forMs / 1_000)],
  ),
  lasting('retention', 'Letting rows go: in batches and as a partition, beside one DELETE.', () => [
    '--rows',
    '250000',
  ]),
  lasting('backup', 'A base backup, and reading it back.', () => ['300'], 'restore'),
  once('migrations', 'The migration engine: verify, check, what a statement costs.', ['1']),
  once('sign-in', 'A hash, a refused sign-in, and whether its time tells who has an account.', ['100']),
  once('realtime', 'Subscriptions: opening, memory, deliveries a second.', ['200']),
  once('erasure', 'Erasing members while others write.', ['20']),
  once('kill-worker', 'Jobs come out the same when their worker is killed.', ['3']),
  once('backfill', 'A backfill that is killed, beside a writer.', ['100000']),
  once('rehearse', 'What a blocking index and its concurrent twin do to a writer.', ['100000']),
  once('load', 'A rolling restart under load.', ['--clients', '20', '--seconds', '20']),
];

/** Those of these names, or all. Refuses a name that is none. */
export function chosenBenches(names: readonly string[]): readonly Entry[] {
  const known = new Set(registry.flatMap(({ name, also }) => [name, ...also]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `There is no bench ${unknown.join(', ')}. There are: ${registry.map(({ name }) => name).join(', ')}.`,
    );
  }
  if (names.length === 0) return registry;
  return registry.filter((entry) => names.some((name) => [entry.name, ...entry.also].includes(name)));
}
