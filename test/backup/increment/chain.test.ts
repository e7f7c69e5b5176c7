import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBaseBackup, createIncrement, deltaArtifact } from '../../../src/backup/base/create.ts';
import {
  listBackups,
  listUnfinished,
  type PhysicalBackup,
  removeEntry,
  writeEntry,
} from '../../../src/backup/catalog.ts';
import { chooseDrill, type DrillChoice } from '../../../src/backup/drill/choose.ts';
import { runDrill } from '../../../src/backup/drill/drill.ts';
import { capturePoint, storePoint } from '../../../src/backup/drill/point.ts';
import type { DrillReport } from '../../../src/backup/drill/report.ts';
import { restoreInto } from '../../../src/backup/drill/restorer.ts';
import { keptIndexes } from '../../../src/backup/increment/kept-index.ts';
import { findParent } from '../../../src/backup/increment/parent.ts';
import { restore } from '../../../src/backup/restore/restore.ts';
import type { RecoveryTarget } from '../../../src/backup/restore/target.ts';
import { openVault } from '../../../src/backup/vault.ts';
import { verifyBackup } from '../../../src/backup/verify.ts';
import { connect } from '../../../src/postgres/connect.ts';
import { folderStorage } from '../../../src/storage/folder.ts';
import {
  archiveFinished,
  contentThrough,
  fillSource,
  parentNow,
  startSource,
  systemIdentifierOf,
} from '../source.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-chain-'));
const source = await startSource(18, { wal_keep_size: '1GB' });
afterAll(async () => {
  await source.remove();
  rmSync(root, { recursive: true, force: true });
});
const identity = await generateX25519Identity();
const storage = folderStorage(join(root, 'backups'));
const vault = openVault({
  storage,
  recipients: [await identityToRecipient(identity)],
  identities: [identity],
});

async function restored(target: RecoveryTarget) {
  const into = join(root, randomUUID());
  let content: Record<string, string> = {};
  let wronglyVisible: unknown;
  const look = {
    name: 'look',
    async run(client: Client) {
      content = await contentThrough(client);
      await client.query('create extension pg_visibility');
      const { rows } = await client.query("select count(*)::int as n from pg_check_visible('accounts')");
      wronglyVisible = rows[0]?.n;
    },
  };
  try {
    const result = await restore({
      vault,
      into,
      target,
      postgresPort: 1,
      afterRecovery: [look],
      durable: false,
    });
    return { result, content, wronglyVisible };
  } finally {
    // Nothing starts from what is not whole.
    if (existsSync(into)) {
      expect(existsSync(join(into, 'restoring.json'))).toBe(content['public.accounts'] === undefined);
    }
    rmSync(into, { recursive: true, force: true });
  }
}

const drilled = (choice: DrillChoice): Promise<DrillReport> =>
  runDrill({
    vault,
    choice,
    restoreInto,
    database: 'postgres',
    stoaVersion: '0.1.0',
    freshnessSeconds: 600,
    isDeep: false,
  });

let base: PhysicalBackup;
let first: PhysicalBackup;
let second: PhysicalBackup;
let atSecond: Record<string, string>;
let atLast: Record<string, string>;

