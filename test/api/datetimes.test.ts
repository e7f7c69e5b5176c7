import { beforeAll, describe, expect, it } from 'vitest';
import { readTime, tellTime } from '../../src/api/datetimes.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';

const forGood = '9999-12-31T23:59:59.999999+00:00';

let db: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    create function forums.same_time(p_at timestamptz) returns timestamptz stable language sql
    begin atomic select p_at; end;
    create function forums.is_endless(p_at timestamptz) returns boolean stable language sql
    begin atomic select not isfinite(p_at); end;
  `);
  api = await startTestApi(db);
});

async function must(query: string, token?: string, variables: Record<string, unknown> = {}) {
  const { data, errors } = await api.ask(query, { variables, ...(token === undefined ? {} : { token }) });
  expect(errors).toEqual([]);
  return data;
}

describe('a time without end', () => {
  it('of a ban is later than every other: it is not told as none', async () => {
    const people = await Promise.all(
      ['2031-05-01 12:00:00.25+00', 'infinity', null].map(async (until, place) => {
        const username = `person${place}`;
        const id = await createUser(db, { username });
        await db.query('update core.users set banned_until = $2 where id = $1', [id, until]);
        return username;
      }),
    );
    const moderator = await api.signIn(await createUser(db, { username: 'cleo', role: 'moderator' }));
    const told = await Promise.all(
      people.map(async (username) => {
        const { userByUsername } = await must(
          'query ($username: String!) { userByUsername(username: $username) { bannedUntil } }',
          moderator,
          { username },
        );
        return userByUsername.bannedUntil;
      }),
    );
    expect(told).toEqual(['2031-05-01T12:00:00.250000+00:00', forGood, null]);
    expect(told.map((until) => until !== null && new Date(until) > new Date())).toEqual([true, true, false]);
  });

  it('can be sent back, as a variable and as part of the text', async () => {
    const ask = (at: string) =>
      api.ask(
        `query ($at: Datetime!) { sameTime(at: $at) isEndless(at: $at) literally: isEndless(at: "${at}") }`,
        {
          variables: { at },
        },
      );
    for (const at of [forGood, '0001-01-01T00:00:00.000000+00:00']) {
      const { data, errors } = await ask(at);
      expect(errors).toEqual([]);
      expect(data).toEqual({ sameTime: at, isEndless: true, literally: true });
    }
    expect((await ask('2026-02-03T04:05:06+00:00')).data).toEqual({
      sameTime: '2026-02-03T04:05:06.000000+00:00',
      isEndless: false,
      literally: false,
    });
  });

  it('is one of two dates, and every other date is itself', () => {
    expect(['infinity', '-infinity', '2026-11-21T00:00:00.000000+00:00'].map(tellTime)).toEqual([
      forGood,
      '0001-01-01T00:00:00.000000+00:00',
      '2026-11-21T00:00:00.000000+00:00',
    ]);
    // A client that keeps milliseconds only sends it back shorter.
    expect(['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:58Z', 'infinity', 'soon'].map(readTime)).toEqual([
      'infinity',
      '9999-12-31T23:59:58Z',
      'infinity',
      'soon',
    ]);
  });
});
