import { describe, expect, it } from 'vitest';
import { loadMigrations } from '../../src/migrate/load.ts';
import { planStep } from '../../src/migrate/step.ts';
import { modules } from '../../src/modules.ts';
import { project } from './project.ts';

describe('loadMigrations', () => {
  it('puts the files of all modules into one order', async () => {
    const { root, migration } = project();
    migration('core/20300101000000_first', 'select 1;');
    migration('social/20300102000000_second', 'select 1;');
    migration('core/20300103000000_third', 'select 1;');
    const migrations = await loadMigrations(root, modules);
    expect(migrations.map(({ module, name }) => `${module} ${name}`)).toEqual([
      'core 20300101000000_first',
      'social 20300102000000_second',
      'core 20300103000000_third',
    ]);
  });

  it('knows the lines of the file on which its sections stand', async () => {
    const { root, migration } = project();
    migration('core/20300101000000_first', 'select 1;', 'select 2;');
    const [first] = await loadMigrations(root, modules);
    expect(first?.up.line).toBe(4);
    expect(first?.down?.line).toBe(8);
  });

  it('counts what is run, not how it is told: the header and the line ends do not change the checksum', async () => {
    const { root, write } = project();
    const path = 'migrations/core/20300101000000_first.sql';
    const checksum = async (): Promise<string | undefined> =>
      (await loadMigrations(root, modules))[0]?.checksum.toString('hex');
    write(path, '-- Why: short.\n-- Up Migration\nselect 1;\n-- Down Migration\nselect 2;\n');
    const first = await checksum();
    write(
      path,
      '-- Why: told\n-- better.\r\n-- Up Migration\r\nselect 1;\r\n\r\n-- Down Migration\r\nselect 2;',
    );
    expect(await checksum()).toBe(first);
    write(path, '-- Why: short.\n-- Up Migration\nselect 1;\n-- Down Migration\nselect 3;\n');
    expect(await checksum()).not.toBe(first);
  });

  it.each([
    ['no marker', 'select 1;'],
    ['two up sections', '-- Up Migration\nselect 1;\n-- Up Migration\nselect 1;\n'],
    ['down before up', '-- Down Migration\nselect 1;\n-- Up Migration\nselect 1;\n'],
  ])('refuses a file with %s', async (_, text) => {
    const { root, write } = project();
    write('migrations/core/20300101000000_first.sql', text);
    await expect(loadMigrations(root, modules)).rejects.toMatchObject({ code: 'migrate.markers' });
  });

  it('takes a comment that only mentions a down migration for a comment', async () => {
    const { root, migration } = project();
    migration('core/20300101000000_first', '-- Down migration of users is slow.\nselect 1;', 'select 2;');
    expect((await loadMigrations(root, modules))[0]?.up.text).toContain('select 1');
  });

  it('refuses two files with one number, in whatever modules', async () => {
    const { root, migration } = project();
    migration('core/20300101000000_first', 'select 1;');
    migration('social/20300101000000_second', 'select 1;');
    await expect(loadMigrations(root, modules)).rejects.toMatchObject({ code: 'migrate.same_number' });
  });

  it('refuses a file that is not named like a migration', async () => {
    const { root, migration } = project();
    migration('core/1_first', 'select 1;');
    await expect(loadMigrations(root, modules)).rejects.toMatchObject({ code: 'migrate.file_name' });
  });
});

describe('planStep', () => {
  const refused: [string, string, string][] = [
    ['set', "set lock_timeout = '1s';", 'SET without LOCAL'],
    ['set role', 'set role stoa_member;', 'SET without LOCAL'],
    ['session characteristics', 'set session characteristics as transaction read only;', 'SET without LOCAL'],
    ['reset', 'reset all;', 'SET without LOCAL'],
    ['begin', 'begin;', 'does not begin, commit or roll back'],
    ['commit', 'select 1; commit;', 'does not begin, commit or roll back'],
    ['savepoint', 'savepoint a;', 'does not begin, commit or roll back'],
    ['discard', 'discard all;', 'DISCARD'],
    ['an index that may be there', 'create index concurrently if not exists i on a.b (c);', 'IF NOT EXISTS'],
    [
      'a local setting beside a concurrent statement',
      "set local work_mem = '1MB'; vacuum;",
      'SET LOCAL does nothing here',
    ],
    ['an index without a name', 'create index concurrently on a.b (c);', 'without a name'],
  ];
  it.each(refused)('refuses %s and names the line', async (_, up, message) => {
    const { root, migration } = project();
    migration('core/20300101000000_first', up);
    const [first] = await loadMigrations(root, modules);
    const planned = first && planStep(first, 'up');
    await expect(planned).rejects.toMatchObject({ code: 'migrate.refused_statement' });
    await expect(planned).rejects.toThrow(message);
    await expect(planned).rejects.toThrow('20300101000000_first.sql:5:');
  });

  it('lets SET LOCAL pass', async () => {
    const { root, migration } = project();
    migration('core/20300101000000_first', "set local lock_timeout = '1s';");
    const [first] = await loadMigrations(root, modules);
    expect(first && (await planStep(first, 'up')).isTransactional).toBe(true);
  });
});
