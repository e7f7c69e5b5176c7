import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type LogicalBackup, listBackups, listUnfinished, readEntry } from '../../src/backup/catalog.ts';
import { readContents } from '../../src/backup/logical/contents.ts';
import { createLogicalBackup, type DumpProgress } from '../../src/backup/logical/dump.ts';
import { type RestoreProgress, restoreLogical } from '../../src/backup/logical/restore.ts';
import { openVault } from '../../src/backup/vault.ts';
import { fingerprint } from '../../src/catalog/fingerprint.ts';
import { loadDemo } from '../../src/demo/index.ts';
import { checkInvariants } from '../../src/doctor/invariants.ts';
import { migratedSchemas } from '../../src/migrate/schemas.ts';
import { connect, withDatabase } from '../../src/postgres/connect.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { testDatabase } from '../harness/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-logical-'));
const storage = folderStorage(folder);
const identity = await generateX25519Identity();
const vault = openVault({
  storage,
  recipients: [await identityToRecipient(identity)],
  identities: [identity],
});
/** Cheap on purpose: what is tested is the copy, not the hash. */
const argon2 = { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 };
const serverUrl = inject('serverUrl');
const names: string[] = [];
const source = await testDatabase();

/** A database that does not exist yet. */
function target(): string {
  const name = `stoa_restored_${randomBytes(6).toString('hex')}`;
  names.push(name);
  return withDatabase(serverUrl, name);
}

async function queryAt(url: string, text: string, values: unknown[] = []) {
  const client = await connect(url, 'test');
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function databases(): Promise<string[]> {
  const rows = await queryAt(
    serverUrl,
    "select datname from pg_database where datname like 'stoa_restored_%'",
  );
  return rows.map(({ datname }) => datname).filter((name) => names.some((mine) => name.startsWith(mine)));
}

let backup: LogicalBackup;
beforeAll(async () => {
  await loadDemo({ databaseUrl: source.url, password: 'a password of the demo', argon2 });
  // Three months later: other partitions than those of a database that is made today.
  await source.query(
    `select ops.ensure_partitions(policies.parent, now() + interval '3 months')
     from ops.partition_policies as policies
     join ops.backup_tiers as tiers on tiers.table_name = policies.parent
     where tiers.tier in ('A', 'B')`,
  );
  backup = await createLogicalBackup({ url: source.urlFor('stoa_backup'), vault });
});

afterAll(async () => {
  for (const name of await databases()) await queryAt(serverUrl, `drop database "${name}" with (force)`);
  rmSync(folder, { recursive: true, force: true });
});

/** Rows of all tables of the registry but those that the engine of migrations writes, found without the code under test. */
async function digests(url: string, tiers: string): Promise<Record<string, string>> {
  const tables = await queryAt(
    url,
    `select table_name as name from ops.backup_tiers
     where tier = any($1) and to_regclass(table_name) is not null
       and table_name not in ('ops.pgmigrations', 'ops.schema_migrations', 'ops.migration_steps')`,
    [tiers.split('')],
  );
  const found: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await queryAt(
      url,
      `select md5(coalesce(string_agg(each::text, chr(10) order by each::text collate "C"), '')) as digest from ${name} as each`,
    );
    found[name] = row.digest;
  }
  return found;
}

async function schemaOf(url: string): Promise<string[]> {
  const client = await connect(url, 'test');
  try {
    return (
      (await fingerprint(client, migratedSchemas))
        .map(({ kind, identity, hash }) => `${kind} ${identity} ${hash}`)
        // A partition has the comments that its parent had when it was made, and nobody reads them there.
        .filter((fact) => !fact.startsWith('comment table column parts.'))
    );
  } finally {
    await client.end();
  }
}

