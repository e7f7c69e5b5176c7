import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { findDrift } from '../../src/drift/find.ts';
import { exitCodes } from '../../src/errors.ts';
import { baseline } from '../../src/migrate/baseline.ts';
import { migrateUp } from '../../src/migrate/up.ts';
import { checkout } from '../migrate/backfill/checkout.ts';
import { emptyDatabase, session } from '../migrate/project.ts';

const base = `-- Why: a test.

-- Up Migration

create schema core;
create schema parts;
create table core.posts (id bigint primary key, title text);

-- Down Migration

drop schema core cascade;
`;

/** A program with a history of one file, run as somebody at a terminal would. */
function program() {
  const place = checkout({ withProgram: true });
  rmSync(join(place.root, 'migrations'), { recursive: true });
  place.write('migrations/core/20300101000000_base.sql', base);
  return {
    root: place.root,
    async stoa(databaseUrl: string, ...args: string[]) {
      const child = spawn(process.execPath, [join(place.root, 'bin/stoa'), ...args], {
        cwd: place.root,
        env: {
          PATH: process.env['PATH'],
          DATABASE_URL: databaseUrl,
          STOA_DATA_DIR: join(place.root, '.stoa'),
          STOA_MODULES: 'core',
        },
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      return { code, stdout, stderr };
    },
  };
}

it('stoa drift --adopt writes a file that leads there, after which nothing differs here nor where it is run', async () => {
  const { root, stoa } = program();
  const live = await emptyDatabase();
  await migrateUp({ databaseUrl: live, root });
  const client = await session(live);
  await client.query(
    'set role stoa_owner; alter table core.posts add column language text; create index posts_title_idx on core.posts (title)',
  );

  const adopted = await stoa(live, 'drift', '--adopt', 'by hand');
  expect(adopted).toMatchObject({ code: exitCodes.ok });
  const file = /^migrations\/core\/\d{14}_by_hand\.sql$/m.exec(adopted.stdout)?.[0] ?? '';
  expect(existsSync(join(root, file))).toBe(true);
  const text = readFileSync(join(root, file), 'utf8');
  expect(text).toMatch(/-- Up Migration.*add column language text.*-- Down Migration/s);
  expect(adopted.stdout).toContain('proven: history with them is the live database.');

  // Here it is recorded without being run.
  const adminUrl = inject('serverUrl');
  expect(await baseline({ adminUrl, databaseUrl: live, root, modules: ['core'] })).toMatchObject({
    recorded: [file.replace(/^.*\/|\.sql$/g, '')],
  });
  const again = await stoa(live, 'drift');
  expect(again).toMatchObject({ code: exitCodes.ok });
  expect(again.stdout).toContain('No drift: 2 migrations');

  // Elsewhere it runs, and makes the same of it.
  const other = await emptyDatabase();
  await migrateUp({ databaseUrl: other, root });
  const elsewhere = await findDrift({ adminUrl, databaseUrl: other, root });
  expect(elsewhere).toMatchObject({ differences: [], migrations: 2 });
  const made = await session(other);
  const { rows } = await made.query("select language from core.posts where title = 'x'");
  expect(rows).toEqual([]);
});

it('stoa drift --adopt refuses what no migration can say, says what takes it back, and writes nothing', async () => {
  const { root, stoa } = program();
  const live = await emptyDatabase();
  await migrateUp({ databaseUrl: live, root });
  const client = await session(live);
  await client.query(
    'alter table core.posts owner to postgres; alter table core.posts alter column title set not null',
  );

  const refused = await stoa(live, 'drift', '--adopt', 'by hand');
  expect(refused).toMatchObject({ code: exitCodes.refused, stdout: '' });
  expect(refused.stderr).toContain('changed table core.posts');
  expect(refused.stderr).toContain('alter table core.posts owner to stoa_owner;');
  expect(readdirSync(join(root, 'migrations/core'))).toEqual(['20300101000000_base.sql']);
});
