/**
 * Runs benches and prints, for each, what Stoa does beside what a peer or the obvious form does, and where there is
 * one, beside a physical limit: median, lowest and highest of several rounds in which the forms take turns, and of the
 * ratios of these rounds.
 *
 * npm run bench                 all of them
 * npm run bench -- feed votes   some of them
 *
 *   --rounds N       how often each form is measured, in all passes together (default 9)
 *   --passes N       how often the benches are gone through, each time with a part of the rounds (default 3)
 *   --seconds N      how long a form of a bench of rates is measured in a round (default 0.7)
 *   --scale N        of the community: 1 is 100,000 members and a million messages (default 0.1)
 *   --members N      of the community in which friends are suggested (default 100000)
 *   --ballots N      of the proposal that is closed (default 1000000)
 *   --posts DIR      measure real posts as well: the files that `stoa import forums --format reddit-csv` takes;
 *                    the variable STOA_BENCH_POSTS says the same
 *   --list           names and summaries
 *   --json           for machines
 *   --save FILE      a file for what --json prints
 *   --compare FILE   which figures and ratios lie within the spread of that saved run
 *   --markdown       the tables of README.md and docs/benchmarks.md
 *   --from FILE      with the last two: figures of a saved run, nothing is measured
 */
import { fileURLToPath } from 'node:url';
import { note, print, table } from '../src/cli/output.ts';
import { readOptions, UsageError } from './harness/options.ts';
import { tellOutcome } from './harness/outcome.ts';
import { findPosts } from './harness/posts.ts';
import { readResult } from './harness/results.ts';
import { supervise } from './harness/supervise.ts';
import { chosenBenches, registry } from './registry.ts';

async function list(): Promise<void> {
  const rows = await Promise.all(
    registry.map(async ({ name, also, load }) => [[name, ...also].join(', '), (await load()).summary]),
  );
  print(table(['bench', 'what it measures'], rows));
}

async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, process.env);
  if (options.list) {
    await list();
    return 0;
  }
  chosenBenches(options.names);
  // Read before anything is measured: a wrong name should not cost a quarter of an hour.
  if (options.compare !== undefined) readResult(options.compare);
  if (options.from !== undefined) return tellOutcome(readResult(options.from), options) ? 0 : 1;
  findPosts(options.posts);
  return supervise(fileURLToPath(new URL('./measure.ts', import.meta.url)), args);
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  note(error.message);
  process.exitCode = 2;
}
