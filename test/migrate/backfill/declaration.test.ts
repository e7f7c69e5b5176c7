import { describe, expect, it } from 'vitest';
import { readBackfill } from '../../../src/migrate/backfill/declaration.ts';

const place = { module: 'core', file: 'core/f.sql', entry: '20300101000000_initials.backfill.sql' };
const head = '-- Why: a test.\n-- table: core.users\n-- key: id\n';
const update = "update core.users as target set bio = 'a -- b' where :range;\n";

describe('a declaration of a backfill', () => {
  it('names the table, the key, the pace and the statement', async () => {
    const text = `${head}-- target: 50 ms\n-- longest: 1.5 s\n-- lag: 2 GB\n${update}`;
    expect(await readBackfill(text, place)).toMatchObject({
      name: '20300101000000_initials',
      slug: 'initials',
      table: 'core.users',
      key: ['id'],
      statement: "update core.users as target set bio = 'a -- b' where :range",
      targetMs: 50,
      longestMs: 1_500,
      lagLimitBytes: 2 * 1024 ** 3,
    });
  });

  it('is another one when its statement changes, not when its pace does', async () => {
    const [first, faster, other] = await Promise.all([
      readBackfill(head + update, place),
      readBackfill(`${head}-- target: 900 ms\n${update}`, place),
      readBackfill(head + update.replace('a --', 'c --'), place),
    ]);
    expect(faster.checksum).toEqual(first.checksum);
    expect(other.checksum).not.toEqual(first.checksum);
  });

  it.each([
    ['without a table', update, 'which table'],
    ['without a key', `-- table: core.users\n${update}`, 'by which key'],
    ['without a range', `${head}update core.users set bio = '';`, 'must name ":range" once'],
    ['with two ranges', `${head}update core.users set bio = '' where :range and :range;`, 'once'],
    ['with two statements', head + update + update, '2 statements'],
    ['that only reads', `${head}select from core.users as target where :range`, 'changes no rows'],
    ['with a pace that is no time', `${head}-- target: fast\n${update}`, 'a time "fast"'],
    ['with a target above the longest', `${head}-- target: 3 s\n${update}`, '3000 ms'],
  ])('%s is refused', async (_, text, message) => {
    await expect(readBackfill(text, place)).rejects.toMatchObject({
      code: 'backfill.declaration',
      message: expect.stringContaining(message),
    });
  });

  it('with SQL that cannot be parsed is refused with its place', async () => {
    await expect(readBackfill(`${head}updat core.users where :range`, place)).rejects.toMatchObject({
      code: 'migrate.syntax',
      message: expect.stringContaining('core/f.sql:4:1'),
    });
  });
});
