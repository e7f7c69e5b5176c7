import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { describeDifference } from '../../../src/catalog/fingerprint.ts';
import { createMigrations } from '../../../src/migrate/create.ts';
import { checkObjects } from '../../../src/migrate/objects/check.ts';
import { verifyMigrations } from '../../../src/migrate/verify.ts';
import { type Project, project } from '../project.ts';

const ground = `
create schema core;
grant usage on schema core to stoa_member;
create table core.notes (id int primary key, author text, body text, is_public boolean not null default false);
alter table core.notes enable row level security;`;

const me = `create or replace function core.me()
returns text
language sql
stable
begin atomic
  select current_setting('stoa.user_id', true);
end;

comment on function core.me() is E'Who it\\'s for; costs "nothing".\\nSee $$, $1 and \\\\.';

revoke all on function core.me() from public;
grant execute on function core.me() to stoa_member;
`;

const mayRead = `create or replace function core.may_read(p_author text)
returns boolean
language sql
stable
begin atomic
  select p_author = core.me();
end;

comment on function core.may_read(text) is 'Whether the caller may read.';
`;

const touch = `create or replace function core.touch()
returns trigger
language plpgsql
set search_path = ''
as $body$
begin
  -- A body with $$ and 'quotes'; and -- dashes.
  new.body := coalesce(new.body, $$none$$);
  return new;
end
$body$;
`;

const touchTrigger = `create or replace trigger touch
before insert on core.notes
for each row
execute function core.touch();

comment on trigger touch on core.notes is 'Fills the body.';
`;

const policies = `revoke all on core.notes from stoa_anonymous, stoa_member, stoa_moderator;
grant select on core.notes to stoa_member;

drop policy if exists read on core.notes;
create policy read on core.notes for select to stoa_member
using (core.may_read(author));
comment on policy read on core.notes is 'One''s own.';
`;

const view = `create or replace view core.public_notes with (security_invoker = true) as
select id, body
from core.notes
where is_public;

grant select on core.public_notes to stoa_member;
`;

/** Tables and a working copy with one object of each kind, for which the first migration is written. */
async function withObjects(): Promise<Project> {
  const files = project();
  files.migration('core/20300101000000_tables', ground, 'drop table core.notes; drop schema core;');
  files.write('sql/core/functions/me.sql', me);
  files.write('sql/core/functions/may_read.sql', mayRead);
  files.write('sql/core/functions/touch.sql', touch);
  files.write('sql/core/triggers/notes.touch.sql', touchTrigger);
  files.write('sql/core/policies/notes.sql', policies);
  files.write('sql/core/views/public_notes.sql', view);
  await createMigrations({ root: files.root, name: 'first objects' });
  return files;
}

/** The migrations can be undone and done again, and lead to what stands under `sql/`. */
async function prove(root: string): Promise<void> {
  const adminUrl = inject('serverUrl');
  const verified = await verifyMigrations({ adminUrl, root });
  const faults = [...verified.migrations.flatMap((each) => each.faults), ...verified.faults];
  expect(
    faults.flatMap(({ message, differences }) => [message, ...differences.map(describeDifference)]),
  ).toEqual([]);
  expect(verified.isProven).toBe(true);
  const checked = await checkObjects({ adminUrl, root });
  expect(checked.changes.map(describeDifference)).toEqual([]);
  expect(checked.coverage).toEqual({ withoutFile: [], withSeveralFiles: [], notInDatabase: [] });
}

/** Writes the next migration and answers with its text and the objects that it carries. */
async function next({ root }: Project): Promise<{ text: string; objects: readonly string[] }> {
  const [created, ...others] = await createMigrations({ root, name: 'a change' });
  expect(others).toEqual([]);
  if (!created) throw new Error('nothing was written');
  return { text: readFileSync(join(root, created.file), 'utf8'), objects: created.objects };
}

