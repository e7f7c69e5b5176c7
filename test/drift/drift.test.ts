import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adopt } from '../../src/drift/adopt.ts';
import { type Drift, drift, type Portrait, portray } from '../../src/drift/compare.ts';
import { replay, withCopy } from '../../src/drift/replay.ts';
import { exitCodes, StoaError } from '../../src/errors.ts';
import { projectRoot } from '../../src/migrate/root.ts';
import { connect, databaseOf } from '../../src/postgres/connect.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { type Change, changes, ground, notAdoptable, oneWay } from './changes.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-drift-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The history that every test shares: that of the modules, and the ground. Nobody is connected to it. */
let history: TestDatabase;
let expected: Portrait;

async function portrayAt(url: string): Promise<Portrait> {
  const client = await connect(url, 'test');
  try {
    return await portray(client);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  cpSync(join(projectRoot, 'migrations'), join(root, 'migrations'), { recursive: true });
  writeFileSync(
    join(root, 'migrations', 'core', '20290101000000_ground.sql'),
    `-- Why: a test.\n\n-- Up Migration\n${ground}\n`,
  );
  history = await testDatabase();
  await replay(history.url, { root, names: ['20290101000000_ground'] });
  expected = await portrayAt(history.url);
});

/** A database that has the history, in which then everything of the list was done by hand. */
async function drifted(
  list: readonly Change[],
): Promise<{ readonly url: string; readonly found: readonly Drift[] }> {
  const live = await testDatabase();
  await replay(live.url, { root, names: ['20290101000000_ground'] });
  for (const { sql } of list) await live.query(sql.replaceAll(/\bDB\b/g, live.name));
  return { url: live.url, found: drift(expected, await portrayAt(live.url)) };
}

const sentence = ({ change, kind, identity }: Drift): string => `${change} ${kind} ${identity}`;

async function differencesAfter(files: readonly string[], liveUrl: string): Promise<readonly string[]> {
  return withCopy(history.url, async (url) => {
    await replay(url, { root, names: files.map((file) => file.replace(/^.*\/(.*)\.sql$/, '$1')) });
    return drift(await portrayAt(url), await portrayAt(liveUrl)).map(sentence);
  });
}

describe('drift', () => {
  it('is nothing where nobody did anything, whatever partitions have come and gone', async () => {
    const live = await testDatabase();
    await replay(live.url, { root, names: ['20290101000000_ground'] });
    await live.query("select ops.ensure_partitions(null, now() + interval '5 months')");
    await live.query("select core.enqueue('presence_sweep', '{}')");
    expect(drift(expected, await portrayAt(live.url)).map(sentence)).toEqual([]);
  });
});

describe('what was done by hand and can be adopted', () => {
  let live: Awaited<ReturnType<typeof drifted>>;
  beforeAll(async () => {
    live = await drifted(changes);
  });

  it.each(changes.map((change) => [change.title, change] as const))('is found: %s', (_, { found }) => {
    expect(live.found.map(sentence)).toEqual(expect.arrayContaining([...found]));
  });

  it('is adopted as a whole, and then history leads to the live database and back', async () => {
    const { files, refused, irreversible } = await adopt({
      name: 'adopted',
      root,
      historyUrl: history.url,
      liveUrl: live.url,
    });
    try {
      expect(refused).toEqual([]);
      expect(irreversible).toEqual([]);
      // Each module takes its part with it when it is left out.
      expect(files.map((file) => file.split('/')[1])).toEqual([
        'core',
        'audit',
        'social',
        'forums',
        'groups',
      ]);
      expect(await differencesAfter(files, live.url)).toEqual([]);
      const text = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
      expect(text).toContain('-- Down Migration');
      // Nothing is dropped along with something else: what depends on a thing is named and taken first.
      expect(text).not.toMatch(/\bdrop [^;]* cascade/i);
    } finally {
      for (const file of files) rmSync(join(root, file));
    }
  });
});

describe('what can be adopted and not be undone', () => {
  it('is written without a way back, which says why', async () => {
    const { url, found } = await drifted(oneWay);
    expect(found.map(sentence)).toEqual(expect.arrayContaining(oneWay.flatMap((change) => change.found)));
    const { files, irreversible } = await adopt({
      name: 'one way',
      root,
      historyUrl: history.url,
      liveUrl: url,
    });
    try {
      expect(await differencesAfter(files, url)).toEqual([]);
      const [text = ''] = files.map((file) => readFileSync(join(root, file), 'utf8'));
      expect(text).not.toContain('-- Down Migration');
      for (const { loss } of oneWay) {
        expect(text).toMatch(loss);
        expect(irreversible.some(({ reason }) => loss.test(reason))).toBe(true);
      }
    } finally {
      for (const file of files) rmSync(join(root, file));
    }
  });
});

async function db(url: string, sql: string): Promise<void> {
  const client = await connect(url, 'test');
  await client.query(sql).finally(() => client.end());
}

describe('what no migration can say', () => {
  let live: Awaited<ReturnType<typeof drifted>>;
  const ofLive = (sql: string): string => sql.replaceAll(/\bDB\b/g, databaseOf(live.url));
  beforeAll(async () => {
    live = await drifted(notAdoptable);
  });

  it.each(notAdoptable.map((change) => [change.title, change] as const))('is found: %s', (_, { found }) => {
    for (const start of found) {
      expect(live.found.map(sentence).filter((each) => each.startsWith(start))).toHaveLength(1);
    }
  });

  it('is refused, each with its reason, and nothing is written', async () => {
    const failure = await adopt({ name: 'refused', root, historyUrl: history.url, liveUrl: live.url }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(StoaError);
    if (!(failure instanceof StoaError)) return;
    expect(failure).toMatchObject({ code: 'drift.not_adoptable', exitCode: exitCodes.refused });
    for (const { found, reason, back } of notAdoptable) {
      for (const start of found) {
        const at = failure.message.indexOf(start);
        expect(at, start).toBeGreaterThan(0);
        expect(failure.message.slice(at).split('\n')[1]).toMatch(reason);
        if (back === undefined) continue;
        expect(failure.message.slice(at).split('\n')[1]).toContain(ofLive(back));
      }
    }
  });

  it('is gone after what the reason says takes it back', async () => {
    const mended = notAdoptable.filter(({ back }) => back !== undefined);
    for (const { back = '' } of mended) await db(live.url, ofLive(back));
    const left = drift(expected, await portrayAt(live.url)).map(sentence);
    for (const start of mended.flatMap(({ found }) => found)) {
      expect(left.filter((each) => each.startsWith(start))).toEqual([]);
    }
  });
});
