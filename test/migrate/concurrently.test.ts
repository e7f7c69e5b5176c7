import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { migrationStatus } from '../../src/migrate/status.ts';
import { migrateUp } from '../../src/migrate/up.ts';
import { EventLog, emptyDatabase, type Project, project, session } from './project.ts';

interface Line {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A real process, so that it can be killed and can meet another one. */
class MigratorProcess {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  readonly #closed: Promise<unknown>;
  readonly #waiting: { type: string; resolve: (line: Line) => void }[] = [];

  constructor(databaseUrl: string, root: string) {
    const script = new URL('migrator-process.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, databaseUrl, root], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    this.#closed = once(child, 'close');
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line: Line = JSON.parse(text);
      this.lines.push(line);
      for (const each of this.#waiting.filter(({ type }) => type === line.type)) each.resolve(line);
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
  }

  async first(type: string): Promise<Line> {
    const found = this.lines.find((line) => line.type === type);
    return found ?? new Promise((resolve) => this.#waiting.push({ type, resolve }));
  }

  async end(): Promise<Line[]> {
    await this.#closed;
    return this.lines;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
  }
}

/** `core.a` with rows; what comes next is up to the test. */
async function filledTable(): Promise<{ databaseUrl: string; files: Project; root: string; client: Client }> {
  const files = project();
  const databaseUrl = await emptyDatabase();
  files.migration(
    'core/20300101000000_table',
    'create schema core; create table core.a (id int, name text); insert into core.a select i, i::text from generate_series(1, 1000) as i;',
  );
  await migrateUp({ databaseUrl, root: files.root });
  return { databaseUrl, files, root: files.root, client: await session(databaseUrl) };
}

/** A session that has read something and stays in its transaction, as a long report does. */
async function openSnapshot(databaseUrl: string): Promise<Client> {
  const reader = await session(databaseUrl, 'nightly report');
  await reader.query('begin isolation level repeatable read');
  await reader.query('select 1');
  return reader;
}

async function indexes(client: Client): Promise<unknown[]> {
  const { rows } = await client.query(
    `select indexrelid::regclass::text as name, indisvalid as valid
     from pg_index where indrelid = 'core.a'::regclass order by 1`,
  );
  return rows;
}

const twoIndexes =
  'create index concurrently a_id on core.a (id);\n-- æ\ncreate index concurrently a_name on core.a (name);';

describe('create index concurrently', () => {
  it('waits for an open snapshot, names who holds it, and ends valid, twice in one file', async () => {
    const { databaseUrl, files, root, client } = await filledTable();
    files.migration(
      'core/20300102000000_indexes',
      twoIndexes,
      'drop index concurrently core.a_name; drop index concurrently core.a_id;',
    );
    const reader = await openSnapshot(databaseUrl);
    const { rows } = await reader.query<{ pid: number }>('select pg_backend_pid() as pid');

    const log = new EventLog();
    const run = migrateUp({ databaseUrl, root, onEvent: log.listen });
    const blocked = await log.first('blocked');
    expect(blocked.blockers).toMatchObject([
      {
        pid: rows[0]?.pid,
        application: 'stoa nightly report',
        holds: 'snapshot',
        state: 'idle in transaction',
      },
    ]);
    expect(blocked.place).toMatchObject({ statement: 1, kind: 'create index concurrently' });
    expect(await indexes(client)).toEqual([{ name: 'core.a_id', valid: false }]);

    await reader.query('commit');
    expect((await run).applied).toEqual(['20300102000000_indexes']);
    expect(await indexes(client)).toEqual([
      { name: 'core.a_id', valid: true },
      { name: 'core.a_name', valid: true },
    ]);
    expect((await client.query('select * from ops.migration_steps')).rows).toEqual([]);
    const { rows: known } = await client.query(
      "select transactional from ops.schema_migrations where name = 'indexes'",
    );
    expect(known).toEqual([{ transactional: false }]);
  });

  it('goes on after a migrator that was killed inside it, and rebuilds what was left invalid', async () => {
    const { databaseUrl, files, root, client } = await filledTable();
    files.migration(
      'core/20300102000000_indexes',
      `create index concurrently a_first on core.a (id, name);\n${twoIndexes}`,
    );
    const reader = await openSnapshot(databaseUrl);
    const victim = new MigratorProcess(databaseUrl, root);
    await victim.first('blocked');
    await victim.kill();
    // The server notices that nobody is there any more, and ends the statement and with it the lock.
    const migrators =
      "select from pg_stat_activity where application_name = 'stoa migrate' and datname = current_database()";
    await expect.poll(async () => (await client.query(migrators)).rowCount, { timeout: 20_000 }).toBe(0);
    expect(await indexes(client)).toEqual([{ name: 'core.a_first', valid: false }]);
    expect(await migrationStatus({ databaseUrl, root })).toMatchObject({
      unfinished: [{ migration: '20300102000000_indexes', statement: 1 }],
      invalidIndexes: ['core.a_first'],
    });
    await reader.query('rollback');

    const log = new EventLog();
    await migrateUp({ databaseUrl, root, onEvent: log.listen });
    expect(log.of('recovered')).toMatchObject([{ object: 'index core.a_first' }]);
    expect(await indexes(client)).toEqual([
      { name: 'core.a_first', valid: true },
      { name: 'core.a_id', valid: true },
      { name: 'core.a_name', valid: true },
    ]);
    expect(await migrationStatus({ databaseUrl, root })).toMatchObject({
      unfinished: [],
      invalidIndexes: [],
    });
  });

  it('does not run again what an interrupted run has finished', async () => {
    const { databaseUrl, files, root, client } = await filledTable();
    const bad = 'create index concurrently a_bad on core.a (missing);';
    files.migration(
      'core/20300102000000_indexes',
      `insert into core.a values (-1, 'once');\n${twoIndexes}\n${bad}`,
    );
    await expect(migrateUp({ databaseUrl, root })).rejects.toThrow('20300102000000_indexes.sql:9:');
    expect((await migrationStatus({ databaseUrl, root })).unfinished).toMatchObject([
      { migration: '20300102000000_indexes', direction: 'up', statement: 4 },
    ]);

    // What is done must stay as it was; what failed may be corrected.
    files.migration(
      'core/20300102000000_indexes',
      `insert into core.a values (-2, 'once');\n${twoIndexes}\n${bad}`,
    );
    await expect(migrateUp({ databaseUrl, root })).rejects.toMatchObject({ code: 'migrate.edited_step' });
    files.migration(
      'core/20300102000000_indexes',
      `insert into core.a values (-1, 'once');\n${twoIndexes}\ncreate index concurrently a_good on core.a (name, id);`,
    );
    const log = new EventLog();
    await migrateUp({ databaseUrl, root, onEvent: log.listen });
    expect(log.of('statementSkipped').map(({ place }) => place.statement)).toEqual([1, 2, 3]);
    expect(log.of('warning')[0]?.message).toContain('concurrent statements stand beside others');
    expect((await client.query("select count(*)::int as n from core.a where name = 'once'")).rows).toEqual([
      { n: 1 },
    ]);
    expect(await indexes(client)).toHaveLength(3);
  });

  it('leaves no invalid index behind when it fails for good', async () => {
    const { databaseUrl, files, root, client } = await filledTable();
    await client.query("insert into core.a values (1, 'twice')");
    files.migration('core/20300102000000_indexes', 'create unique index concurrently a_id on core.a (id);');
    const log = new EventLog();
    await expect(migrateUp({ databaseUrl, root, onEvent: log.listen })).rejects.toThrow(
      'could not create unique index',
    );
    expect(log.of('recovered')).toMatchObject([{ object: 'index core.a_id' }]);
    expect(await indexes(client)).toEqual([]);
  });

  it('replaces an invalid index of the same name, and fails on a valid one that is not its own', async () => {
    const { databaseUrl, files, root, client } = await filledTable();
    await client.query("insert into core.a values (1, 'twice')");
    await expect(client.query('create unique index concurrently a_id on core.a (id)')).rejects.toThrow();
    await client.query('create index a_name on core.a (name, id)');
    expect(await indexes(client)).toContainEqual({ name: 'core.a_id', valid: false });
    files.migration('core/20300102000000_indexes', twoIndexes);
    await expect(migrateUp({ databaseUrl, root })).rejects.toThrow('relation "a_name" already exists');
    expect(await indexes(client)).toEqual([
      { name: 'core.a_id', valid: true },
      { name: 'core.a_name', valid: true },
    ]);
  });

  it('is given up when others hold it up for longer than allowed', async () => {
    const { databaseUrl, files, root, client } = await filledTable();
    files.migration('core/20300102000000_indexes', twoIndexes);
    const reader = await openSnapshot(databaseUrl);
    const failed = migrateUp({ databaseUrl, root, patience: { concurrentWaitMs: 300 } });
    await expect(failed).rejects.toThrow(/In the way: pid \d+, application "stoa nightly report"/);
    await reader.query('commit');
    await migrateUp({ databaseUrl, root });
    expect(await indexes(client)).toHaveLength(2);
  });
});

describe('two migrators at once', () => {
  it('one waits for the other and says for whom; neither deadlocks, though indexes are built concurrently', async () => {
    const { databaseUrl, files, root, client } = await filledTable();
    files.migration('core/20300102000000_indexes', twoIndexes);
    const reader = await openSnapshot(databaseUrl);
    const first = new MigratorProcess(databaseUrl, root);
    await first.first('blocked');
    const second = new MigratorProcess(databaseUrl, root);
    const waiting = await second.first('waiting');
    expect(waiting).toMatchObject({ holder: { application: 'stoa migrate' } });
    // Long enough for the server to look for deadlocks.
    await sleep(1_500);
    await reader.query('commit');

    const [ofFirst, ofSecond] = [await first.end(), await second.end()];
    expect(ofFirst.at(-1)).toEqual({ type: 'result', applied: ['20300102000000_indexes'] });
    expect(ofSecond.at(-1)).toEqual({ type: 'result', applied: [] });
    expect([...ofFirst, ...ofSecond].filter(({ type }) => type === 'retry')).toEqual([]);
    expect(await indexes(client)).toEqual([
      { name: 'core.a_id', valid: true },
      { name: 'core.a_name', valid: true },
    ]);
  });

  it('started in the same moment, they share one history', async () => {
    const { databaseUrl, files, root } = await filledTable();
    files.migration('core/20300102000000_indexes', twoIndexes);
    const both = [new MigratorProcess(databaseUrl, root), new MigratorProcess(databaseUrl, root)];
    const results = await Promise.all(both.map((each) => each.end()));
    expect(results.map((lines) => lines.at(-1)?.['applied']).sort()).toEqual([
      [],
      ['20300102000000_indexes'],
    ]);
  });
});

describe('other statements that cannot run inside a transaction', () => {
  it('drops concurrently, vacuums, reindexes and detaches, and goes back the same way', async () => {
    const { databaseUrl, files, root, client } = await filledTable();
    files.migration(
      'core/20300102000000_ground',
      `create index a_id on core.a (id);
       create table core.p (id int) partition by range (id);
       create table core.p1 partition of core.p for values from (1) to (10);`,
    );
    files.migration(
      'core/20300103000000_work',
      `reindex index concurrently core.a_id;
       vacuum core.a;
       alter table core.p detach partition core.p1 concurrently;
       drop index concurrently core.a_id;`,
    );
    await migrateUp({ databaseUrl, root });
    expect(await indexes(client)).toEqual([]);
    const { rows } = await client.query(
      "select relispartition from pg_class where oid = 'core.p1'::regclass",
    );
    expect(rows).toEqual([{ relispartition: false }]);
  });

  it('finishes a detachment that was cut off', async () => {
    const { databaseUrl, files, root, client } = await filledTable();
    files.migration(
      'core/20300102000000_ground',
      `create table core.p (id int) partition by range (id);
       create table core.p1 partition of core.p for values from (1) to (10);`,
    );
    await migrateUp({ databaseUrl, root });
    files.migration('core/20300103000000_work', 'alter table core.p detach partition core.p1 concurrently;');
    const reader = await openSnapshot(databaseUrl);
    await reader.query('select * from core.p');
    const victim = new MigratorProcess(databaseUrl, root);
    await victim.first('blocked');
    await victim.kill();
    await reader.query('commit');
    await migrateUp({ databaseUrl, root });
    const { rows } = await client.query(
      "select count(*)::int as n from pg_inherits where inhparent = 'core.p'::regclass",
    );
    expect(rows).toEqual([{ n: 0 }]);
  });
});
