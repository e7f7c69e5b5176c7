import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { Client } from 'pg';
import {
  type BlockingTree,
  endSession,
  findSession,
  type LockReport,
  readLocks,
} from '../../doctor/locks.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { connect, databaseOf, withDatabase } from '../../postgres/connect.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { duration, note, print, printJson, styled } from '../output.ts';
import { labelled } from '../paragraphs.ts';
import { settingsOf } from '../settings.ts';

interface LockFlags {
  readonly queries?: true;
  readonly watch?: true;
  readonly interval: number;
  readonly json?: true;
}

interface EndFlags {
  readonly yes?: true;
  readonly force?: true;
  readonly queries?: true;
  readonly json?: true;
}

function processNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('It must be the number of a process.');
  return Number(text);
}

function seconds(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
}

const story = `
A session that blocks stands above those that wait for it. Statements are shown without their values, which
may be anybody's; --queries shows them as they were sent. All sessions are seen by a superuser or a member of
pg_monitor only.

  stoa locks cancel 4711       ends the statement of a session
  stoa locks terminate 4711    ends the session; its transaction is rolled back

Exit codes: ${exitCodes.ok} nobody waits, or it was done; ${exitCodes.checkFailed} somebody waits.`;

export function registerLocks(program: Command): void {
  const locks = program
    .command('locks')
    .description('who waits for whom in the database, and end who is in the way')
    .option('--queries', 'show statements with their values')
    .option('--watch', 'look again and again')
    .option('--interval <SECONDS>', 'with --watch: how often', seconds, 2)
    .option('--json', 'print the result as JSON; with --watch one line each time')
    .addHelpText('after', story);
  locks.action(async (flags: LockFlags) => {
    await withAdmin(locks, async (client) => {
      if (!flags.watch) {
        const report = await readLocks(client, { queries: flags.queries === true });
        if (report.waiting > 0) process.exitCode = exitCodes.checkFailed;
        if (flags.json) printJson(report);
        else show(report);
        return;
      }
      await watch(client, flags);
    });
  });
  for (const how of ['cancel', 'terminate'] as const) {
    const command = locks
      .command(how)
      .argument('<PID>', 'the number of its process', processNumber)
      .description(how === 'cancel' ? 'end the statement of a session' : 'end a session')
      .option('--yes', 'do not ask')
      .option('--force', 'also a backup, a replica or a process of the server')
      .addHelpText(
        'after',
        '\nTells what the session is, and asks; --yes answers. Backups, whoever receives the log, and processes of the\nserver are left alone without --force.',
      );
    command.action(async (pid: number) => {
      const flags: EndFlags = command.optsWithGlobals();
      await withAdmin(command, (client) => end(client, pid, how, flags));
    });
  }
}

async function withAdmin(command: Command, work: (client: Client) => Promise<void>): Promise<void> {
  const settings = await settingsOf(command);
  await withOpenDatabase(settings, { command: 'locks', onEvent: note }, async (config) => {
    const client = await connect(withDatabase(config.adminUrl, databaseOf(config.databaseUrl)), 'locks');
    try {
      await work(client);
    } finally {
      await client.end();
    }
  });
}

async function watch(client: Client, flags: LockFlags): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    while (!stop.signal.aborted) {
      const report = await readLocks(client, { queries: flags.queries === true });
      if (flags.json)
        process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), ...report })}\n`);
      else {
        if (process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H');
        print(styled('dim', new Date().toISOString()));
        show(report);
      }
      await sleep(flags.interval * 1_000, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function show({ trees, waiting }: LockReport): void {
  for (const tree of trees) {
    for (const line of treeLines(tree, 0)) print(line);
    print();
  }
  print(
    waiting === 0
      ? 'Nobody waits for a lock.'
      : `${waiting} ${waiting === 1 ? 'session waits' : 'sessions wait'}.`,
  );
}

function treeLines(tree: BlockingTree, depth: number): readonly string[] {
  const indent = depth === 0 ? '' : `${'   '.repeat(Math.min(depth, 12) - 1)}└─ `;
  const below = ' '.repeat(indent.length + 2);
  const facts = [
    tree.user === null ? tree.application : `${tree.application || 'unnamed'} as ${tree.user}`,
    tree.database ?? '',
    tree.state ?? '',
    tree.transactionMs === null ? '' : `open ${duration(tree.transactionMs)}`,
    tree.waitingMs === null ? '' : `waiting ${duration(tree.waitingMs)}`,
    tree.isCycle ? 'see above: they wait for each other' : '',
  ].filter((fact) => fact !== '');
  const head = labelled(`${indent}${tree.pid}  `, facts.join(', '));
  const wants = tree.wants === null ? [] : labelled(`${below}wants `, tree.wants);
  const statement =
    tree.isCycle || tree.statement === ''
      ? []
      : labelled(`${below}${tree.state?.startsWith('idle') ? 'ran ' : 'runs '}`, tree.statement).slice(0, 4);
  return [...head, ...wants, ...statement, ...tree.blocks.flatMap((child) => treeLines(child, depth + 1))];
}

async function end(client: Client, pid: number, how: 'cancel' | 'terminate', flags: EndFlags): Promise<void> {
  const target = await findSession(client, pid, { queries: flags.queries === true });
  if (!flags.json) {
    for (const line of treeLines({ ...target, blocks: [], isCycle: false }, 0)) print(line);
  }
  if (target.protection === undefined || flags.force) await confirm(pid, how, flags);
  const isSent = await endSession(client, { pid, how, force: flags.force === true });
  if (flags.json) return printJson({ pid, how, isSent, session: target });
  print(
    isSent
      ? `${how === 'cancel' ? 'Its statement was cancelled' : 'It was ended'}.`
      : 'It had ended by itself.',
  );
}

async function confirm(pid: number, how: string, flags: EndFlags): Promise<void> {
  if (flags.yes) return;
  if (!process.stdin.isTTY) {
    throw new StoaError(
      'locks.not_confirmed',
      `Nobody is here to be asked whether to ${how} process ${pid}.`,
      {
        cure: 'Answer beforehand with --yes.',
        exitCode: exitCodes.refused,
      },
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(
      `${how === 'cancel' ? 'Cancel its statement' : 'End this session'}? [y/N] `,
    );
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    lines.close();
  }
  throw new StoaError('locks.not_confirmed', 'Nothing was done.', { exitCode: exitCodes.refused });
}
