import { describe, expect, it } from 'vitest';
import { withMigrationLock } from '../../src/migrate/lock.ts';
import { openSession } from '../../src/migrate/session.ts';
import { migrateUp } from '../../src/migrate/up.ts';
import { EventLog, emptyDatabase, project, session } from './project.ts';

/** A database with a filled table `core.a`, and a file that needs ACCESS EXCLUSIVE on it. */
async function contested(): Promise<{ databaseUrl: string; root: string }> {
  const { root, migration } = project();
  const databaseUrl = await emptyDatabase();
  migration('core/20300101000000_a', 'create schema core; create table core.a (id int);');
  await migrateUp({ databaseUrl, root });
  migration(
    'core/20300102000000_b',
    'create table core.before (id int);\nalter table core.a add column b int;',
  );
  return { databaseUrl, root };
}

const impatient = { canaryLockTimeoutMs: 400, lockTimeoutMs: 400, firstPauseMs: 50, longestPauseMs: 100 };

describe('a statement that does not get its lock', () => {
  it('names who is in the way, rolls the file back, and tries again until it succeeds', async () => {
    const { databaseUrl, root } = await contested();
    const reader = await session(databaseUrl, 'long report');
    await reader.query('begin; select count(*) from core.a');
    const { rows } = await reader.query<{ pid: number }>('select pg_backend_pid() as pid');

    const log = new EventLog();
    const run = migrateUp({ databaseUrl, root, onEvent: log.listen, patience: impatient });
    const retry = await log.first('retry');
    expect(retry).toMatchObject({ attempt: 1, reason: 'the lock was not to be had in time' });
    expect(retry.blockers).toMatchObject([
      { pid: rows[0]?.pid, application: 'stoa long report', state: 'idle in transaction', holds: 'lock' },
    ]);
    expect(log.of('blocked')[0]?.place).toMatchObject({ statement: 2, kind: 'alter table', line: 6 });
    // Between two tries nothing is held and nothing of the file is there.
    const onlooker = await session(databaseUrl);
    expect((await onlooker.query("select to_regclass('core.before') as found")).rows).toEqual([
      { found: null },
    ]);

    await reader.query('commit');
    expect((await run).applied).toEqual(['20300102000000_b']);
  });

  it('gives up after its tries and shows the blocker with its query', async () => {
    const { databaseUrl, root } = await contested();
    const reader = await session(databaseUrl, 'long report');
    await reader.query('begin');
    await reader.query('select count(*) /* of everything */ from core.a');
    const failed = migrateUp({ databaseUrl, root, patience: { ...impatient, tries: 2 } });
    await expect(failed).rejects.toMatchObject({ code: 'migrate.statement_failed', exitCode: 7 });
    await expect(failed).rejects.toThrow(
      /Tried 2 times\.\nIn the way: pid \d+, application "stoa long report".*\n.*of everything/,
    );
  });

  it('tries again when it loses a deadlock', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration(
      'core/20300101000000_a',
      'create schema core; create table core.a (id int); create table core.b (id int);',
    );
    await migrateUp({ databaseUrl, root });
    migration('core/20300102000000_b', 'lock table core.a; lock table core.b;');
    const other = await session(databaseUrl);
    // The migrator is the one that looks for deadlocks first, and so the one that is ended.
    await other.query("set deadlock_timeout = '60s'; begin; lock table core.b");
    const log = new EventLog();
    const run = migrateUp({
      databaseUrl,
      root,
      onEvent: log.listen,
      patience: { ...impatient, canaryLockTimeoutMs: 30_000, lockTimeoutMs: 30_000 },
    });
    await log.first('blocked');
    await other.query('lock table core.a; commit');
    expect((await run).applied).toHaveLength(1);
    expect(log.of('retry')[0]?.reason).toBe('it lost a deadlock');
  });
});

describe('the migration lock', () => {
  it('makes a second migrator wait, and tells for whom', async () => {
    const { databaseUrl, root } = await contested();
    const holder = await openSession(databaseUrl);
    const log = new EventLog();
    let isReleased = false;
    let run: Promise<{ applied: string[] }> | undefined;
    try {
      await withMigrationLock(holder.worker, { onEvent: () => undefined, waitMs: 0 }, async () => {
        run = migrateUp({ databaseUrl, root, onEvent: log.listen });
        run.finally(() => expect(isReleased).toBe(true)).catch(() => undefined);
        const waiting = await log.first('waiting');
        expect(waiting.holder).toMatchObject({ pid: holder.workerPid, application: 'stoa migrate' });
        expect(waiting.holder?.user).toBe(new URL(databaseUrl).username);
        isReleased = true;
      });
    } finally {
      await holder.close();
    }
    expect((await run)?.applied).toHaveLength(1);
  });

  it('is not waited for longer than allowed', async () => {
    const { databaseUrl, root } = await contested();
    const holder = await openSession(databaseUrl);
    try {
      await withMigrationLock(holder.worker, { onEvent: () => undefined, waitMs: 0 }, async () => {
        const failed = migrateUp({ databaseUrl, root, patience: { migratorWaitMs: 0 } });
        await expect(failed).rejects.toMatchObject({ code: 'migrate.locked', exitCode: 7 });
        await expect(failed).rejects.toThrow(`pid ${holder.workerPid}, application "stoa migrate"`);
      });
    } finally {
      await holder.close();
    }
  });

  it('belongs to one database: another one is migrated meanwhile', async () => {
    const { databaseUrl } = await contested();
    const other = await contested();
    const holder = await openSession(databaseUrl);
    try {
      await withMigrationLock(holder.worker, { onEvent: () => undefined, waitMs: 0 }, async () => {
        expect((await migrateUp(other)).applied).toHaveLength(1);
      });
    } finally {
      await holder.close();
    }
  });
});
