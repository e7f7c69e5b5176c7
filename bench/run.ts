/**
 * Runs benches and prints, for each, what Stoa does beside what a peer or the obvious form does, and where there is
 * one, beside a physical limit: median, lowest and highest of several rounds in which the forms take turns.
 *
 * npm run bench                 all of them
 * npm run bench -- feed votes   some of them
 *
 *   --rounds N    how often each form is measured (default 3)
 *   --scale N     of the community: 1 is 100,000 members and a million messages (default 0.1)
 *   --ballots N   of the proposal that is closed (default 100000)
 *   --seconds N   how long a form of a bench of rates is measured in a round (default 1.5)
 *   --list        names and summaries
 *   --json        for machines
 */
import { parseArgs } from 'node:util';
import { note, print, printJson, table } from '../src/cli/output.ts';
import type { BenchContext } from './harness/bench.ts';
import { describeThisMachine, machineLine } from './harness/machine.ts';
import { type BenchReport, describeReport, ratioToOurs } from './harness/report.ts';
import { startBenchServer } from './harness/server.ts';
import { summarise } from './harness/statistics.ts';
import { registry } from './registry.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '0.1' },
    ballots: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '1.5' },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

function refuse(message: string): never {
  note(message);
  process.exit(2);
}

function positive(name: 'rounds' | 'scale' | 'ballots' | 'seconds', isWhole: boolean): number {
  const value = Number(values[name]);
  if (!(value > 0) || (isWhole && !Number.isInteger(value))) {
    refuse(`--${name} is a ${isWhole ? 'whole ' : ''}number above 0.`);
  }
  return value;
}

const rounds = positive('rounds', true);
const scale = positive('scale', false);
const ballots = positive('ballots', true);
const forMs = positive('seconds', false) * 1_000;

/** The same figures with what the table works out of them. */
function forMachines(report: BenchReport): object {
  return {
    ...report,
    comparisons: report.comparisons.map((comparison) => ({
      ...comparison,
      forms: comparison.forms.map((measured) => ({
        ...measured,
        ...summarise(measured.figures),
        ratioToOurs: ratioToOurs(comparison, measured) ?? null,
      })),
    })),
  };
}

async function list(): Promise<void> {
  const rows = await Promise.all(registry.map(async ({ name, load }) => [name, (await load()).summary]));
  print(table(['bench', 'what it measures'], rows));
}

async function run(): Promise<boolean> {
  const unknown = positionals.filter((name) => registry.every((entry) => entry.name !== name));
  if (unknown.length > 0) {
    refuse(
      `There is no bench ${unknown.join(', ')}. There are: ${registry.map(({ name }) => name).join(', ')}.`,
    );
  }
  const chosen = registry.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const server = await startBenchServer(scale, note);
  // Whoever breaks a run off leaves no server behind.
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => void server.stop().finally(() => process.exit(code)));
  }
  const context: BenchContext = { server, rounds, scale, ballots, forMs, tell: note };
  const results: object[] = [];
  let failed = 0;
  try {
    for (const { name, load } of chosen) {
      const bench = await load();
      note(`${name}: ${bench.summary}`);
      const begun = performance.now();
      // Before the bench: afterwards its own work would be in the average.
      const machine = describeThisMachine(server.version);
      try {
        const report = await bench.run(context);
        const elapsedMs = Math.round(performance.now() - begun);
        results.push({ name, summary: bench.summary, machine, elapsedMs, ...forMachines(report) });
        if (values.json) continue;
        print(`\n${name}: ${bench.summary}`);
        print(`${machineLine(machine)}; scale ${scale}, ${rounds} rounds\n`);
        print(describeReport(report));
      } catch (error) {
        // The others are still worth their figures; the exit code tells.
        failed += 1;
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        results.push({ name, summary: bench.summary, machine, failed: message });
        note(`${name} failed: ${message}`);
      }
    }
  } finally {
    await server.stop();
  }
  if (values.json) printJson({ rounds, scale, benches: results });
  return failed === 0;
}

if (values.list) await list();
else process.exitCode = (await run()) ? 0 : 1;
