/**
 * Runs the chosen benches, in a process that bench/run.ts watches. Arguments: those of bench/run.ts.
 */
import { duration, note, print } from '../src/cli/output.ts';
import type { BenchContext } from './harness/bench.ts';
import { describeThisMachine, machineLine } from './harness/machine.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { tellOutcome } from './harness/outcome.ts';
import { findPosts } from './harness/posts.ts';
import { describeReport } from './harness/report.ts';
import { type BenchResult, type RunResult, reportForm } from './harness/results.ts';
import { startBenchServer } from './harness/server.ts';
import { chosenBenches } from './registry.ts';

async function measure(options: BenchOptions): Promise<RunResult> {
  const { rounds, scale, members, ballots, seconds } = options;
  const posts = findPosts(options.posts);
  const at = new Date().toISOString();
  const begunAll = performance.now();
  const isQuiet = options.json || options.markdown;
  const server = await startBenchServer({ scale, posts, tell: note });
  const context: BenchContext = {
    server,
    rounds,
    scale,
    members,
    ballots,
    forMs: seconds * 1_000,
    tell: note,
  };
  const benches: BenchResult[] = [];
  try {
    const chosen = chosenBenches(options.names);
    for (const [index, { name, load }] of chosen.entries()) {
      const bench = await load();
      note(`${name} (${index + 1} of ${chosen.length}): ${bench.summary}`);
      const begun = performance.now();
      const communityMs = server.communityMs;
      // The community is everybody's: whoever comes first only makes it.
      const elapsed = (): number =>
        Math.round(performance.now() - begun - (server.communityMs - communityMs));
      // Before the bench: afterwards its own work would be in the average.
      const machine = describeThisMachine(server.version);
      try {
        const report = await bench.run(context);
        const elapsedMs = elapsed();
        benches.push({ name, summary: bench.summary, machine, elapsedMs, report: reportForm.parse(report) });
        note(`${name} took ${duration(elapsedMs)}`);
        if (isQuiet) continue;
        print(`\n${name}: ${bench.summary}`);
        print(machineLine(machine));
        print(`scale ${scale}, ${rounds} rounds; took ${duration(elapsedMs)}\n`);
        print(describeReport(report));
      } catch (error) {
        // The others are still worth their figures; the exit code tells.
        const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
        benches.push({ name, summary: bench.summary, machine, elapsedMs: elapsed(), failed });
        note(`${name} failed: ${failed}`);
      }
    }
  } finally {
    await server.stop();
  }
  const elapsedMs = Math.round(performance.now() - begunAll);
  return { at, elapsedMs, rounds, scale, members, ballots, seconds, benches };
}

const options = readOptions(process.argv.slice(2), process.env);
process.exitCode = tellOutcome(await measure(options), options) ? 0 : 1;
