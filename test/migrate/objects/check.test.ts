import { describe, expect, inject, it } from 'vitest';
import { createMigrations } from '../../../src/migrate/create.ts';
import { checkObjects } from '../../../src/migrate/objects/check.ts';
import { type Project, project } from '../project.ts';

const one = 'create or replace function core.one() returns int language sql return 1;\n';

async function withFunction(more = ''): Promise<Project> {
  const files = project();
  files.migration('core/20300101000000_tables', `create schema core;${more}`, 'drop schema core cascade;');
  files.write('sql/core/functions/one.sql', one);
  await createMigrations({ root: files.root, name: 'objects' });
  return files;
}

const check = ({ root }: Project): ReturnType<typeof checkObjects> =>
  checkObjects({ adminUrl: inject('serverUrl'), root });

describe('checkObjects', () => {
  it('agrees when the migrations lead to what stands under sql/', async () => {
    expect(await check(await withFunction())).toMatchObject({ agrees: true, objects: 1 });
  });

  it('shows what an edited file would change', async () => {
    const files = await withFunction();
    files.write('sql/core/functions/one.sql', one.replace('return 1', 'return 2'));
    const { agrees, changes } = await check(files);
    expect(agrees).toBe(false);
    expect(changes).toMatchObject([{ change: 'changed', kind: 'function', identity: 'core.one()' }]);
  });

  it('finds what stands in no file', async () => {
    const files = await withFunction(`
      create table core.a (id int);
      create view core.v as select 1 as one;
      create function core.two() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger t before insert on core.a execute function core.two();
      create policy p on core.a;`);
    const { agrees, coverage } = await check(files);
    expect(agrees).toBe(false);
    expect(coverage.withoutFile).toEqual([
      'function core.two()',
      'policy p on core.a',
      'trigger t on core.a',
      'view core.v',
    ]);
  });

  it('finds what stands in two files', async () => {
    const files = await withFunction();
    files.write('sql/core/functions/one.again.sql', one);
    const { agrees, coverage } = await check(files);
    expect(agrees).toBe(false);
    expect(coverage.withSeveralFiles).toEqual([
      {
        object: 'function core.one()',
        files: ['sql/core/functions/one.again.sql', 'sql/core/functions/one.sql'],
      },
    ]);
  });

  it('leaves a module that is not chosen out of it', async () => {
    const files = await withFunction();
    files.migration('forums/20300102000000_schema', 'create schema forums;');
    files.write(
      'sql/forums/functions/f.sql',
      'create or replace function forums.f() returns int language sql return 1;',
    );
    await createMigrations({ root: files.root, name: 'forums' });
    const adminUrl = inject('serverUrl');
    expect(await checkObjects({ adminUrl, root: files.root, modules: [] })).toMatchObject({
      agrees: true,
      objects: 1,
    });
    expect(await checkObjects({ adminUrl, root: files.root })).toMatchObject({ agrees: true, objects: 2 });
  });
});
