import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';

interface Pair {
  readonly user_id: string;
  readonly friend_id: string;
}

let db: TestDatabase;
/** A community of 40 with friendships, requests, refusals and blocks drawn with fixed dice. */
let people: string[];
beforeAll(async () => {
  db = await testDatabase();
  await db.query(
    "insert into core.users (username) select 'person_' || number from generate_series(10, 49) as number",
  );
  people = (await db.query<{ id: string }>('select id from core.users order by id')).rows.map(({ id }) => id);
  await db.query('insert into core.profiles (user_id) select id from core.users');
  await db.query(`
    insert into social.friendships (user_id, friend_id, status, accepted_at, declined_at)
    select
      -- Either side may have asked.
      case when (a.number * b.number) % 2 = 0 then a.id else b.id end,
      case when (a.number * b.number) % 2 = 0 then b.id else a.id end,
      case when draw < 8 then 'accepted' when draw = 8 then 'pending' else 'declined' end,
      case when draw < 8 then now() end,
      case when draw > 8 then now() end
    from (select id, row_number() over (order by id) as number from core.users) as a
    join (select id, row_number() over (order by id) as number from core.users) as b on a.number < b.number
    cross join lateral (select ('x' || substr(md5(a.number || ':' || b.number), 1, 6))::bit(24)::integer as noise) as dice
    cross join lateral (select noise % 10 as draw, noise / 10 % 5 as density) as pattern
    where density = 0
  `);
  await db.query(`
    insert into social.blocks (blocker_id, blocked_id)
    select a.id, b.id
    from (select id, row_number() over (order by id) as number from core.users) as a
    join (select id, row_number() over (order by id) as number from core.users) as b
      on a.number <> b.number and (a.number * 11 + b.number * 3) % 37 = 0
  `);
  await db.query("update core.users set deleted_at = now() where username = 'person_17'");
  await db.query(
    "insert into core.user_settings (user_id, friend_request_policy) select id, 'nobody' from core.users where username = 'person_23'",
  );
});

function asMember<Row extends object>(
  userId: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return db.as(
    { role: 'stoa_member', userId },
    async (client) => (await client.query<Row>(text, [...values])).rows,
  );
}

async function pairs(text: string): Promise<Pair[]> {
  return (await db.query<Pair>(text)).rows;
}

/** The plain definition, without an index and without a join. */
async function suggestionsByHand(me: string): Promise<{ user_id: string; mutual_count: number }[]> {
  const friendships = await pairs(
    "select user_id, friend_id from social.friendships where status = 'accepted'",
  );
  const known = await pairs('select user_id, friend_id from social.friendships');
  const blocked = await pairs('select blocker_id as user_id, blocked_id as friend_id from social.blocks');
  const unavailable = new Set(
    (
      await db.query<{ id: string }>(
        "select id from core.users where deleted_at is not null or username in ('person_23')",
      )
    ).rows.map(({ id }) => id),
  );
  const friendsOf = (person: string): Set<string> =>
    new Set(
      friendships.flatMap(({ user_id, friend_id }) =>
        user_id === person ? [friend_id] : friend_id === person ? [user_id] : [],
      ),
    );
  const hasPair = (list: readonly Pair[], other: string): boolean =>
    list.some(
      ({ user_id, friend_id }) =>
        (user_id === me && friend_id === other) || (user_id === other && friend_id === me),
    );
  const mine = friendsOf(me);
  return people
    .filter((other) => other !== me && !unavailable.has(other))
    .filter((other) => !hasPair(known, other) && !hasPair(blocked, other))
    .map((other) => ({
      user_id: other,
      mutual_count: [...friendsOf(other)].filter((friend) => mine.has(friend)).length,
    }))
    .filter(({ mutual_count }) => mutual_count > 0)
    .sort((a, b) => b.mutual_count - a.mutual_count || (a.user_id < b.user_id ? -1 : 1));
}

describe('friend suggestions', () => {
  it('are for everybody what the plain definition says', async () => {
    let suggested = 0;
    for (const me of people.filter((_, index) => index % 4 !== 3)) {
      const found = await asMember(me, 'select * from social.suggest_friends(100)');
      expect(found).toEqual(await suggestionsByHand(me));
      suggested += found.length;
    }
    expect(suggested).toBeGreaterThan(100);
  });

  it('come with the most mutual friends first, as many as are asked for', async () => {
    const [me = ''] = people;
    const all = await asMember(me, 'select * from social.suggest_friends(100)');
    expect(await asMember(me, 'select * from social.suggest_friends(3)')).toEqual(all.slice(0, 3));
    expect(await asMember(me, 'select * from social.suggest_friends(0)')).toEqual([]);
  });
});

