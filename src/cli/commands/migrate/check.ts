import { type Command, Option } from 'commander';
import { exitCodes } from '../../../errors.ts';
import { type CheckResult, checkMigrations, type Finding } from '../../../migrate/check/check.ts';
import type { Level } from '../../../migrate/check/rule.ts';
import { rules } from '../../../migrate/check/rules/index.ts';
import { spelledMode } from '../../../migrate/plan/lock-modes.ts';
import { note, print, printJson, progress, styled, warn } from '../../output.ts';
import { type AnnotationFormat, annotationFormats, githubText, sarif, wrapped } from './annotations.ts';

interface CheckFlags {
  readonly all?: true;
  readonly notes?: true;
  readonly json?: true;
  readonly format: AnnotationFormat;
}

const story = `
Reads the up part of each migration that is not released, or of the files that are named, with what
all other files say of the tables. Needs no database. Tables that these files make are new: nobody
waits for them.

With --all each file is judged as if those before it had long been in use.

A finding is suppressed where it stands, with a reason and, if you like, an end:
  -- stoa:allow drop-column until 2030-06-30: nobody has read it since version 2.3

docs/rules/ has a page for each rule. Exit code 6: an error or a warning; notes do not count.`;

export function registerMigrateCheck(migrate: Command): void {
  const command = migrate
    .command('check')
    .description('find what would hurt on a database that is in use, before it has run anywhere')
    .argument('[FILES...]', 'migrations; default: those that are not released')
    .option('--all', 'the released ones too')
    .option('--notes', 'print notes as well')
    .option('--json', 'print the findings as JSON')
    .addOption(
      new Option('--format <FORMAT>', 'how to print them').choices(annotationFormats).default('text'),
    )
    .addHelpText('after', story);
  command.action(async (files: string[], flags: CheckFlags) => {
    const bar = progress('check', 'files');
    const result = await checkMigrations({
      files,
      all: flags.all === true,
      onFile: (done) => bar.update(done),
    }).finally(() => bar.end());
    if (!result.isClean) process.exitCode = exitCodes.checkFailed;
    if (!result.askedSquawk) {
      warn('squawk is not installed (npm install squawk-cli), so only the rules of Stoa were asked');
    }
    const format = flags.json ? 'json' : flags.format;
    if (format === 'json') return printJson(result);
    const findings = result.findings.filter(({ level }) => flags.notes || level !== 'note');
    if (format === 'sarif') return printJson(sarif(findings, sarifRules));
    if (format === 'github') {
      if (findings.length > 0) print(githubText(findings));
      return note(summary(result));
    }
    show(findings);
    print(summary(result));
  });
}

const sarifRules = rules.map(({ id, condition, effect, cure }) => ({
  id,
  title: condition,
  help: `${effect} Instead: ${cure}`,
}));

const colours: Readonly<Record<Level, 'red' | 'yellow' | 'cyan'>> = {
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
};

function show(findings: readonly Finding[]): void {
  for (const { rule, source, level, file, line, column, message, cure, locks, excerpt } of findings) {
    const by = source === 'squawk' ? ', squawk' : '';
    print(`${styled('bold', `${file}:${line}:${column}`)}`);
    print(`  ${styled(colours[level], level)} ${rule}${by}`);
    print(excerpt.replaceAll(/^/gm, '  '));
    print(wrapped(`${message}.`.replace(/\.\.$/, '.'), '  '));
    if (locks.length > 0) {
      const listed = locks.map((lock) => `${spelledMode(lock.mode)} on ${lock.relation}`).join(', ');
      print(styled('dim', wrapped(`Locks: ${listed}.`, '  ')));
    }
    if (cure !== undefined) print(styled('dim', wrapped(`Instead: ${cure}`, '  ')));
    print();
  }
}

function summary({ files, statements, findings, suppressed }: CheckResult): string {
  const count = (level: Level): number => findings.filter((each) => each.level === level).length;
  const parts = [
    `${count('error')} errors`,
    `${count('warning')} warnings`,
    `${count('note')} notes`,
    `${suppressed.length} suppressed`,
  ];
  if (files.length === 0) return 'Every migration is released; nothing to check (--all checks them again).';
  return `${files.length} files, ${statements} statements: ${parts.join(', ')}.`;
}
