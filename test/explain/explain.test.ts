import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadDemo } from '../../src/demo/index.ts';
import { exitCodes } from '../../src/errors.ts';
import { type HotQuery, hotQueries } from '../../src/explain/hot-queries.ts';
import { type PlanNode, type PlanShape, shapeLines, shapeOf } from '../../src/explain/plan.ts';
import { type ExplainedQuery, explainQueries } from '../../src/explain/run.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { temporaryProject } from '../harness/installation.ts';

let db: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'stoa-plans-'));
const project = await temporaryProject();
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  db = await testDatabase();
  await createUser(db, { username: 'asker' });
  await db.query(`
    create table core.heap (id integer primary key, note integer, owner uuid);
    alter table core.heap enable row level security;
    create policy own on core.heap for select to stoa_member using (owner = (select core.current_user_id()));
    grant select on core.heap to stoa_member;
    insert into core.heap select n, n * 7919 % 20000, (select id from core.users where username::text = 'asker')
    from generate_series(1, 20000) as n;
    analyze core.heap`);
});

const ask = (
  name: string,
  query: string,
  parameters = "select id::text as user_id from core.users where username::text = 'asker'",
): HotQuery => ({
  name,
  module: 'core',
  description: 'A test.',
  persona: 'member',
  parameters,
  query,
});

async function explain(
  query: HotQuery,
  options: { readonly update?: boolean } = {},
): Promise<ExplainedQuery> {
  const [explained] = await explainQueries({
    databaseUrl: db.url,
    gatewayUrl: db.urlFor('stoa_gateway'),
    folder,
    queries: [query],
    ...options,
  });
  if (!explained) throw new Error('nothing was explained');
  return explained;
}

const kinds = ({ faults }: ExplainedQuery): string[] => faults.map(({ kind }) => kind);

describe('a plan', () => {
  it('that scans many rows one after another is told, and is sound when an index serves it', async () => {
    const query = ask('core.scan', 'select id from core.heap where note = 77');
    const before = await explain(query);
    expect(kinds(before)).toEqual(['sequential scan']);
    expect(before.faults[0]?.what).toBe('Seq Scan on heap reads 20,000 rows');

    await explain(query, { update: true });
    expect((await explain(query)).comparison).toBe('same');
    await db.query('create index heap_note_idx on core.heap (note)');
    await db.query('analyze core.heap');
    const after = await explain(query);
    expect(kinds(after)).toEqual([]);
    expect(after.comparison).toBe('changed');
    expect(JSON.stringify(after.shape)).toContain('using heap_note_idx on heap');
    expect(JSON.stringify(after.keptShape)).toContain('Seq Scan on heap');
    // Figures are no part of what is kept: they change every day.
    expect(readFileSync(join(folder, 'core.scan.json'), 'utf8')).not.toMatch(/rows|cost|\d{3}/i);
  });

  it('that sorts more than its limit hands out is told', async () => {
    const sorted = await explain(
      ask('core.sort', 'select id from core.heap where id < 3000 order by note + 1 limit 10'),
    );
    expect(kinds(sorted)).toEqual(['sort under limit']);
    expect(sorted.faults[0]?.what).toContain('2,999 rows are sorted to hand out 10');
    const ordered = await explain(ask('core.ordered', 'select id from core.heap order by id limit 10'));
    expect(kinds(ordered)).toEqual([]);
  });

  it('whose estimate is far off is told', async () => {
    const wrong = await explain(
      ask('core.estimate', 'select id from core.heap where id < 9000 and note % 2 = id % 2'),
    );
    expect(kinds(wrong)).toContain('wrong estimate');
  });

  it('is that of a member, who sees no other rows and writes none', async () => {
    const who = await explain(
      ask(
        'core.who',
        "select 1 / (case when current_user = 'stoa_member' and core.current_user_id() is not null then 1 else 0 end)",
      ),
    );
    expect(who.state).toBe('explained');
    await expect(
      explain(ask('core.write', "select set_config('a.b', nextval('pg_temp.none')::text, true)")),
    ).rejects.toThrow();
    await expect(explain(ask('core.note', 'delete from core.heap'))).rejects.toThrow(/read-only|permission/);
  });

  it('is not made up where the data has nothing to ask with', async () => {
    expect((await explain(ask('core.none', 'select 1', 'select 1 where false'))).state).toBe('absent');
  });

  it('is compared with a whole file only', async () => {
    writeFileSync(join(folder, 'core.broken.json'), '{"node": 1}');
    await expect(explain(ask('core.broken', 'select 1'))).rejects.toMatchObject({
      code: 'explain.damaged_shape',
      exitCode: exitCodes.input,
    });
  });
});