// One life: a base; work of every kind with an increment while somebody writes; more of it; and what only the log has.
beforeAll(async () => {
  await fillSource(source);
  await source.sql('create table short_lived as select n from generate_series(1, 20000) as n');
  await source.sql('create database other');
  await source.sql('vacuum freeze accounts');
  base = await createBaseBackup({ url: source.url, vault, hasIndex: true });

  await source.sql(`update accounts set balance = balance + 1 where id % 50 = 0`);
  await source.sql('delete from accounts where id > 50000');
  await source.sql('vacuum accounts');
  await source.sql('drop table short_lived');
  await source.sql('drop database other');
  await source.sql('create table new_one as select n, md5(n::text) from generate_series(1, 5000) as n');
  let isOver = false;
  const writer = await connect(source.url, 'test');
  const writing = (async () => {
    while (!isOver) await writer.query("insert into moments (said) values (repeat('meanwhile', 20))");
  })();
  first = await createIncrement({ url: source.url, vault }, await parentNow(source, vault));
  isOver = true;
  await writing;
  await writer.end();

  await source.sql('truncate new_one');
  await source.sql("update accounts set note = 'changed' where id < 100");
  await source.sql('create index on accounts (balance)');
  await source.sql('create table newest as select n from generate_series(1, 1000) as n');
  second = await createIncrement(
    { url: source.url, vault, label: 'the second' },
    await parentNow(source, vault),
  );
  atSecond = await source.read();

  await source.sql("insert into moments (said) values ('before the point')");
  const noted = ['public.accounts', 'public.moments'];
  await storePoint(vault, await capturePoint({ url: source.url, tables: noted }));
  await source.sql("insert into moments (said) values ('only in the log')");
  await source.sql('drop table newest');
  await archiveFinished(source, vault, await systemIdentifierOf(source));
  atLast = await source.read();
});

describe('a chain of increments', () => {
  test('holds each over the one before, and little of what did not change', async () => {
    expect(first).toMatchObject({ kind: 'increment', parent: base.id, timeline: 1 });
    expect(second).toMatchObject({ kind: 'increment', parent: first.id, label: 'the second' });
    expect(Object.keys(second.artifacts).sort()).toEqual([
      'backup_manifest',
      'blocks.index',
      'increment.delta',
    ]);
    expect(second.artifacts[deltaArtifact]?.size).toBeLessThan((base.artifacts['base.tar']?.size ?? 0) / 2);
    expect(await listUnfinished(storage)).toEqual([]);
  });

  test('restores to the end of its newest', async () => {
    const { result, content, wronglyVisible } = await restored({ kind: 'backup' });
    expect(result).toMatchObject({ backup: second.id, walFiles: 0 });
    expect(content).toEqual(atSecond);
    expect(wronglyVisible).toBe(0);
  });

  test('restores to the last thing archived', async () => {
    const { result, content, wronglyVisible } = await restored({ kind: 'latest' });
    expect(result.backup).toBe(second.id);
    expect(content).toEqual(atLast);
    expect(wronglyVisible).toBe(0);
  });

  test('is looked at as a whole', async () => {
    expect(await verifyBackup({ vault, id: second.id, isDeep: true })).toMatchObject({
      isDeep: true,
      faults: [],
    });
  });

  test.each([
    ['base', 'base.tar'],
    ['increment below', deltaArtifact],
    ['increment itself', deltaArtifact],
  ] as const)(
    'with a byte that changed in the %s is an error, and nothing says that it is good',
    async (which, name) => {
      const entry = { base, 'increment below': first, 'increment itself': second }[which];
      const path = join(root, 'backups', entry.artifacts[name]?.key ?? '');
      const bytes = readFileSync(path);
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(flipped.length >> 1) ^ 1, flipped.length >> 1);
      writeFileSync(path, flipped);
      try {
        await expect(restored({ kind: 'latest' })).rejects.toMatchObject({ code: 'backup.damaged' });
        const { faults } = await verifyBackup({ vault, id: second.id });
        expect(faults.join()).toContain(entry.id);
        // The next one is laid over something that is whole, or there is none.
        const { parent } = await findParent(vault, base);
        expect(parent?.entry.id).toBe(
          { base: undefined, 'increment below': base.id, 'increment itself': first.id }[which],
        );
      } finally {
        writeFileSync(path, bytes);
      }
      expect((await verifyBackup({ vault, id: second.id })).faults).toEqual([]);
    },
  );

  test('of which one is missing is an error that names it', async () => {
    await removeEntry(storage, first.id);
    try {
      for (const target of ['latest', 'backup'] as const) {
        await expect(restored({ kind: target })).rejects.toMatchObject({
          code: 'backup.damaged',
          message: expect.stringContaining(`${first.id}, which it is laid over, is not there`),
        });
      }
      const { faults } = await verifyBackup({ vault, id: second.id });
      expect(faults.join()).toContain(first.id);
      expect((await findParent(vault, base)).parent?.entry.id).toBe(base.id);
    } finally {
      await writeEntry(storage, first);
    }
    expect((await verifyBackup({ vault, id: second.id })).faults).toEqual([]);
  });
});

