import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBaseBackup, createIncrement } from '../../src/backup/base/create.ts';
import type { LogicalBackup } from '../../src/backup/catalog.ts';
import { findParent } from '../../src/backup/increment/parent.ts';
import { createLogicalBackup } from '../../src/backup/logical/dump.ts';
import { restoreLogical } from '../../src/backup/logical/restore.ts';
import { type AfterRecoveryHook, afterRecoveryHooks } from '../../src/backup/restore/hooks.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import { openVault } from '../../src/backup/vault.ts';
import { loadDemo } from '../../src/demo/index.ts';
import { migrateUp } from '../../src/migrate/index.ts';
import { connect, withDatabase } from '../../src/postgres/connect.ts';
import { prepareDatabase } from '../../src/postgres/prepare.ts';
import { erasePeople } from '../../src/privacy/erasure.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { contentOfOthers } from '../privacy/community.ts';
import { startSource } from './source.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-erasures-'));
const source = await startSource(18);
afterAll(async () => {
  await source.remove();
  rmSync(root, { recursive: true, force: true });
});
const url = withDatabase(source.url, 'stoa');
const uploads = folderStorage(join(root, 'uploads'));
const vault = openVault({ storage: folderStorage(join(root, 'backups')), recipients: [], identities: [] });

interface Person {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string;
}

/** What is there of somebody, and of everybody else. */
async function seenBy(client: Pick<Client, 'query'>, person: Person) {
  const { rows } = await client.query(
    `select
       (select erased_at is not null from core.users where id = $1) as is_erased,
       (select count(*)::int from core.users as target
        where strpos(lower(target::text), lower($2)) > 0 or strpos(target::text, $3) > 0) as in_users,
       (select count(*)::int from auth.accounts as target where strpos(lower(target::text), lower($4)) > 0) as in_accounts,
       (select count(*)::int from audit.erasures where user_id = $1 and certificate is not null) as certificates`,
    [person.id, person.username, person.displayName, person.email],
  );
  const others = await client.query(
    `select
       (select md5(string_agg(concat_ws(' ', id, username, display_name, role, inserted_at), '|' order by id))
        from core.users where id <> $1) as users,
       (select md5(string_agg(target::text, '|' order by user_id)) from auth.accounts as target where user_id <> $1) as accounts`,
    [person.id],
  );
  const content = await contentOfOthers(
    (text: string, values?: readonly unknown[]) =>
      client.query(text, values === undefined ? [] : [...values]),
    [person.id],
    new Date('2026-11-02T00:00:00Z'),
  );
  return { person: rows[0], others: { ...others.rows[0], content } };
}

let person: Person;
let before: Awaited<ReturnType<typeof seenBy>>;
let base: string;
let increment: string;
let logical: LogicalBackup;

beforeAll(async () => {
  await prepareDatabase(source.url, 'stoa');
  await migrateUp({ databaseUrl: url });
  await loadDemo({
    databaseUrl: url,
    password: 'a demo of erasure',
    argon2: { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 },
    scale: 0.3,
    now: new Date('2026-11-01T12:00:00Z'),
  });
  const client = await connect(url, 'test');
  try {
    const { rows } = await client.query<{ id: string; username: string; display_name: string }>(
      `select id, username::text, display_name from core.users
       where not is_system and role = 'user' and not core.owns_things(id) order by member_number limit 1`,
    );
    const [found] = rows;
    if (found === undefined) throw new Error('everybody owns something');
    person = {
      id: found.id,
      username: found.username,
      displayName: found.display_name,
      email: 'somebody.to.forget@mail.example',
    };
    await client.query(
      `insert into auth.accounts (user_id, email, password_hash) values ($1, $2, '$argon2id$x')
       on conflict (user_id) do update set email = excluded.email`,
      [person.id, person.email],
    );
    const whole = await createBaseBackup({ url: source.url, vault, hasIndex: true });
    base = whole.id;
    const { parent, reason } = await findParent(vault, whole);
    if (parent === undefined) throw new Error(reason);
    increment = (await createIncrement({ url: source.url, vault }, parent)).id;
    logical = await createLogicalBackup({ url, vault });
    before = await seenBy(client, person);
    const { rows: made } = await client.query<{ id: string }>(
      "select audit.operator_request($1, 'erase', 'asked for it') as id",
      [person.id],
    );
    const [outcome] = await erasePeople(client, { uploads, ledger: vault.storage }, [made[0]?.id ?? '']);
    expect(outcome?.certificate).toBeDefined();
  } finally {
    await client.end();
  }
});

/** What the hooks find, and what they leave. */
async function around(client: Client, hooks: readonly AfterRecoveryHook[], warn: (text: string) => void) {
  const found = await seenBy(client, person);
  for (const hook of hooks) await hook.run(client, warn);
  return { found, left: await seenBy(client, person) };
}

describe('somebody who was erased after a backup', () => {
  const gone = { is_erased: true, in_users: 0, in_accounts: 0, certificates: 1 };

  test.each(['base', 'increment'] as const)('is absent from what is restored of the %s', async (kind) => {
    const warnings: string[] = [];
    const seen: Awaited<ReturnType<typeof around>>[] = [];
    const result = await restore({
      vault,
      into: join(root, kind),
      target: { kind: 'backup' },
      backup: kind === 'base' ? base : increment,
      postgresPort: 1,
      durable: false,
      afterRecovery: [
        {
          name: 'erasures',
          run: async (client, warn) =>
            void seen.push(await around(client, afterRecoveryHooks({ vault }), warn)),
        },
      ],
    });
    warnings.push(...result.warnings.filter((text) => text.includes('ledger')));
    // They had come back, and the others are as they were.
    expect(seen).toEqual([{ found: before, left: { person: gone, others: before.others } }]);
    expect(before.person).toMatchObject({ is_erased: false, in_users: 1, in_accounts: 1, certificates: 0 });
    expect(warnings).toEqual([]);
  });

  test('is absent from what is restored of a logical backup, before anybody can reach it', async () => {
    const seen: Awaited<ReturnType<typeof around>>[] = [];
    const targetUrl = withDatabase(source.url, 'restored');
    await restoreLogical({
      targetUrl,
      vault,
      backup: logical,
      beforeOpening: [
        async (workUrl) => {
          const client = await connect(workUrl, 'test');
          try {
            seen.push(await around(client, afterRecoveryHooks({ vault }), () => {}));
          } finally {
            await client.end();
          }
        },
      ],
    });
    expect(seen).toEqual([{ found: before, left: { person: gone, others: before.others } }]);
    const client = await connect(targetUrl, 'test');
    try {
      expect((await seenBy(client, person)).person).toEqual(gone);
    } finally {
      await client.end();
    }
  });
});
