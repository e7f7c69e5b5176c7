import { join, relative } from 'node:path';
import { type Command, Option } from 'commander';
import { exitCodes, StoaError } from '../../../errors.ts';
import { comparePages, rulePages, writePages } from '../../../migrate/check/pages.ts';
import { rules } from '../../../migrate/check/rules/index.ts';
import { projectRoot } from '../../../migrate/root.ts';
import { withScratchServer } from '../../../postgres/scratch.ts';
import { note, print, printJson, styled, table } from '../../output.ts';
import { wrapped } from './annotations.ts';

interface RulesFlags {
  readonly write?: true;
  readonly check?: true;
  readonly json?: true;
}

const story = `
The pages are made by running every example on a temporary server of the newest major, and by
measuring it.`;

export function registerMigrateRules(migrate: Command): void {
  const command = migrate
    .command('rules')
    .description('what "stoa migrate check" looks for; writes the pages of docs/rules/')
    .argument('[RULE]', 'tell all about this one')
    .addOption(new Option('--write', 'write the pages that are not current').conflicts('check'))
    .option('--check', 'tell which pages are not current; exit code 6 if there are any')
    .option('--json', 'print as JSON')
    .addHelpText('after', story);
  command.action(async (id: string | undefined, flags: RulesFlags) => {
    if (flags.write || flags.check) return pages(flags);
    if (id !== undefined) return explain(id, flags);
    if (flags.json) return printJson({ rules: rules.map(({ find: _, ...rule }) => rule) });
    print(
      table(
        ['rule', 'level', 'when'],
        rules.map((rule) => [rule.id, rule.level, rule.condition]),
      ),
    );
  });
}

async function pages(flags: RulesFlags): Promise<void> {
  const folder = join(projectRoot, 'docs', 'rules');
  note('Running every example on a temporary server …');
  const current = await withScratchServer(rulePages);
  const differences = flags.write ? await writePages(folder, current) : await comparePages(folder, current);
  if (flags.check && differences.length > 0) process.exitCode = exitCodes.checkFailed;
  const shown = differences.map(({ path, state }) => ({
    path: relative(projectRoot, join(folder, path)),
    state,
  }));
  if (flags.json) return printJson({ isCurrent: differences.length === 0, pages: shown });
  for (const { path, state } of shown) print(`${state.padEnd(9)} ${path}`);
  if (differences.length === 0) print(`${current.size} pages, all current.`);
  else if (flags.check) note('Run "stoa migrate rules --write" and commit what it writes.');
}

function explain(id: string, flags: RulesFlags): void {
  const rule = rules.find((each) => each.id === id);
  if (!rule) {
    throw new StoaError('migrate.unknown_rule', `There is no rule "${id}".`, {
      cure: 'stoa migrate rules lists them; those of squawk are told on squawkhq.com.',
      exitCode: exitCodes.usage,
    });
  }
  const { find: _, ...facts } = rule;
  if (flags.json) {
    printJson(facts);
    return;
  }
  print(`${styled('bold', rule.id)}  ${rule.level}\n`);
  print(wrapped(`${rule.condition}. ${rule.effect}`, ''));
  print(`\n${wrapped(`Instead: ${rule.cure}`, '')}`);
  print(`\n${styled('dim', '-- found')}\n${rule.examples.bad}`);
  for (const script of rule.examples.good) print(`\n${styled('dim', '-- not found')}\n${script}`);
}