describe('a logical backup', () => {
  test('holds every table of its tiers, the history of the schema and where the sequences stand', async () => {
    expect(backup).toMatchObject({ kind: 'logical', tiers: ['A', 'B'], recipients: vault.recipients });
    expect(await readEntry(storage, backup.id)).toEqual(backup);
    expect(await listUnfinished(storage)).toEqual([]);
    const contents = await readContents(vault, backup);
    const rows = await queryAt(
      source.url,
      "select table_name as name from ops.backup_tiers where tier in ('A', 'B') order by 1",
    );
    const engine = ['ops.migration_steps', 'ops.pgmigrations', 'ops.schema_migrations'];
    expect(contents.tables.map(({ name }) => name)).toEqual(
      rows.map(({ name }) => name).filter((name) => !engine.includes(name)),
    );
    const [{ migrations, people }] = await queryAt(
      source.url,
      `select (select count(*)::int from ops.pgmigrations) as migrations, (select count(*)::int from core.users) as people`,
    );
    expect(contents.migrations).toHaveLength(migrations);
    expect(contents.tables.find(({ name }) => name === 'core.users')?.rows).toBe(people);
    expect(contents.sequences.find(({ name }) => name === 'core.users_member_number_seq')?.isCalled).toBe(
      true,
    );
    // What the database computes is not copied, or it could not be loaded.
    expect(JSON.stringify(contents.tables.find(({ name }) => name === 'forums.posts'))).not.toContain(
      'hot_rank',
    );
  });

  test('is of one moment, whatever is committed meanwhile', async () => {
    const before = await queryAt(source.url, 'select count(*)::int as count from core.users');
    let isDone = false;
    const seen: DumpProgress[] = [];
    const other = await createLogicalBackup({
      url: source.urlFor('stoa_backup'),
      vault,
      onProgress(progress) {
        seen.push(progress);
        if (isDone || progress.tables.done > 3) return;
        isDone = true;
        // Tables that come later than the first ones: their rows must not know of this.
        void source.query("update core.settings set value = value where key = 'none'");
        void source.query('insert into core.users (username) values ($1)', ['latecomer']);
      },
    });
    await expect
      .poll(() => queryAt(source.url, 'select count(*)::int as count from core.users'))
      .not.toEqual(before);
    const contents = await readContents(vault, other);
    expect(contents.tables.find(({ name }) => name === 'core.users')?.rows).toBe(before[0].count);
    expect(seen.at(-1)?.tables).toEqual({ done: contents.tables.length - 1, total: contents.tables.length });
    await source.query('delete from core.users where username = $1', ['latecomer']);
  });

  test('that is stopped leaves nothing that looks like one', async () => {
    const known = await listBackups(storage);
    const stop = new AbortController();
    await expect(
      createLogicalBackup({
        url: source.urlFor('stoa_backup'),
        vault,
        signal: stop.signal,
        onProgress: ({ tables }) => {
          if (tables.done === 5) stop.abort(new Error('stopped by a person'));
        },
      }),
    ).rejects.toThrow('stopped by a person');
    expect(await listBackups(storage)).toEqual(known);
    expect(await listUnfinished(storage)).toHaveLength(1);
    await expect
      .poll(() => queryAt(serverUrl, "select from pg_stat_activity where application_name = 'stoa backup'"))
      .toEqual([]);
  });

  test('is refused to a login that does not see everything, and of a database without a schema', async () => {
    await expect(createLogicalBackup({ url: source.urlFor('stoa_worker'), vault })).rejects.toMatchObject({
      code: 'backup.may_not_read',
    });
    await expect(createLogicalBackup({ url: serverUrl, vault })).rejects.toMatchObject({
      code: 'backup.no_schema',
    });
  });
});

