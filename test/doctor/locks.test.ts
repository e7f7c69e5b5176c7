import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endSession, findSession, readLocks } from '../../src/doctor/locks.ts';
import { withoutLiterals } from '../../src/doctor/without-literals.ts';
import { exitCodes } from '../../src/errors.ts';
import { connect, withDatabase } from '../../src/postgres/connect.ts';
import { prepareDatabase } from '../../src/postgres/prepare.ts';
import { type ScratchServer, startScratchServer } from '../../src/postgres/scratch.ts';
import { temporaryProject } from '../harness/installation.ts';

/** A server of its own: nobody else waits on it. */
let server: ScratchServer;
let url: string;
let doctor: Client;
const folder = await temporaryProject();
beforeAll(async () => {
  server = await startScratchServer({ isOpen: true });
  await prepareDatabase(server.url, 'locked');
  url = withDatabase(server.url, 'locked');
  doctor = await connect(url, 'doctor');
  await doctor.query('create table notes (id int primary key, text text)');
  await doctor.query("insert into notes values (1, 'x')");
});
afterAll(async () => {
  await doctor.end();
  await server.stop();
});

interface Chain {
  readonly pids: readonly number[];
  release(): Promise<readonly string[]>;
}

async function pidOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

/** One that holds a row, one that waits for it and wants the table, and one that waits for the second. */
async function chain(): Promise<Chain> {
  const clients = await Promise.all(['holder', 'migrator', 'reader'].map((name) => connect(url, name)));
  const [holder, migrator, reader] = clients;
  if (!holder || !migrator || !reader) throw new Error('three connections');
  const pids = await Promise.all(clients.map(pidOf));
  await holder.query("begin; update notes set text = 'a secret' where id = 1");
  const outcomes: Promise<string>[] = [];
  const run = (client: Client, sql: string): void => {
    outcomes.push(
      client.query(sql).then(
        () => 'done',
        (error: Error) => error.message,
      ),
    );
  };
  run(migrator, 'alter table notes add column more int');
  await expect.poll(async () => (await readLocks(doctor)).waiting).toBe(1);
  run(reader, 'select * from notes where id = 7');
  await expect.poll(async () => (await readLocks(doctor)).waiting).toBe(2);
  return {
    pids,
    async release() {
      await holder.query('rollback').catch(() => undefined);
      const told = await Promise.all(outcomes);
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      await doctor.query('alter table notes drop column if exists more');
      return told;
    },
  };
}

describe('the tree of locks', () => {
  it('has who blocks above who waits, with what they want and without the values of their statements', async () => {
    const { pids, release } = await chain();
    const { trees, waiting } = await readLocks(doctor);
    expect(waiting).toBe(2);
    expect(trees).toMatchObject([
      {
        pid: pids[0],
        application: 'stoa holder',
        state: 'idle in transaction',
        wants: null,
        statement: 'begin; update notes set text = ? where id = ?',
        blocks: [
          {
            pid: pids[1],
            wants: 'AccessExclusiveLock on notes',
            statement: 'alter table notes add column more int',
            blocks: [{ pid: pids[2], wants: 'AccessShareLock on notes', blocks: [] }],
          },
        ],
      },
    ]);
    expect(trees[0]?.blocks[0]?.waitingMs).toBeGreaterThanOrEqual(0);
    const shown = await readLocks(doctor, { queries: true });
    expect(shown.trees[0]?.statement).toContain("'a secret'");

    const env = { DATABASE_URL: url };
    const printed = await folder.run(['locks'], env);
    expect(printed.code).toBe(exitCodes.checkFailed);
    expect(printed.stdout).toMatch(
      new RegExp(`^${pids[0]}  stoa holder as postgres.*\\n.*\\n└─ ${pids[1]}  stoa migrator`, 'm'),
    );
    expect(printed.stdout).not.toContain('secret');
    for (const line of printed.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);

    const refused = await folder.run(['locks', 'cancel', String(pids[1])], env);
    expect(refused).toMatchObject({ code: exitCodes.refused });
    expect(refused.stderr).toContain('Answer beforehand with --yes');
    const done = await folder.run(['locks', 'cancel', String(pids[1]), '--yes'], env);
    expect(done).toMatchObject({ code: exitCodes.ok });
    expect(done.stdout).toContain('stoa migrator as postgres');
    expect(await release()).toEqual(['canceling statement due to user request', 'done']);
    expect(JSON.parse((await folder.run(['locks', '--json'], env)).stdout)).toEqual({
      trees: [],
      waiting: 0,
    });
  });

  it('loses a session that is terminated', async () => {
    const { pids, release } = await chain();
    expect(await endSession(doctor, { pid: pids[0] ?? 0, how: 'terminate' })).toBe(true);
    expect(await release()).toEqual(['done', 'done']);
  });
});

describe('watching', () => {
  it('prints what it sees until it is interrupted', async () => {
    const watching = folder.start(['locks', '--watch', '--json', '--interval', '1'], { DATABASE_URL: url });
    await watching.says(/"waiting":0\}/);
    watching.kill('SIGINT');
    expect(await watching.ended).toMatchObject({ code: exitCodes.ok, stderr: '' });
  });
});

describe('ending a session', () => {
  it('is refused for backups and for processes of the server, unless that is insisted on', async () => {
    const backup = await connect(url, 'backup base');
    const pid = await pidOf(backup);
    expect((await findSession(doctor, pid)).protection).toContain('a backup of Stoa');
    await expect(endSession(doctor, { pid, how: 'terminate' })).rejects.toMatchObject({
      code: 'locks.protected',
      exitCode: exitCodes.refused,
    });
    expect(await endSession(doctor, { pid, how: 'terminate', force: true })).toBe(true);

    const { rows } = await doctor.query<{ pid: number }>(
      "select pid from pg_stat_activity where backend_type = 'checkpointer'",
    );
    await expect(endSession(doctor, { pid: rows[0]?.pid ?? 0, how: 'cancel' })).rejects.toMatchObject({
      code: 'locks.protected',
    });
  });

  it.each([
    [['cancel', 'x'], exitCodes.usage, 'number of a process'],
    [['terminate', '2147483647', '--yes'], exitCodes.usage, 'No other session'],
  ])('refuses %j', async (args, code, message) => {
    const outcome = await folder.run(['locks', ...args], { DATABASE_URL: url });
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(message);
  });
});

describe('a statement without its values', () => {
  it.each([
    [
      "select 'it''s' , 12.5e3, $1, \"a 1\", t1 from x -- 'c'\n where y = E'\\'z'",
      'select ?, ?, $1, "a 1", t1 from x where y = ?',
    ],
    ["do $a$ begin secret('x'); end $a$", 'do ?'],
    ["update t set a = 'cut of", 'update t set a = ?'],
    ['select /* 1 */ 2', 'select ?'],
  ])('%s', (sql, expected) => {
    expect(withoutLiterals(sql).replaceAll(' ,', ',')).toBe(expected);
  });
});
