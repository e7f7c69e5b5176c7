import { expect, it } from 'vitest';
import { apiReader } from '../../../src/cli/commands/migrate/api-changes.ts';

const before = `type Query {
  """Posts, newest first. type Nothing {"""
  posts(first: Int): [Post]
  viewer: String
}

type Post {
  title: String
}
`;

it('tells what breaks clients, what they may notice, and what is new to them', async () => {
  const failures: string[] = [];
  const { compareApi, readApi } = await apiReader(undefined, (message) => failures.push(message));
  const after = before
    .replace('  viewer: String\n', '')
    .replace('first: Int)', 'first: Int, after: String)')
    .replace('title: String', 'title: String\n  """\n  Of the text.\n  """\n  language: Language')
    .concat('\nenum Language {\n  DA\n  EN\n}\n');
  expect(compareApi(before, after)).toEqual({
    breaking: ['Query.viewer was removed.'],
    dangerous: ['An optional arg after on Query.posts was added.'],
    added: ['Post.language', 'Language'],
  });
  expect(compareApi(before, before)).toEqual({ breaking: [], dangerous: [], added: [] });
  expect(failures).toEqual([]);
  expect(await readApi('postgres://nobody@127.0.0.1:1/none')).toBeUndefined();
  expect(failures).toHaveLength(1);
});
