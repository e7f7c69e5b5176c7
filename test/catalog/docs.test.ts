import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparePages, writePages } from '../../src/catalog/docs/folder.ts';
import { pages } from '../../src/catalog/docs/pages.ts';
import { readCatalog } from '../../src/catalog/model/read.ts';
import { connect } from '../../src/postgres/connect.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));

let db: TestDatabase;
let folder: string;
beforeAll(async () => {
  db = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'stoa-docs-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function generate(): Promise<ReadonlyMap<string, string>> {
  const client = await connect(db.url, 'docs');
  try {
    return pages(await readCatalog(client));
  } finally {
    await client.end();
  }
}

describe('the generated pages', () => {
  it('in docs/ are those of the migrated schema', async () => {
    expect(await comparePages(docs, await generate())).toEqual([]);
  });

  it('are the same bytes whenever the catalog is the same', async () => {
    const [first, second] = [await generate(), await generate()];
    expect([...first]).toEqual([...second]);
  });

  it('do not name a partition, because those change with the calendar', async () => {
    for (const [path, text] of await generate()) {
      if (path.startsWith('schema/')) expect(text).not.toContain('parts.');
    }
  });

  it('link only to pages and headings that exist', async () => {
    const all = await generate();
    const broken: string[] = [];
    for (const [path, text] of all) {
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        const [page = '', heading] = target.split('#');
        const wanted = page === '' ? path : join(path, '..', page);
        const linked = all.get(wanted);
        if (linked === undefined) {
          // Written by hand.
          if (
            await readFile(join(docs, wanted), 'utf8').then(
              () => false,
              () => true,
            )
          )
            broken.push(`${path}: ${target}`);
        } else if (heading !== undefined && !headings(linked).has(heading)) {
          broken.push(`${path}: ${target}`);
        }
      }
    }
    expect(broken).toEqual([]);
  });
});

function headings(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('a folder of pages', () => {
  it('is made current, and only what differs is written', async () => {
    const current = new Map([
      ['schema/a.md', 'a'],
      ['schema/b.md', 'b'],
      ['errors.md', 'e'],
    ]);
    expect((await writePages(folder, current)).map(({ state }) => state)).toEqual([
      'missing',
      'missing',
      'missing',
    ]);
    expect(await comparePages(folder, current)).toEqual([]);

    await writeFile(join(folder, 'schema/a.md'), 'changed by hand');
    await writeFile(join(folder, 'schema/gone.md'), 'of a module that was removed');
    const expected = [
      { path: 'schema/a.md', state: 'stale' },
      { path: 'schema/gone.md', state: 'left over' },
    ];
    expect(await comparePages(folder, current)).toEqual(expected);
    expect(await writePages(folder, current)).toEqual(expected);
    expect(await comparePages(folder, current)).toEqual([]);
  });
});
