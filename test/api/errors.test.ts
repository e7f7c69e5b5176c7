import { beforeAll, describe, expect, it } from 'vitest';
import { databaseRefusals, graphqlCodes } from '../../src/error-codes.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { type GraphqlError, startTestApi, type TestApi } from './api.ts';

let db: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    create function forums.raise_error(p_sqlstate text) returns integer language plpgsql as $$
    begin
      raise exception 'secret_table is broken' using
        errcode = p_sqlstate, detail = 'Key (email)=(ann@example.org)', hint = 'look at secret_column',
        schema = 'secret_schema', table = 'secret_table', constraint = 'secret_check';
    end $$;
    create function forums.raise_reason(p_reason text, p_retry_after integer default null) returns integer
    language plpgsql as $$ begin perform core.fail(p_reason, p_retry_after); return 1; end $$;
    grant execute on function forums.raise_error(text), forums.raise_reason(text, integer) to stoa_anonymous;
  `);
  api = await startTestApi(db);
});

async function raise(sqlstate: string): Promise<GraphqlError> {
  const { errors } = await api.ask(
    'mutation ($s: String!) { raiseError(input: { sqlstate: $s }) { count } }',
    { variables: { s: sqlstate } },
  );
  expect(errors).toHaveLength(1);
  return errors[0] as GraphqlError;
}

describe('an error of the registry', () => {
  it('reaches the client with its code, reason, sentence and cure', async () => {
    const { rows } = await db.query(
      'select distinct on (sqlstate) reason, sqlstate, message, cure from core.error_codes order by sqlstate, reason',
    );
    expect(rows.length).toBeGreaterThan(4);
    for (const { reason, sqlstate, message, cure } of rows) {
      const { errors } = await api.ask(
        'mutation ($r: String!) { raiseReason(input: { reason: $r }) { count } }',
        { variables: { r: reason } },
      );
      expect(errors).toMatchObject([
        { message, extensions: { code: graphqlCodes[sqlstate]?.code, reason, cure } },
      ]);
    }
  });

  it('says how long to wait where that helps', async () => {
    const { errors } = await api.ask(
      'mutation { raiseReason(input: { reason: "session.required", retryAfter: 30 }) { count } }',
    );
    expect(errors[0]?.extensions['retryAfter']).toBe(30);
  });
});

describe('a refusal', () => {
  it('is told of the field of the root that earned it, and of no other that asks for the same rows', async () => {
    const token = await api.signIn(await createUser(db, { username: 'bea' }));
    const { data, errors } = await api.ask(
      `{ plain: torrents { nodes { name } } secret: torrents { nodes { name realUploaderId } }
         tag: tagByName(name: "x") { name } again: tagByName(name: "x") { name }
         one: torrent(id: "019a0000-0000-7000-8000-000000000001") { name }
         other: torrent(id: "019a0000-0000-7000-8000-000000000001") { realUploaderId } }`,
      { token },
    );
    expect(errors.map(({ path, extensions }) => [path?.[0], extensions['code']])).toEqual([
      ['secret', 'FORBIDDEN'],
      ['other', 'FORBIDDEN'],
    ]);
    expect(data).toEqual({
      plain: { nodes: [] },
      secret: null,
      tag: null,
      again: null,
      one: null,
      other: null,
    });
  });
});

describe('an error of the database itself', () => {
  it.each([
    // The request of a visitor: a member is told FORBIDDEN.
    ['42501', 'UNAUTHENTICATED'],
    ['57014', 'TIMEOUT'],
    ['23505', 'CONFLICT'],
    ['23503', 'NOT_FOUND'],
    ['23502', 'INVALID'],
    ['23514', 'INVALID'],
    ['22001', 'INVALID'],
    ['22P02', 'INVALID'],
    ['40001', 'CONFLICT'],
    ['40P01', 'CONFLICT'],
    ['55P03', 'CONFLICT'],
    ['53300', 'UNAVAILABLE'],
    ['57P01', 'UNAVAILABLE'],
  ])('%s is told as %s, with a cure, and without a word of the database', async (sqlstate, code) => {
    const error = await raise(sqlstate);
    expect(error.extensions).toMatchObject({ code, cure: expect.any(String), reason: expect.any(String) });
    expect(JSON.stringify(error)).not.toMatch(/secret|ann@example/);
  });

  it.each(['P0001', 'XX000', '42P01', '42883', 'P0002', '0A000'])(
    '%s, which nobody foresaw, is INTERNAL: an id, and nothing else',
    async (sqlstate) => {
      const error = await raise(sqlstate);
      expect(error.message).toBe('Something went wrong on our side.');
      expect(Object.keys(error.extensions).sort()).toEqual(['code', 'cure', 'id', 'requestId']);
      expect(error.extensions['code']).toBe('INTERNAL');
      expect(JSON.stringify(error)).not.toMatch(/secret|ann@example|stack/);

      const logged = api.log.find((line) => line['id'] === error.extensions['id']);
      expect(logged).toMatchObject({
        requestId: expect.any(String),
        sqlstate,
        error: 'secret_table is broken',
        table: 'secret_table',
      });
      expect(JSON.stringify(logged)).not.toContain('ann@example');
    },
  );

  it('has one meaning: no entry of the table stands behind one that covers it', () => {
    databaseRefusals.forEach(({ sqlstate }, place) => {
      const earlier = databaseRefusals.slice(0, place).find((other) => sqlstate.startsWith(other.sqlstate));
      expect(earlier?.sqlstate).toBeUndefined();
    });
  });
});

describe('a query that does not fit', () => {
  it('is told why', async () => {
    expect((await api.ask('{ forom { id } }')).errors[0]).toMatchObject({
      message: expect.stringContaining('Did you mean'),
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    expect((await api.ask('{ forum')).errors[0]?.extensions['code']).toBe('GRAPHQL_PARSE_FAILED');
    expect(
      (await api.ask('query ($id: UUID!) { forum(id: $id) { id } }', { variables: { id: 'x' } })).errors[0]
        ?.extensions['code'],
    ).toBe('INVALID');
    expect((await api.ask('{ posts(after: "x") { nodes { id } } }')).errors[0]?.extensions['code']).toBe(
      'INVALID',
    );
  });

  it('learns nothing of the schema where introspection is off', async () => {
    const production = await startTestApi(db, { STOA_ENVIRONMENT: 'production', STOA_MAILER: './mailer.js' });
    const open = await production.ask('{ __schema { types { name } } }');
    expect(open.data).toBeUndefined();
    expect(open.errors[0]?.extensions['code']).toBe('GRAPHQL_VALIDATION_FAILED');
    const guess = await production.ask('{ forom { id } viewer { usernam } }');
    expect(guess.errors.length).toBe(2);
    expect(JSON.stringify(guess.errors)).not.toMatch(/Did you mean|username/);
    const typed = await production.ask('query ($a: UUIDD) { viewer { id } }');
    expect(JSON.stringify(typed.errors)).not.toMatch(/Did you mean/);
    expect((await fetch(new URL('/explorer', production.url))).status).toBe(404);
    expect((await production.ask('{ viewer { id } }')).data).toEqual({ viewer: null });
  });
});

it('an unexpected error in one field leaves the others alone', async () => {
  await createUser(db, { username: 'ann' });
  const { data, errors } = await api.ask(
    '{ userByUsername(username: "ann") { username } users(filter: { id: { equalTo: "00000000-0000-0000-0000-000000000000" } }, after: "x") { nodes { id } } }',
  );
  expect(data.userByUsername).toEqual({ username: 'ann' });
  expect(errors.map((error) => error.path)).toEqual([['users']]);
});
