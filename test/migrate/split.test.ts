import { describe, expect, it } from 'vitest';
import { splitStatements } from '../../src/migrate/split.ts';
import { kindOf, runsInTransaction } from '../../src/migrate/traits.ts';

const source = { path: 'migrations/core/a.sql', line: 1 };

describe('splitStatements', () => {
  it('cuts at the right place after characters of several bytes', async () => {
    const sql = "-- Æøå, 東京, 🐘\nselect 'æ';\ncomment on table a.b is '🐘';  select 2;";
    const statements = await splitStatements(sql, source);
    expect(statements.map(({ text }) => text)).toEqual([
      "select 'æ'",
      "comment on table a.b is '🐘'",
      'select 2',
    ]);
    expect(statements.map(({ start }) => start)).toEqual([
      { line: 2, column: 1 },
      { line: 3, column: 1 },
      { line: 3, column: 31 },
    ]);
  });

  it('leaves comments before a statement out and keeps those inside it', async () => {
    const [first, second] = await splitStatements(
      '/* one /* nested; */ still */ select -- why; not\n 1;\n;;\n-- next\nselect 2 -- end',
      source,
    );
    expect(first?.text).toBe('select -- why; not\n 1');
    expect(second?.text).toBe('select 2 -- end');
    expect(second?.start).toEqual({ line: 5, column: 1 });
  });

  it('does not cut inside strings and bodies', async () => {
    const body = "create function a.f() returns text language plpgsql as $x$ begin return ';'; end $x$";
    const atomic = 'create function a.g() returns int language sql begin atomic select 1; select 2; end';
    const text = "comment on function a.f() is E'it''s; \\' $$ fine'";
    const statements = await splitStatements(`${body};\n${atomic};\n${text};`, source);
    expect(statements.map((statement) => statement.text)).toEqual([body, atomic, text]);
  });

  it('finds nothing in a text of comments', async () => {
    expect(await splitStatements('\n-- nothing\n/* at all */ ;\n', source)).toEqual([]);
    expect(await splitStatements('', source)).toEqual([]);
  });

  it('says where the syntax is wrong, in lines of the file', async () => {
    await expect(splitStatements("select 'æ';\nselec 1;", { ...source, line: 10 })).rejects.toThrow(
      'migrations/core/a.sql:11:1: syntax error at or near "selec"\n11 | selec 1;\n   | ^',
    );
  });
});

describe('runsInTransaction', () => {
  const cases: [string, boolean][] = [
    ['create index concurrently i on a.b (c)', false],
    ['create index i on a.b (c)', true],
    ['drop index concurrently a.i', false],
    ['drop index a.i', true],
    ['reindex index concurrently a.i', false],
    ['reindex (verbose, concurrently) table a.b', false],
    ['reindex table a.b', true],
    ['reindex schema a', false],
    ['alter table a.b detach partition a.c concurrently', false],
    ['alter table a.b detach partition a.c', true],
    ['alter table a.b detach partition a.c finalize', true],
    ['vacuum analyze a.b', false],
    ['analyze a.b', true],
    ['refresh materialized view concurrently a.m', true],
    ["alter type a.e add value 'x'", true],
    ["comment on table a.b is 'create index concurrently'", true],
    ['/* concurrently */ create index concurrently_idx on a.b (c)', true],
  ];
  it.each(cases)('%s: %s', async (sql, expected) => {
    const [statement] = await splitStatements(sql, source);
    expect(statement && runsInTransaction(statement.node)).toBe(expected);
  });
});

describe('kindOf', () => {
  it.each([
    ['create unique index concurrently i on a.b (c)', 'create unique index concurrently'],
    ['alter table only a.b add column c int', 'alter table'],
    ['create or replace function a.f() returns void language sql as $$ $$', 'create or replace function'],
    ['insert into a.b values (1)', 'insert'],
    ['do $$ begin end $$', 'do'],
    ['set local x = 1', 'set local'],
  ])('%s', async (sql, expected) => {
    const [statement] = await splitStatements(sql, source);
    expect(statement && kindOf(statement)).toBe(expected);
  });
});