describe('a restore', () => {
  test('gives every row of the tiers, the whole schema, and a database that works', async () => {
    const url = target();
    const seen: RestoreProgress[] = [];
    const result = await restoreLogical({
      targetUrl: url,
      vault,
      backup,
      onProgress: (step) => seen.push(step),
    });
    expect(result).toMatchObject({ migrated: [], replaced: undefined });
    expect([...new Set(seen.map(({ step }) => step))]).toEqual([
      'schema',
      'rows',
      'constraints',
      'content',
      'migrations',
      'opening',
    ]);
    expect(seen.at(-1)?.rows).toEqual({ done: result.rows, total: result.rows });

    expect(await digests(url, 'AB')).toEqual(await digests(source.url, 'AB'));
    const schema = await schemaOf(source.url);
    expect((await schemaOf(url)).filter((fact) => !schema.includes(fact))).toEqual([]);
    expect(await schemaOf(url)).toHaveLength(schema.length);
    const [next] = await queryAt(
      url,
      "insert into core.users (username) values ('newcomer') returning member_number",
    );
    const [last] = await queryAt(source.url, 'select max(member_number) as number from core.users');
    expect(BigInt(next.member_number)).toBeGreaterThan(BigInt(last.number));
    await queryAt(url, "delete from core.users where username = 'newcomer'");
    const broken = (await checkInvariants({ databaseUrl: url })).filter(({ state }) => state !== 'holds');
    expect(broken).toEqual([]);
  });

  test('of a backup whose months are those of today refuses a database that holds something, and with permission keeps it beside', async () => {
    const url = target();
    // As the migrations make them, so that they stay.
    const today = await testDatabase();
    const backup = await createLogicalBackup({ url: today.urlFor('stoa_backup'), vault });
    await queryAt(serverUrl, `create database ${new URL(url).pathname.slice(1)}`);
    await queryAt(url, 'create table precious (id int)');
    await expect(restoreLogical({ targetUrl: url, vault, backup })).rejects.toMatchObject({
      code: 'restore.not_empty',
    });
    const { replaced } = await restoreLogical({ targetUrl: url, vault, backup, replace: true });
    names.push(replaced ?? '');
    expect(replaced).toMatch(/^stoa_restored_[0-9a-f]+_before_\d{8}t\d{6}z$/);
    expect(
      await queryAt(withDatabase(serverUrl, replaced ?? ''), 'select count(*)::int from precious'),
    ).toEqual([{ count: 0 }]);
    expect(await queryAt(url, "select to_regclass('public.precious') as gone")).toEqual([{ gone: null }]);
  });

  test('does what must be done before anybody can reach it, and is not there when that fails', async () => {
    const url = target();
    await expect(
      restoreLogical({
        targetUrl: url,
        vault,
        backup,
        beforeOpening: [
          async (work) => {
            expect(await queryAt(work, 'select count(*)::int as count from core.users')).not.toEqual([
              { count: 0 },
            ]);
            await expect(connect(url, 'test')).rejects.toMatchObject({ code: 'database.missing' });
            throw new Error('somebody erased is here');
          },
        ],
      }),
    ).rejects.toThrow('somebody erased is here');
    const mine = new URL(url).pathname.slice(1);
    expect((await databases()).filter((name) => name.startsWith(mine))).toEqual([]);
  });

  test('says so when a copy is damaged, cut short, missing or of another table', async () => {
    const url = target();
    const key = backup.artifacts['forums.posts']?.key ?? '';
    const path = join(folder, key);
    const good = readFileSync(path);
    const flipped = Buffer.from(good);
    flipped.writeUInt8(flipped.readUInt8(good.length - 40) ^ 8, good.length - 40);
    const other = readFileSync(join(folder, backup.artifacts['forums.comments']?.key ?? ''));
    try {
      for (const bytes of [flipped, good.subarray(0, good.length - 100), other, undefined]) {
        if (bytes) writeFileSync(path, bytes);
        else rmSync(path);
        await expect(restoreLogical({ targetUrl: url, vault, backup })).rejects.toMatchObject({
          code: 'backup.damaged',
        });
      }
    } finally {
      writeFileSync(path, good);
    }
    const mine = new URL(url).pathname.slice(1);
    expect((await databases()).filter((name) => name.startsWith(mine))).toEqual([]);
  });

  test('without the key, or with migrations that this release does not have, ends before anything is made', async () => {
    const blind = openVault({ storage, recipients: [], identities: [] });
    await expect(restoreLogical({ targetUrl: target(), vault: blind, backup })).rejects.toMatchObject({
      code: 'backup.no_key',
    });
    await expect(restoreLogical({ targetUrl: target(), vault, backup, root: folder })).rejects.toMatchObject({
      code: expect.stringMatching(/^(restore|migrate|migrations)\./),
    });
  });
});