describe('stoa migrate new', () => {
  it('writes every object in an order that works, and takes them back', async () => {
    const { root } = await withObjects();
    await prove(root);
    expect(await createMigrations({ root, name: 'Nothing differs!' })).toMatchObject([
      { file: expect.stringMatching(/^migrations\/core\/\d{14}_nothing_differs\.sql$/), objects: [] },
    ]);
  });

  it('puts the new text of a function into Up and the one before into Down', async () => {
    const files = await withObjects();
    files.write('sql/core/functions/touch.sql', touch.replace('none', 'nothing æ'));
    const { text, objects } = await next(files);
    expect(objects).toEqual(['core/functions/touch.sql']);
    const [up, down] = text.split('-- Down Migration');
    expect(up).toContain('$$nothing æ$$');
    expect(down).toContain('$$none$$');
    expect(text).not.toContain('drop function');
    await prove(files.root);
  });

  it('adds, changes and drops policies', async () => {
    const files = await withObjects();
    files.write(
      'sql/core/policies/notes.sql',
      `${policies.replace('core.may_read(author)', 'is_public')}
drop policy if exists write on core.notes;
create policy write on core.notes for insert to stoa_member with check (core.may_read(author));
grant insert (id, body) on core.notes to stoa_member;
`,
    );
    await next(files);
    await prove(files.root);
    files.write(
      'sql/core/policies/notes.sql',
      policies
        .replace('policy if exists read', 'policy if exists see')
        .replace('create policy read', 'create policy see')
        .replace('on policy read', 'on policy see'),
    );
    const { text } = await next(files);
    expect(text).toContain(
      'drop policy read on core.notes;\ndrop policy write on core.notes;'.split('\n')[1],
    );
    await prove(files.root);
  });

  it('drops a trigger whose file is gone, and brings it back in Down', async () => {
    const files = await withObjects();
    files.remove('sql/core/triggers/notes.touch.sql');
    const { text } = await next(files);
    const [up, down] = text.split('-- Down Migration');
    expect(up).toContain(
      '-- Object removed: core/triggers/notes.touch.sql\ndrop trigger touch on core.notes;',
    );
    expect(down).toContain('create or replace trigger touch');
    await prove(files.root);
    // And can come again.
    files.write('sql/core/triggers/notes.touch.sql', touchTrigger);
    await next(files);
    await prove(files.root);
  });

  it('drops a function whose signature changed and makes again what stands on it', async () => {
    const files = await withObjects();
    files.write(
      'sql/core/functions/may_read.sql',
      mayRead
        .replaceAll('p_author text', 'p_author text, p_strict boolean default true')
        .replace('may_read(text)', 'may_read(text, boolean)'),
    );
    const { text, objects } = await next(files);
    expect(text).toContain('drop policy read on core.notes;\ndrop function core.may_read(text);');
    expect(objects).toEqual(['core/functions/may_read.sql', 'core/policies/notes.sql']);
    await prove(files.root);
  });

  it('does the same along a chain: a function, a function on it, a policy on that', async () => {
    const files = await withObjects();
    files.write('sql/core/functions/me.sql', me.replace('returns text', 'returns varchar'));
    const { objects } = await next(files);
    expect([...objects].sort()).toEqual([
      'core/functions/may_read.sql',
      'core/functions/me.sql',
      'core/policies/notes.sql',
    ]);
    await prove(files.root);
  });

  it('replaces a view in place when it gains a last column, and drops it when it loses one', async () => {
    const files = await withObjects();
    files.write('sql/core/views/public_notes.sql', view.replace('id, body', 'id, body, author'));
    const { text } = await next(files);
    const [up, down] = text.split('-- Down Migration');
    expect(up).not.toContain('drop view');
    expect(down).toContain('drop view core.public_notes;');
    await prove(files.root);
  });

  it('takes back privileges and comments that the new text does not give any more', async () => {
    const files = await withObjects();
    files.write(
      'sql/core/functions/me.sql',
      me.replace(/comment on [^;]*;[^;]*;/, '').replace('to stoa_member', 'to stoa_anonymous'),
    );
    const { text } = await next(files);
    expect(text).toContain(
      'revoke all on function core.me() from stoa_member;\ncomment on function core.me() is null;',
    );
    await prove(files.root);
  });

  it('writes only what changed in one module when asked to', async () => {
    const files = await withObjects();
    files.migration('social/20300102000000_schema', 'create schema social;', 'drop schema social;');
    files.write(
      'sql/social/functions/friends.sql',
      'create or replace function social.friends() returns int language sql return 1;',
    );
    files.write('sql/core/functions/touch.sql', touch.replace('none', 'changed'));
    expect(await createMigrations({ root: files.root, name: 'social', module: 'social' })).toMatchObject([
      { module: 'social', objects: ['social/functions/friends.sql'] },
    ]);
    await next(files);
    await prove(files.root);
  });

  it('gives a module a second file when one of its objects needs one of a later module', async () => {
    const files = await withObjects();
    files.migration(
      'social/20300102000000_schema',
      'create schema social; grant usage on schema social to stoa_member;',
      'drop schema social;',
    );
    files.write(
      'sql/social/functions/knows.sql',
      'create or replace function social.knows(p_name text) returns boolean language sql stable begin atomic select p_name = core.whoami(); end;',
    );
    files.write(
      'sql/core/functions/whoami.sql',
      "create or replace function core.whoami() returns text language sql stable begin atomic select 'x'; end;",
    );
    files.write(
      'sql/core/policies/notes.sql',
      policies.replace('core.may_read(author)', 'social.knows(author)'),
    );
    const created = await createMigrations({ root: files.root, name: 'friends read' });
    expect(created.map(({ file, objects }) => [file.replace(/\d{14}/, 'N'), objects])).toEqual([
      ['migrations/core/N_friends_read.sql', ['core/functions/whoami.sql']],
      ['migrations/social/N_friends_read.sql', ['social/functions/knows.sql']],
      ['migrations/core/N_friends_read_2.sql', ['core/policies/notes.sql']],
    ]);
    await prove(files.root);
  });
});

