import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { compareSdl } from '../../src/api/sdl-changes.ts';
import { exitCodes } from '../../src/errors.ts';
import { temporaryProject } from '../harness/installation.ts';

const before =
  'type Query { post(id: ID!): Post, posts(order: Order): [Post!]! } type Post { id: ID! title: String } enum Order { NEW }';
const folder = mkdtempSync(join(tmpdir(), 'stoa-sdl-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

it.each([
  ['a field that is gone', 'title: String }', '}', 'breaking', 'Post.title was removed'],
  ['a type that is another', 'title: String', 'title: Int', 'breaking', 'Post.title changed type'],
  ['an argument that must be given', '(order: Order)', '(order: Order, first: Int!)', 'breaking', 'first'],
  ['a value that may now arrive', '{ NEW }', '{ NEW HOT }', 'dangerous', 'HOT'],
])('%s is told', (_what, old, now, kind, said) => {
  expect(compareSdl(before, before.replace(old, now))).toEqual([
    { kind, description: expect.stringContaining(said) },
  ]);
});

it.each([
  ['a field more', 'title: String', 'title: String text: String'],
  ['other words', 'type Post', '"A post." type Post'],
])('%s is nothing to clients', (_what, old, now) => {
  expect(compareSdl(before, before.replace(old, now))).toEqual([]);
});

it('"stoa api changes" fails where a client breaks, and only there', async () => {
  const project = await temporaryProject();
  const old = file('old.graphql', before);
  const broken = file('broken.graphql', before.replace('title: String', ''));
  const grown = file('grown.graphql', before.replace('title: String', 'title: String text: String'));

  const breaking = await project.run(['api', 'changes', old, '--schema', broken]);
  expect(breaking.code).toBe(exitCodes.checkFailed);
  expect(breaking.stdout).toBe('breaking   Post.title was removed.\n');

  const adding = await project.run(['api', 'changes', old, '--schema', grown, '--json']);
  expect(adding.code).toBe(exitCodes.ok);
  expect(JSON.parse(adding.stdout)).toEqual({ breaking: 0, changes: [] });
});

it('"stoa api changes" names a file that is missing or no schema', async () => {
  const project = await temporaryProject();
  const old = file('old.graphql', before);
  const missing = await project.run(['api', 'changes', old, '--schema', join(folder, 'nowhere.graphql')]);
  expect(missing.code).toBe(exitCodes.input);
  expect(missing.stderr).toContain('nowhere.graphql');
  const wrong = await project.run(['api', 'changes', old, '--schema', file('wrong.graphql', 'select 1')]);
  expect(wrong.code).toBe(exitCodes.input);
});
