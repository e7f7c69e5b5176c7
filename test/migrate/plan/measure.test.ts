import { expect, inject, it } from 'vitest';
import { raiseScene, runInScene } from '../../../src/migrate/check/run-in-scene.ts';
import { connect } from '../../../src/postgres/connect.ts';
import { emptyDatabase } from '../project.ts';
import { measuredLocks } from './measured-locks.ts';

const isOldest = (): boolean => inject('templateDatabase').endsWith('pg15');

it('measures the locks that were measured by hand', async () => {
  const url = await emptyDatabase();
  const client = await connect(url, 'test');
  const differing: unknown[] = [];
  try {
    for (const expected of measuredLocks) {
      await raiseScene(client, expected.setup);
      const [measured] = await runInScene(client, url, expected.sql).catch((error: unknown) => {
        throw new Error(expected.sql, { cause: error });
      });
      const locks = Object.fromEntries(
        (measured?.measurement.locks ?? []).map(({ relation, mode }) => [
          relation.replace(/^app\./, ''),
          mode,
        ]),
      );
      const rewrites = measured?.measurement.changes.rewritten ?? [];
      const wanted = (isOldest() ? undefined : expected.locks18) ?? expected.locks;
      const found = { sql: expected.sql, locks, rewrites };
      const should = { sql: expected.sql, locks: wanted, rewrites: expected.rewrites ?? [] };
      if (JSON.stringify(sorted(found)) !== JSON.stringify(sorted(should))) differing.push({ found, should });
    }
  } finally {
    await client.end();
  }
  expect(differing).toEqual([]);
});

function sorted(each: { sql: string; locks: object; rewrites: readonly string[] }): unknown {
  return [each.sql, Object.entries(each.locks).sort(), [...each.rewrites].sort()];
}

it.each([
  ['create index concurrently ix on app.t (a)', { t: 'ShareUpdateExclusive' }],
  ['drop index concurrently app.posts_author_idx', { posts: 'ShareUpdateExclusive' }],
  ['reindex table concurrently app.posts', { posts: 'ShareUpdateExclusive' }],
  [
    'alter table app.events detach partition app.events_2030 concurrently',
    { events: 'ShareUpdateExclusive', events_2030: 'AccessExclusive' },
  ],
  ['vacuum app.t', { t: 'ShareUpdateExclusive' }],
  ['vacuum full app.t', { t: 'AccessExclusive' }],
])('measures what runs outside a transaction in all its stages: %s', async (sql, locks) => {
  const url = await emptyDatabase();
  const client = await connect(url, 'test');
  try {
    await raiseScene(client);
    const [measured] = await runInScene(client, url, sql);
    const found = (measured?.measurement.locks ?? []).map(({ relation, mode }) => [
      relation.replace('app.', ''),
      mode,
    ]);
    expect(Object.fromEntries(found)).toEqual(locks);
  } finally {
    await client.end();
  }
});
