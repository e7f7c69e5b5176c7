import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { type HttpAnswer, http, json } from './http.ts';

const program = fileURLToPath(new URL('../../bin/stoa', import.meta.url));
const schema = fileURLToPath(new URL('../../docs/schema.graphql', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'stoa-persisted-'));
const store = join(folder, 'store');
const sources = join(folder, 'operations');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function persist(paths: readonly string[], args: readonly string[] = []) {
  const env = { ...process.env, STOA_PERSISTED_DIR: store };
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, 'api', 'persist', ...paths, '--schema', schema, ...args],
      { env, cwd: folder },
    );
    return { code: 0, stdout, stderr: '' };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

let db: TestDatabase;
let required: TestApi;
let optional: TestApi;
let viewerHash = '';

beforeAll(async () => {
  mkdirSync(sources);
  writeFileSync(join(sources, 'person.graphql'), 'fragment person on User { id username }');
  writeFileSync(
    join(sources, 'operations.graphql'),
    'query Viewer { viewer { ...person } }\nquery ByName($name: String!) { userByUsername(username: $name) { ...person } }',
  );
  const { stdout } = await persist([sources], ['--json']);
  const { operations } = JSON.parse(stdout) as { operations: { operation: string; hash: string }[] };
  viewerHash = operations.find(({ operation }) => operation === 'Viewer')?.hash ?? '';

  db = await testDatabase();
  const settings = { STOA_PERSISTED_DIR: store };
  [required, optional] = await Promise.all([
    startTestApi(db, { ...settings, STOA_PERSISTED_OPERATIONS: 'required' }),
    startTestApi(db, { ...settings, STOA_PERSISTED_OPERATIONS: 'optional' }),
  ]);
});

const send = (api: TestApi, body: object): Promise<HttpAnswer> =>
  http(api.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const codeOf = (answer: HttpAnswer): unknown => json(answer).errors?.[0].extensions.code;

describe('stoa api persist', () => {
  it('keeps each operation with its fragments under the hash of its text', () => {
    const files = readdirSync(store);
    expect(files).toHaveLength(2);
    for (const file of files) {
      const text = readFileSync(join(store, file), 'utf8');
      expect(file).toBe(`${createHash('sha256').update(text).digest('hex')}.graphql`);
      expect(text).toContain('fragment person on User');
      expect(text.match(/query/g)).toHaveLength(1);
    }
  });

  it('keeps what is there, and takes the hashes of a map as they are', async () => {
    const map = join(folder, 'relay.json');
    writeFileSync(map, JSON.stringify({ d41d8cd98f00b204e9800998ecf8427e: 'query Mine { viewer { id } }' }));
    const { stdout } = await persist([sources, map]);
    expect(stdout).toMatch(/Viewer +known/);
    expect(stdout).toMatch(/^d41d8cd98f00b204e9800998ecf8427e +Mine +new$/m);
    expect(readdirSync(store)).toHaveLength(3);
  });

  it.each([
    ['fits no field of the schema', 'query X { nothing }', 'Cannot query field'],
    ['is over a limit', `query X { ${'viewer { id } '.repeat(25)} }`, 'too many root fields'],
    ['is not GraphQL', 'query X {', 'Syntax Error'],
  ])('refuses what %s', async (_what, text, message) => {
    const file = join(folder, 'wrong.graphql');
    writeFileSync(file, text);
    const { code, stderr } = await persist([file]);
    expect(code).toBe(exitCodes.input);
    expect(stderr).toContain(message);
    expect(readdirSync(store)).toHaveLength(3);
  });
});

describe('where they are required', () => {
  it('an operation is run by its hash, as Relay and Apollo send it, with its variables', async () => {
    for (const body of [
      { documentId: viewerHash },
      { id: viewerHash },
      { extensions: { persistedQuery: { version: 1, sha256Hash: viewerHash } } },
      { documentId: viewerHash, query: '{ __schema { types { name } } }' },
    ]) {
      expect(json(await send(required, body))).toEqual({ data: { viewer: null } });
    }
  });

  it('nothing else is run, and nothing of it is written anywhere', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    const text = await send(required, { query: '{ viewer { id } }', variables: { secret: 'x' } });
    expect(text.status).toBe(400);
    expect(codeOf(text)).toBe('PERSISTED_OPERATION_REQUIRED');
    for (const hash of ['0'.repeat(64), '../../etc/passwd', '', '__proto__', 'constructor']) {
      const unknown = await send(required, { documentId: hash });
      expect(unknown.status).toBe(400);
      expect(String(codeOf(unknown))).toMatch(/^PERSISTED_/);
    }
    expect(told).not.toHaveBeenCalled();
    told.mockRestore();
  });
});

describe('where they are optional', () => {
  it('a text is run as well, and a hash that is not known falls back on the text', async () => {
    expect(json(await send(optional, { query: '{ viewer { id } }' }))).toEqual({ data: { viewer: null } });
    const apollo = { extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } };
    const first = await send(optional, apollo);
    expect(json(first).errors[0]).toMatchObject({
      message: 'PersistedQueryNotFound',
      extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' },
    });
    expect(json(await send(optional, { ...apollo, query: '{ viewer { id } }' }))).toEqual({
      data: { viewer: null },
    });
  });
});

it('an operation that came after the start is found', async () => {
  const hash = 'added_later';
  writeFileSync(join(store, `${hash}.graphql`), '{ viewer { username } }');
  await vi.waitFor(
    async () => expect(json(await send(required, { documentId: hash }))).toEqual({ data: { viewer: null } }),
    { timeout: 10_000, interval: 200 },
  );
});

it('the API does not start without the folder', async () => {
  await expect(
    startTestApi(db, { STOA_PERSISTED_DIR: join(folder, 'nowhere'), STOA_PERSISTED_OPERATIONS: 'required' }),
  ).rejects.toMatchObject({ code: 'api.no_persisted_operations', exitCode: exitCodes.configuration });
});