describe('the shape of a plan over partitions', () => {
  const scan = (relation: string, rows: number, more: Partial<PlanNode> = {}): PlanNode => ({
    type: 'Index Scan',
    relation,
    index: `${relation}_pkey`,
    plannedRows: rows,
    actualRows: rows,
    removedRows: 0,
    loops: 1,
    blocks: 1,
    children: [],
    ...more,
  });
  const append = (...children: PlanNode[]): PlanNode => ({
    ...scan('', 0),
    type: 'Append',
    relation: undefined,
    index: undefined,
    children,
  });

  it('is the same in every month, whichever partitions there are and however little the newest holds', () => {
    const inJune = append(scan('notes_history', 900), scan('notes_2030_06', 400));
    const bitmap = scan('notes_2030_06', 400, {
      type: 'Bitmap Heap Scan',
      index: undefined,
      children: [
        scan('', 400, { type: 'Bitmap Index Scan', relation: undefined, index: 'notes_2030_06_pkey' }),
      ],
    });
    const newest = scan('notes_2030_07', 3, { type: 'Seq Scan', index: undefined });
    const inJuly = append(scan('notes_history', 900), bitmap, newest, scan('notes_2030_08', 0, { loops: 0 }));
    expect(shapeLines(shapeOf(inJuly))).toEqual(['Append', '  Index Scan using notes_*_pkey on notes_*']);
    expect(shapeOf(inJuly)).toEqual(shapeOf(inJune));
  });

  it('is another one when a partition that counts is read from end to end', () => {
    const scanned = append(
      scan('notes_history', 900),
      scan('notes_2030_06', 400, { type: 'Seq Scan', index: undefined }),
    );
    expect(shapeLines(shapeOf(scanned))).toContain('  Seq Scan on notes_*');
  });
});

describe('the kept plans', () => {
  const kept = join(import.meta.dirname, '..', '..', 'docs', 'plans');
  const shape: z.ZodType<PlanShape> = z.lazy(() =>
    z.strictObject({ node: z.string(), children: z.array(shape) }),
  );

  it('are there for every hot query, and for no other', () => {
    expect(readdirSync(kept).sort()).toEqual(hotQueries.map(({ name }) => `${name}.json`).sort());
  });

  it('name only tables and indexes that exist, so that a change of the schema asks for them anew', async () => {
    const { rows } = await db.query<{ name: string }>(
      "select relname::text as name from pg_class where relkind in ('r', 'p', 'i', 'I', 'v')",
    );
    // As in a shape: without the period of a partition.
    const known = new Set(
      rows.map(({ name }) => name.replace(/_(?:history|\d{4}_\d\d(?:_\d\d)?)(?=$|_)/, '_*')),
    );
    for (const file of readdirSync(kept)) {
      const lines = shapeLines(shape.parse(JSON.parse(readFileSync(join(kept, file), 'utf8'))));
      const named = lines.flatMap((line) =>
        [...line.matchAll(/ (?:using|on) (\S+)/g)].map(([, name = '']) => name),
      );
      expect({ file, unknown: named.filter((name) => !known.has(name)) }).toEqual({ file, unknown: [] });
      // A figure would change with every run.
      expect(lines.join('\n')).not.toMatch(/\d{3}|cost|rows/i);
    }
  });
});

describe('the hot queries', () => {
  it('all run against a community, and the command tells of each in 100 columns', async () => {
    const place = await testDatabase();
    await loadDemo({
      databaseUrl: place.url,
      password: 'x',
      argon2: { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 },
    });
    await place.query('analyze');
    const env = { DATABASE_URL: place.url };
    const plans = join(folder, 'demo');
    const first = await project.run(['explain', '--plans', plans, '--update', '--json'], env);
    expect(first.stderr).toBe('');
    const { queries }: { queries: ExplainedQuery[] } = JSON.parse(first.stdout);
    expect(queries.map(({ name, state }) => `${name} ${state}`)).toEqual(
      hotQueries.map(({ name }) => `${name} explained`),
    );
    const second = await project.run(['explain', 'forums', '--plans', plans], env);
    expect(second.stdout).toMatch(/forums\.hot +[\d.]+ ms +\d+ +same/);
    for (const line of second.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('are named where another name is asked for', async () => {
    const { code, stderr } = await project.run(['explain', 'nowhere']);
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain('There is no hot query "nowhere"');
  });
});
