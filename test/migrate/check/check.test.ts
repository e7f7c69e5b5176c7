import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkMigrations } from '../../../src/migrate/check/check.ts';
import { type Project, project } from '../project.ts';

/** A released table with rows in it, so to speak, and one file that is not released. */
function withPending(up: string, down?: string): Project {
  const folder = project();
  folder.migration(
    'core/20300101000000_posts',
    `create schema core;
create table core.posts (id bigint primary key, title varchar(80), score integer, body text);`,
  );
  const released = '0'.repeat(64);
  folder.write('migrations/migrations.lock', `${released}  migrations/core/20300101000000_posts.sql\n`);
  folder.migration('core/20300102000000_change', up, down);
  return folder;
}

const places = async (folder: Project, today = '2030-01-01') => {
  const { findings } = await checkMigrations({ root: folder.root, today });
  return findings
    .filter(({ level }) => level !== 'note')
    .map(({ rule, line, column }) => `${rule} ${line}:${column}`);
};

describe('checkMigrations', () => {
  it('reads the up part only, and names the line of the file', async () => {
    const folder = withPending(
      `comment on table core.posts is 'æøå 🙂';\n\nalter table core.posts\n  add column slug text not null;`,
      'alter table core.posts drop column slug; drop table core.posts;',
    );
    // Four lines stand above the up part, and the finding is at the column of the definition.
    expect(await places(folder)).toEqual(['not-null-without-default 8:14']);
  });

  it('gives the findings of squawk the line of the file, too', async () => {
    const folder = withPending(`create table core.notes (\n  id bigint primary key,\n  letter char(3)\n);`);
    expect(await places(folder)).toEqual(['ban-char-field 7:10']);
    const after = withPending(`select 'æøå🙂'; create table core.n (id bigint primary key, c char(3));`);
    expect(await places(after)).toEqual(['ban-char-field 5:62']);
  });

  it('shows the line with a caret', async () => {
    const folder = withPending('create index posts_score_idx on core.posts (score);');
    const { findings } = await checkMigrations({ root: folder.root });
    expect(findings[0]?.excerpt).toBe('5 | create index posts_score_idx on core.posts (score);\n  | ^');
    expect(findings[0]?.locks).toEqual([{ relation: 'core.posts', mode: 'Share' }]);
  });

  it('knows which tables are new, over all files that are checked', async () => {
    const folder = withPending('create table core.tags (id bigint primary key, name text);');
    folder.migration(
      'core/20300103000000_more',
      `create index tags_name_idx on core.tags (name);
alter table core.tags alter column name set not null;
alter table core.tags rename column name to label;
alter table core.tags add constraint tags_label_key unique (label);
drop table core.tags;`,
    );
    expect(await places(folder)).toEqual([]);
  });

  it('knows the old type of a column from the file that made it', async () => {
    const folder = withPending(`alter table core.posts alter column title type text;
alter table core.posts alter column score type bigint;
alter table core.posts alter column body type varchar(100);`);
    expect((await places(folder)).map((place) => place.replace(/:\d+$/, ''))).toEqual([
      'type-change-rewrites 6',
      'lossy-type-change 7',
    ]);
  });

  it('trusts a check that an earlier file has validated', async () => {
    const folder = withPending(
      `alter table core.posts add constraint body_set check (body is not null) not valid;`,
    );
    folder.migration('core/20300103000000_validate', 'alter table core.posts validate constraint body_set;');
    folder.migration('core/20300104000000_set', 'alter table core.posts alter column body set not null;');
    expect(await places(folder)).toEqual([]);
    folder.remove('migrations/core/20300103000000_validate.sql');
    expect(await places(folder)).toEqual([expect.stringMatching(/^set-not-null/)]);
  });

  it('checks what is not released; all with --all, each against what was there before it', async () => {
    const folder = withPending('create index posts_score_idx on core.posts (score);');
    const files = async (options: object) => (await checkMigrations({ root: folder.root, ...options })).files;
    expect(await files({})).toEqual(['migrations/core/20300102000000_change.sql']);
    expect(await files({ all: true })).toHaveLength(2);
    const { findings } = await checkMigrations({ root: folder.root, all: true });
    expect(findings.map(({ rule }) => rule)).toContain('index-without-concurrently');
    const named = join(folder.root, 'migrations/core/20300101000000_posts.sql');
    expect(await files({ files: [named] })).toEqual(['migrations/core/20300101000000_posts.sql']);
  });
});

describe('a suppression', () => {
  const statement = 'create index posts_score_idx on core.posts (score);';

  it.each([
    ['above', `-- stoa:allow index-without-concurrently: forty rows\n${statement}`],
    ['behind', `${statement} -- stoa:allow index-without-concurrently: forty rows`],
    [
      'inside',
      `create index posts_score_idx\n  -- stoa:allow index-without-concurrently: forty rows\n  on core.posts (score);`,
    ],
    ['until a day', `-- stoa:allow index-without-concurrently until 2030-06-30: forty rows\n${statement}`],
    [
      'for several rules',
      `-- stoa:allow index-without-concurrently, write-without-where: forty rows\n${statement}`,
    ],
  ])('silences the rule: %s', async (_, sql) => {
    const { findings, suppressed } = await checkMigrations({
      root: withPending(sql).root,
      today: '2030-06-30',
    });
    expect(findings.filter(({ rule }) => rule === 'index-without-concurrently')).toEqual([]);
    expect(suppressed).toMatchObject([{ rule: 'index-without-concurrently', reason: 'forty rows' }]);
  });

  it.each([
    ['without a reason', '-- stoa:allow index-without-concurrently', 'without a reason'],
    ['with an empty reason', '-- stoa:allow index-without-concurrently:  ', 'without a reason'],
    [
      'that has ended',
      '-- stoa:allow index-without-concurrently until 2029-12-31: forty rows',
      'ended on 2029-12-31',
    ],
    ['with no date', '-- stoa:allow index-without-concurrently until summer: forty rows', 'is not a date'],
    ['of no rule', '-- stoa:allow index-slowly: forty rows', 'no rule index-slowly'],
    ['in the words of squawk', '-- squawk-ignore require-concurrent-index-creation', 'gives no reason'],
    ['that cannot be read', '-- stoa:allow', 'cannot be read'],
  ])('%s is an error, and silences nothing', async (_, comment, message) => {
    const { findings, isClean } = await checkMigrations({
      root: withPending(`${comment}\n${statement}`).root,
      today: '2030-01-01',
    });
    expect(isClean).toBe(false);
    expect(findings.map(({ rule }) => rule)).toContain('index-without-concurrently');
    expect(findings).toContainEqual(
      expect.objectContaining({
        rule: 'suppression',
        level: 'error',
        line: 5,
        message: expect.stringContaining(message),
      }),
    );
  });

  it('that finds nothing any more is told', async () => {
    const folder = withPending('-- stoa:allow truncate: gone since\nselect 1;');
    expect(await places(folder)).toEqual(['suppression 5:1']);
  });

  it('does not reach another statement, nor from inside a string', async () => {
    const folder = withPending(
      `-- stoa:allow index-without-concurrently: forty rows\n${statement}\ncreate index b on core.posts (title);`,
    );
    expect(await places(folder)).toEqual(['index-without-concurrently 7:1']);
    const inString = withPending(
      `comment on table core.posts is '\n-- stoa:allow index-without-concurrently: no\n';\n${statement}`,
    );
    expect(await places(inString)).toEqual(['index-without-concurrently 8:1']);
  });
});