describe('mutual friends', () => {
  it('are the friends that two people share, nobody across a block or of a closed account', async () => {
    const [me = '', ...others] = people.slice(0, 12);
    let shared = 0;
    for (const other of others) {
      const { rows } = await db.query<{ friend_id: string }>(
        `select mine.friend_id
         from social.friend_edges as mine, social.friend_edges as theirs
         where mine.user_id = $1 and theirs.user_id = $2 and theirs.friend_id = mine.friend_id
           and not social.is_blocked($1, $2)
           and (select deleted_at is null from core.users where id = $2)
         order by friend_id`,
        [me, other],
      );
      const found = await asMember<Pair>(me, 'select * from social.mutual_friends($1, p_limit => 100)', [
        other,
      ]);
      expect(found.map(({ friend_id }) => friend_id)).toEqual(rows.map(({ friend_id }) => friend_id));
      shared += found.length;
    }
    expect(shared).toBeGreaterThan(0);
  });
});

describe('the friends of somebody', () => {
  let owner: string;
  let friend: string;
  let stranger: string;
  beforeAll(async () => {
    owner = await createUser(db, { username: 'owner' });
    friend = await createUser(db, { username: 'friend' });
    stranger = await createUser(db, { username: 'stranger' });
    await db.query('insert into core.profiles (user_id) values ($1)', [owner]);
    await db.query('insert into core.user_settings (user_id) values ($1)', [owner]);
    await db.query(
      "insert into social.friendships (user_id, friend_id, status, accepted_at) select $1, other, 'accepted', now() from unnest($2::uuid[]) as other",
      [owner, [friend, ...people.slice(0, 5)]],
    );
  });

  const seenBy = async (seer: string | undefined): Promise<number> =>
    db.as(
      seer === undefined ? { role: 'stoa_anonymous' } : { role: 'stoa_member', userId: seer },
      async (client) => {
        const { rows } = await client.query('select * from social.friends_of($1)', [owner]);
        return rows.length;
      },
    );

  it.each([
    ['public', { visitor: 6, stranger: 6, friend: 6, owner: 6 }],
    ['members', { visitor: 0, stranger: 6, friend: 6, owner: 6 }],
    ['friends', { visitor: 0, stranger: 0, friend: 6, owner: 6 }],
    ['private', { visitor: 0, stranger: 0, friend: 0, owner: 6 }],
  ])('are shown as a %s profile is', async (visibility, expected) => {
    await db.query('update core.user_settings set profile_visibility = $2 where user_id = $1', [
      owner,
      visibility,
    ]);
    expect({
      visitor: await seenBy(undefined),
      stranger: await seenBy(stranger),
      friend: await seenBy(friend),
      owner: await seenBy(owner),
    }).toEqual(expected);
  });

  it('are never shown across a block', async () => {
    await db.query("update core.user_settings set profile_visibility = 'public' where user_id = $1", [owner]);
    await db.query('insert into social.blocks (blocker_id, blocked_id) values ($1, $2)', [owner, stranger]);
    expect(await seenBy(stranger)).toBe(0);
  });

  it('come in pages that neither skip nor repeat anybody', async () => {
    const all = await asMember<Pair>(owner, 'select * from social.friends_of($1, p_limit => 100)', [owner]);
    const paged: Pair[] = [];
    let after: string | null = null;
    for (;;) {
      const page: Pair[] = await asMember<Pair>(owner, 'select * from social.friends_of($1, $2, 2)', [
        owner,
        after,
      ]);
      paged.push(...page);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.friend_id;
    }
    expect(paged).toEqual(all);
    expect(paged).toHaveLength(6);
  });

  it('are hidden from others in the view', async () => {
    expect(await asMember(stranger, 'select from social.friends')).toEqual([]);
    expect(await asMember(friend, 'select from social.friends where user_id = $1', [owner])).toHaveLength(1);
  });
});

describe('the friends view', () => {
  it('answers "my friends" from the two indexes', async () => {
    const me = people[7] ?? '';
    await db.query('analyze social.friendships');
    const plan = await db.as({ role: 'stoa_member', userId: me }, async (client) => {
      await client.query('set local enable_seqscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        'explain select * from social.friends where user_id = $1',
        [me],
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    expect(plan).toContain('friendships_user_status_idx');
    expect(plan).toContain('friendships_friend_status_idx');
  });
});
