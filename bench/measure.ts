/**
 * Runs the chosen benches, in a process that bench/run.ts watches. Arguments: those of bench/run.ts.
 */
import { duration, note, print } from '../src/cli/output.ts';
import type { BenchContext, Pass } from './harness/bench.ts';
import { Course } from './harness/course.ts';
import { machineLine } from './harness/machine.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { tellOutcome } from './harness/outcome.ts';
import { findPosts } from './harness/posts.ts';
import { describeReport } from './harness/report.ts';
import type { BenchResult, RunResult } from './harness/results.ts';
import { shareOut } from './harness/rounds.ts';
import { type BenchServer, startBenchServer } from './harness/server.ts';
import { yardstickLine } from './harness/yardstick.ts';
import { chosenBenches, type Entry } from './registry.ts';

type Started = readonly [entry: Entry, course: Course];

function passOf({ rounds, passes }: BenchOptions, number: number): Pass {
  return {
    rounds: shareOut(rounds, passes, number),
    // One round a pass at least: else a form would be missing in one of them.
    roundsAtMost: (most) => shareOut(Math.max(passes, Math.min(rounds, most)), passes, number),
  };
}

/** All benches, from the top, as often as there are passes. */
async function goThrough(
  server: BenchServer,
  options: BenchOptions,
  courses: readonly Started[],
): Promise<void> {
  const { passes } = options;
  const recurring = courses.filter(([{ isOnce }]) => !isOnce);
  for (let number = 0; number < passes; number += 1) {
    const begun = performance.now();
    const part = number === 0 ? courses : recurring;
    if (number > 0) await server.resample();
    for (const [index, [{ name, isOnce }, course]] of part.entries()) {
      if (course.failed !== undefined) continue;
      const where = isOnce || passes === 1 ? '' : `, pass ${number + 1} of ${passes}`;
      note(`${name} (${index + 1} of ${part.length})${where}: ${course.summary}`);
      const tookMs = await course.run(passOf(options, number), number + 1);
      const isLast = isOnce === true || number === passes - 1;
      if (isLast) await course.close();
      note(
        course.failed === undefined
          ? `${name}${where} took ${duration(tookMs)}`
          : `${name}${where} failed: ${course.failed}`,
      );
      if (isLast && course.failed === undefined && !options.json && !options.markdown) {
        printReport(course.result(), options);
      }
    }
    const left = passes - number - 1;
    if (left > 0) {
      const tookMs = performance.now() - begun;
      note(
        `Pass ${number + 1} of ${passes} took ${duration(tookMs)}; at most ${duration(tookMs * left)} left`,
      );
    }
  }
}

function printReport(
  { name, summary, machine, yardsticks, elapsedMs, report }: BenchResult,
  { scale, rounds, passes }: BenchOptions,
): void {
  if (report === undefined) return;
  print(`\n${name}: ${summary}`);
  print(machineLine(machine));
  print(`Fixed work: ${yardstickLine(yardsticks)}`);
  print(
    report.comparisons.length === 0
      ? `took ${duration(elapsedMs)}\n`
      : `scale ${scale}, ${rounds} rounds in ${passes} ${passes === 1 ? 'pass' : 'passes'}; took ${duration(elapsedMs)}\n`,
  );
  print(describeReport(report));
}

async function measure(options: BenchOptions): Promise<RunResult> {
  const { rounds, passes, scale, members, ballots, seconds } = options;
  const posts = findPosts(options.posts);
  const at = new Date().toISOString();
  const begun = performance.now();
  const server = await startBenchServer({ scale, posts, tell: note });
  const context: BenchContext = { server, scale, members, ballots, forMs: seconds * 1_000, tell: note };
  const courses: Started[] = [];
  try {
    for (const entry of chosenBenches(options.names)) {
      courses.push([entry, new Course(entry.name, await entry.load(), context)]);
    }
    await goThrough(server, options, courses);
  } finally {
    for (const [, course] of courses) await course.close();
    await server.stop();
  }
  const benches = courses.map(([, course]) => course.result());
  const elapsedMs = Math.round(performance.now() - begun);
  return { at, elapsedMs, rounds, passes, scale, members, ballots, seconds, benches };
}

const options = readOptions(process.argv.slice(2), process.env);
process.exitCode = tellOutcome(await measure(options), options) ? 0 : 1;
