import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { checkInvariants, type InvariantResult, listInvariants } from '../../doctor/invariants.ts';
import { exitCodes } from '../../errors.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { requireMigrated } from '../installation.ts';
import { duration, note, print, printJson, progress, styled, table } from '../output.ts';
import { settingsOf } from '../settings.ts';
import { addExamination } from './doctor/examine.ts';

interface InvariantFlags {
  readonly list?: true;
  readonly timeout: number;
  readonly examples: number;
  readonly json?: true;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

const verdicts = { holds: 'holds', broken: 'BROKEN', unknown: 'not found out' } as const;

function explain(result: InvariantResult): void {
  print();
  print(styled('bold', result.name));
  print(`  ${result.description}`);
  if (result.failure !== undefined) print(`  ${result.failure}`);
  if (result.examples.length === 0) return;
  print();
  const rows = result.examples.map(({ subject, expected, found }) => [subject, expected, found]);
  const offences = table(['row', 'expected', 'found'], rows);
  for (const line of offences.split('\n')) print(line);
  const left = result.offences - result.examples.length;
  if (left > 0) print(`… and ${left.toLocaleString('en')} more.`);
}

export function registerDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('examine a database without changing it: schema, data, sessions, server');
  addExamination(doctor);

  doctor
    .command('invariants')
    .description('compare every cached counter, sum, sequence and copy with what it stands for')
    .argument('[NAME...]', 'which ones, such as forums or forums.posts (default: all)')
    .option('--list', 'name them and what they mean, check nothing')
    .option('--timeout <SECONDS>', 'the longest that one of them may take', wholeNumber, 600)
    .option('--examples <NUMBER>', 'how many offending rows are shown of each', wholeNumber, 5)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Reads one snapshot of the database and changes nothing. The modules say themselves what must hold, in the
table ops.invariants, so a module that is left out is not examined. Many of the counters are recounted and
mended every night by jobs; this finds the same differences, and those that no job may mend.

Exit codes: ${exitCodes.ok} everything holds, ${exitCodes.checkFailed} something is broken or could not be found out.`,
    )
    .action(async (names: string[], _own: InvariantFlags, command: Command) => {
      // --json is one of `doctor` too, which takes it wherever it stands.
      const flags = command.optsWithGlobals<InvariantFlags>();
      const settings = await settingsOf(command);
      await withOpenDatabase(settings, { command: 'doctor', onEvent: note }, async (config) => {
        await requireMigrated(config);
        const { databaseUrl } = config;
        if (flags.list) {
          const known = await listInvariants({ databaseUrl, only: names });
          if (flags.json) return printJson(known);
          for (const { name, description } of known) print(`${styled('bold', name)}\n  ${description}`);
          return;
        }
        const bar = progress('invariants', 'checked');
        const begun = Date.now();
        const results = await checkInvariants({
          databaseUrl,
          only: names,
          timeoutMs: flags.timeout * 1_000,
          examples: flags.examples,
          onResult: ({ name }, index, total) => bar.update(index + 1, `of ${total} (${name})`),
        }).finally(() => bar.end());
        const bad = results.filter(({ state }) => state !== 'holds');
        if (bad.length > 0) process.exitCode = exitCodes.checkFailed;
        if (flags.json) return printJson({ holds: bad.length === 0, invariants: results });
        print(
          table(
            ['invariant', 'result', 'offences', 'took'],
            results.map(({ name, state, offences, elapsedMs }) => [
              name,
              verdicts[state],
              state === 'broken' ? offences : '',
              duration(elapsedMs),
            ]),
            { right: [2, 3] },
          ),
        );
        for (const result of bad) explain(result);
        print();
        print(
          bad.length === 0
            ? `All ${results.length} invariants hold (${duration(Date.now() - begun)}).`
            : `${bad.length} of ${results.length} invariants are broken or not found out.`,
        );
      });
    });
}
