import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { makePlan } from '../../src/migrate/plan/make.ts';
import { migrationStatus } from '../../src/migrate/status.ts';
import { migrateUp } from '../../src/migrate/up.ts';
import { checkout } from './backfill/checkout.ts';
import { emptyDatabase, type Project, project, session } from './project.ts';

const base = `-- Why: a test.

-- Up Migration

create schema core;
create table core.posts (id bigint primary key, title text, heading text);
insert into core.posts select g, 'p' from generate_series(1, 50) as g;
create function core.headline() returns text language plpgsql set search_path = '' as
  $$ begin return (select title from core.posts limit 1); end $$;
`;

const contract = `-- contract
-- requires-backfill: copy_titles
-- Why: a test.

-- Up Migration

alter table core.posts drop column title;
`;

const backfill = `-- table: core.posts
-- key: id

update core.posts set heading = title where :range and heading is null;
`;

/** A history of two files: the second takes away what is in use. */
async function pendingContract(
  place: Pick<Project, 'root' | 'write'> = project(),
): Promise<{ readonly databaseUrl: string; readonly root: string }> {
  const databaseUrl = await emptyDatabase();
  rmSync(join(place.root, 'migrations'), { recursive: true, force: true });
  place.write('migrations/core/20300101000000_base.sql', base);
  await migrateUp({ databaseUrl, root: place.root });
  place.write('migrations/core/20300102000000_contract.sql', contract);
  place.write('migrations/core/20300101000001_copy_titles.backfill.sql', backfill);
  return { databaseUrl, root: place.root };
}

const closed = [
  {
    kind: 'backfill',
    reasons: ['needs the backfill 20300101000001_copy_titles, which is not begun'],
    cure: expect.stringContaining('stoa migrate backfill start 20300101000001_copy_titles'),
  },
  {
    kind: 'contract',
    reasons: [expect.stringMatching(/^core\.posts\.title: function core\.headline /)],
    cure: expect.stringContaining('--force-contract'),
  },
];

async function stoa(
  { databaseUrl, root }: { readonly databaseUrl: string; readonly root: string },
  ...args: string[]
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [join(root, 'bin/stoa'), 'migrate', ...args], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      STOA_DATA_DIR: join(root, '.stoa'),
      STOA_MODULES: 'core',
    },
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

it('status and plan tell what would refuse a pending migration now, as facts and as text', async () => {
  const place = await pendingContract(checkout({ withProgram: true }));
  const status = await migrationStatus(place);
  expect(status.migrations.map(({ name, gates }) => ({ name, gates }))).toEqual([
    { name: '20300101000000_base', gates: [] },
    { name: '20300102000000_contract', gates: closed },
  ]);
  const plan = await makePlan({ ...place, adminUrl: inject('serverUrl'), sampleMs: 0 });
  expect(plan.migrations).toMatchObject([{ name: '20300102000000_contract', gates: closed }]);

  for (const command of [['status'], ['plan', '--no-api', '--sample', '0']]) {
    const told = await stoa(place, ...command);
    expect(told).toMatchObject({ code: exitCodes.ok, stderr: '' });
    expect(told.stdout).toContain(
      '  refused now: a backfill is not finished\n    needs the backfill 20300101000001_copy_titles, which is not begun\n    cure  Run it',
    );
    expect(told.stdout).toMatch(
      /refused now: what it takes away is in use\n {4}core\.posts\.title: function core\.headline /,
    );
    for (const line of told.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  }
});

it('the gates that they tell are those that up holds to: open, they are not told', async () => {
  const place = await pendingContract();
  await expect(migrateUp(place)).rejects.toMatchObject({ code: 'backfill.unfinished' });
  const client = await session(place.databaseUrl);
  // A table without rows needs no backfill, and what used the column is gone.
  await client.query('truncate core.posts; drop function core.headline()');
  expect((await migrationStatus(place)).migrations.flatMap(({ gates }) => gates)).toEqual([]);
  expect(await migrateUp(place)).toEqual({ applied: ['20300102000000_contract'] });
});

it('a pending migration that needs a backfill which there is not is told, too', async () => {
  const place = await pendingContract();
  rmSync(join(place.root, 'migrations/core/20300101000001_copy_titles.backfill.sql'));
  const [gate] = (await migrationStatus(place)).migrations.at(-1)?.gates ?? [];
  expect(gate).toMatchObject({
    kind: 'backfill',
    reasons: [expect.stringContaining('requires the backfill "copy_titles", which there is not')],
  });
});