describe('an increment', () => {
  test('is not laid over another timeline or another cluster', async () => {
    expect(await findParent(vault, { ...base, timeline: 2 })).toMatchObject({
      parent: undefined,
      reason: 'there is no backup of timeline 2',
      hasBackups: true,
    });
    expect((await findParent(vault, { systemIdentifier: '1', timeline: 1 })).parent).toBeUndefined();
    const { index } = await parentNow(source, vault);
    const before = await listBackups(storage);
    for (const entry of [
      { ...base, timeline: 2 },
      { ...base, systemIdentifier: '1' },
    ]) {
      await expect(createIncrement({ url: source.url, vault }, { entry, index })).rejects.toMatchObject({
        code: 'backup.other_parent',
      });
    }
    expect(await listBackups(storage)).toEqual(before);
  });

  test('whose parent is removed while it is taken does not count, and leaves nothing', async () => {
    const parent = await parentNow(source, vault);
    const lost = { ...parent, entry: { ...parent.entry, id: '20010101T000000Z-base-000000' } };
    const before = await listBackups(storage);
    await expect(createIncrement({ url: source.url, vault }, lost)).rejects.toMatchObject({
      code: 'backup.unknown',
    });
    expect(await listBackups(storage)).toEqual(before);
    expect(await listUnfinished(storage)).toEqual([]);
  });

  test('is not taken where nothing here tells what its parent holds', async () => {
    const blind = openVault({ storage, recipients: vault.recipients, identities: [] });
    expect(await findParent(blind, base)).toMatchObject({
      parent: undefined,
      reason: expect.stringContaining('no private key here opens the hashes of the blocks of'),
    });
    const kept = keptIndexes(join(root, 'kept'), randomBytes(32));
    await kept.keep(first.id, (await parentNow(source, vault)).index.encode());
    // That of another backup under its name.
    expect((await findParent(blind, base, { kept })).parent).toBeUndefined();
    await kept.keep(second.id, (await parentNow(source, vault)).index.encode());
    expect((await findParent(blind, base, { kept })).parent?.entry.id).toBe(second.id);
  });

  test('is refused where the chain is as long as it may be: a base is due', async () => {
    expect((await findParent(vault, base, { longestChain: 3 })).parent?.entry.id).toBe(second.id);
    expect(await findParent(vault, base, { longestChain: 2 })).toMatchObject({
      parent: undefined,
      reason: `a base is due: 2 of at most 2 increments are laid over ${base.id}`,
    });
  });
});

describe('a drill', () => {
  test('begins with an increment, finds what was noted behind it, and tells what would have been lost', async () => {
    const choice = await chooseDrill(vault, { backup: 'newest', to: 'point', now: new Date(), chance: 0 });
    expect(choice).toMatchObject({ backup: { id: second.id }, target: { kind: 'lsn' } });
    const report = await drilled(choice);
    expect(report.failure).toBeNull();
    expect(report.checks.find(({ name }) => name === 'contents')).toMatchObject({
      state: 'passed',
      evidence: { tables: 2 },
    });
    expect(report).toMatchObject({ verdict: 'passed', backup: second.id });
    expect(report.rpo).toEqual({
      seconds: expect.any(Number),
      lastTransactionAt: expect.any(String),
      reason: null,
    });
    expect(report.rpo.seconds).toBeLessThan(3_600);
  });

  test('to a point before which nothing was committed says so in place of a figure', async () => {
    const lsn = second.endLsn;
    const report = await drilled({
      backup: second,
      target: { kind: 'lsn', lsn },
      point: undefined,
      targetAt: new Date(second.finishedAt),
    });
    expect(report.verdict).toBe('passed');
    expect(report.rpo).toEqual({
      seconds: null,
      lastTransactionAt: null,
      reason: 'no transaction ended between the backup and the moment that was recovered to',
    });
  });
});
