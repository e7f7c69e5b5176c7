import { describe, expect, it } from 'vitest';
import { drift, portray } from '../../src/drift/compare.ts';
import { exitCodes } from '../../src/errors.ts';
import { baseline } from '../../src/migrate/baseline.ts';
import { migrateUp } from '../../src/migrate/index.ts';
import { migrationStatus } from '../../src/migrate/status.ts';
import { emptyDatabase, project, session } from './project.ts';

/** Two modules of a history that is quick to replay. */
function history(): ReturnType<typeof project> {
  const files = project();
  files.migration(
    'core/20300101000000_things',
    `create schema core; create table core.things (name text primary key, note text);
     insert into core.things values ('first', 'a'), ('second', 'b');`,
    'drop schema core cascade;',
  );
  files.migration('core/20300102000000_more', 'alter table core.things add column more integer;');
  files.migration('core/20300103000000_later', 'create index things_more_idx on core.things (more);');
  return files;
}

/** A database that has the schema up to a migration, and no ledger. */
async function withoutLedger(root: string, to: string): Promise<string> {
  const databaseUrl = await emptyDatabase();
  await migrateUp({ databaseUrl, root, to });
  const client = await session(databaseUrl);
  await client.query(
    'drop table ops.pgmigrations, ops.schema_migrations, ops.migration_steps; drop schema graphile_worker cascade',
  );
  return databaseUrl;
}

describe('stoa migrate baseline', () => {
  it('records what the database has, runs nothing, and the rest can be applied', async () => {
    const { root } = history();
    const databaseUrl = await withoutLedger(root, '20300102000000');
    const options = { adminUrl: databaseUrl, databaseUrl, root };
    const dry = await baseline({ ...options, to: '20300102000000', dryRun: true });
    expect(dry.recorded).toEqual(['20300101000000_things', '20300102000000_more']);
    const client = await session(databaseUrl);
    expect((await client.query("select to_regclass('ops.pgmigrations') as ledger")).rows).toEqual([
      { ledger: null },
    ]);

    const before = (await client.query('select * from core.things')).rows;
    expect((await baseline({ ...options, to: 'more' })).recorded).toEqual(dry.recorded);
    expect((await client.query('select * from core.things')).rows).toEqual(before);
    const status = await migrationStatus({ databaseUrl, root });
    expect(status.counts).toMatchObject({ applied: 2, pending: 1, edited: 0, missing: 0 });
    expect((await migrateUp({ databaseUrl, root })).applied).toEqual(['20300103000000_later']);

    // Just as if the migrations had made it.
    const made = await emptyDatabase();
    await migrateUp({ databaseUrl: made, root });
    expect(drift(await portray(await session(made)), await portray(client))).toEqual([]);
  });

  it('records the migration that adopted a drift', async () => {
    const files = history();
    const databaseUrl = await emptyDatabase();
    await migrateUp({ databaseUrl, root: files.root });
    const client = await session(databaseUrl);
    await client.query('alter table core.things alter column note set default 0');
    files.migration(
      'core/20300104000000_adopted',
      'alter table core.things alter column note set default 0;',
    );
    const options = { adminUrl: databaseUrl, databaseUrl, root: files.root };
    expect((await baseline(options)).recorded).toEqual(['20300104000000_adopted']);
    expect((await baseline(options)).recorded).toEqual([]);
  });

  it('refuses with what differs, and records nothing', async () => {
    const { root } = history();
    const databaseUrl = await withoutLedger(root, '20300102000000');
    const options = { adminUrl: databaseUrl, databaseUrl, root };
    await expect(baseline(options)).rejects.toMatchObject({
      code: 'migrate.not_like_history',
      exitCode: exitCodes.refused,
      message: expect.stringMatching(
        /up to 20300103000000_later make:\n {2}missing: index core\.things_more_idx/,
      ),
    });
    const client = await session(databaseUrl);
    await client.query("delete from core.things where name = 'second'");
    await expect(baseline({ ...options, to: 'more' })).rejects.toMatchObject({
      message: expect.stringContaining('1 rows missing from core.things, the first is (second)'),
    });
    expect((await client.query("select to_regclass('ops.pgmigrations') as ledger")).rows).toEqual([
      { ledger: null },
    ]);
  });

  it('refuses an empty database, and a version that there is not', async () => {
    const { root } = history();
    const databaseUrl = await emptyDatabase();
    const options = { adminUrl: databaseUrl, databaseUrl, root };
    await expect(baseline(options)).rejects.toMatchObject({ code: 'migrate.nothing_to_adopt' });
    await expect(baseline({ ...options, to: 'nowhere' })).rejects.toMatchObject({
      code: 'migrate.unknown',
      exitCode: exitCodes.usage,
    });
  });
});