describe('stoa migrate new refuses', () => {
  it('objects that need one another, and names them', async () => {
    const files = await withObjects();
    const pair = (name: string, other: string): string =>
      `create or replace function core.${name}() returns int language sql begin atomic select core.${other}(); end;`;
    files.write('sql/core/functions/hen.sql', pair('hen', 'egg'));
    files.write('sql/core/functions/egg.sql', pair('egg', 'hen'));
    await expect(createMigrations({ root: files.root, name: 'both' })).rejects.toThrow(
      /sql\/core\/functions\/egg\.sql → sql\/core\/functions\/hen\.sql → sql\/core\/functions\/egg\.sql/,
    );
  });

  it('an object that needs a module that can be left out', async () => {
    const files = await withObjects();
    files.write(
      'sql/core/policies/notes.sql',
      policies.replace('core.may_read(author)', 'forums.may_read(author)'),
    );
    const failed = createMigrations({ root: files.root, name: 'x' });
    await expect(failed).rejects.toMatchObject({ code: 'objects.needs_other_module' });
    await expect(failed).rejects.toThrow('sql/core/policies/notes.sql needs forums.may_read');
  });

  it('to take away what another object still mentions', async () => {
    const files = await withObjects();
    files.remove('sql/core/functions/may_read.sql');
    const failed = createMigrations({ root: files.root, name: 'x' });
    await expect(failed).rejects.toMatchObject({ code: 'objects.still_needed' });
    await expect(failed).rejects.toThrow('sql/core/policies/notes.sql mentions core.may_read');
  });

  it('a line that would cut the migration', async () => {
    const files = await withObjects();
    files.write('sql/core/functions/touch.sql', touch.replace('-- A body', '\n-- Down Migration\n-- A body'));
    await expect(createMigrations({ root: files.root, name: 'x' })).rejects.toMatchObject({
      code: 'objects.marker',
    });
  });

  it.each([
    [
      'a file that defines two things',
      'sql/core/functions/me.sql',
      me + me.replaceAll('core.me()', 'core.me(int)'),
      'defines 2 things',
    ],
    ['a file that is not named like its object', 'sql/core/functions/you.sql', me, 'Name the file me.sql'],
    [
      'a function in another schema',
      'sql/core/functions/me.sql',
      me.replaceAll('core.me', 'ops.me'),
      'not in the schema core',
    ],
    ['a policy among the functions', 'sql/core/functions/notes.sql', policies, 'defines the policy'],
  ])('%s', async (_, path, text, message) => {
    const files = await withObjects();
    files.write(path, text);
    await expect(createMigrations({ root: files.root, name: 'x' })).rejects.toSatisfy(
      (error: Error & { cure?: string }) => `${error.message} ${error.cure}`.includes(message),
    );
  });
});
