import type { ClientBase } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
let actor: string;
beforeAll(async () => {
  db = await testDatabase();
  actor = await createUser(db, { username: 'actor' });
});

interface Event {
  readonly type?: string;
  readonly title?: string;
  readonly actorId?: string;
  readonly group?: string;
}

async function notify(userId: string, event: Event = {}): Promise<string | null> {
  const { rows } = await db.query<{ id: string | null }>(
    'select notifications.notify($1, $2, $3, p_actor_id => $4, p_group_key => $5) as id',
    [userId, event.type ?? 'vote', event.title ?? 'News', event.actorId ?? actor, event.group ?? null],
  );
  return rows[0]?.id ?? null;
}

async function bell(userId: string): Promise<unknown> {
  const { rows } = await db.query(
    'select title, count, read_at is not null as is_read from notifications.notifications where user_id = $1 order by id',
    [userId],
  );
  return rows;
}

function asMember<Result>(userId: string, work: (client: ClientBase) => Promise<Result>): Promise<Result> {
  return db.as({ role: 'stoa_member', userId }, work, { commit: true });
}

async function unread(userId: string): Promise<number | undefined> {
  return asMember(userId, async (client) => {
    const { rows } = await client.query<{ unread: number }>('select notifications.unread_count() as unread');
    return rows[0]?.unread;
  });
}

describe('notifications.notify', () => {
  it('collapses 20 parallel events of a group into one entry that counts them', async () => {
    const id = await createUser(db, { username: 'popular' });
    const entries = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        notify(id, { title: `Vote ${number}`, group: 'post:1:vote' }),
      ),
    );
    expect(new Set(entries).size).toBe(1);
    expect(await bell(id)).toMatchObject([{ count: 20, is_read: false }]);
  });

  it('shows the latest event of a group, and keeps groups and people apart', async () => {
    const [id, other] = [
      await createUser(db, { username: 'author' }),
      await createUser(db, { username: 'other_author' }),
    ];
    await notify(id, { title: 'first', group: 'post:2:vote' });
    await notify(id, { title: 'second', group: 'post:2:vote' });
    await notify(id, { title: 'elsewhere', group: 'post:3:vote' });
    await notify(id, { title: 'alone' });
    await notify(id, { title: 'alone' });
    await notify(other, { title: 'mine', group: 'post:2:vote' });
    expect(await bell(id)).toMatchObject([
      { title: 'second', count: 2 },
      { title: 'elsewhere', count: 1 },
      { title: 'alone', count: 1 },
      { title: 'alone', count: 1 },
    ]);
    expect(await bell(other)).toMatchObject([{ title: 'mine', count: 1 }]);
  });

  it('starts a new entry once the group was read', async () => {
    const id = await createUser(db, { username: 'tidy' });
    const first = await notify(id, { group: 'g' });
    await asMember(id, (client) =>
      client.query('select notifications.mark_read(array[$1]::uuid[])', [first]),
    );
    await notify(id, { group: 'g' });
    expect(await bell(id)).toMatchObject([
      { count: 1, is_read: true },
      { count: 1, is_read: false },
    ]);
  });

  it('replaces a pointer whose entry is gone', async () => {
    const id = await createUser(db, { username: 'swept' });
    await notify(id, { group: 'g' });
    await db.query('delete from notifications.notifications where user_id = $1', [id]);
    const entry = await notify(id, { group: 'g' });
    expect(await notify(id, { group: 'g' })).toBe(entry);
    expect(await bell(id)).toMatchObject([{ count: 2 }]);
  });

  it('loses no event when entries are read while others arrive', async () => {
    const id = await createUser(db, { username: 'restless' });
    await Promise.all(
      Array.from({ length: 30 }, (_, number) =>
        number % 3 === 0
          ? asMember(id, (client) => client.query('select notifications.mark_all_read()'))
          : notify(id, { group: 'storm' }),
      ),
    );
    const { rows } = await db.query(
      `select sum(count)::integer as events, (count(*) filter (where read_at is null) <= 1) as is_collapsed
       from notifications.notifications where user_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ events: 20, is_collapsed: true }]);
  });

  it('stays silent where nobody wants to hear', async () => {
    const [self, deaf, gone, blocker] = [
      await createUser(db, { username: 'self' }),
      await createUser(db, { username: 'deaf' }),
      await createUser(db, { username: 'gone' }),
      await createUser(db, { username: 'blocker' }),
    ];
    await db.query('insert into core.user_settings (user_id, notifications) values ($1, $2)', [
      deaf,
      { vote: false, mention: { bell: false } },
    ]);
    await db.query('update core.users set deleted_at = now() where id = $1', [gone]);
    await db.query('insert into social.blocks (blocker_id, blocked_id) values ($1, $2)', [blocker, actor]);

    expect(await notify(self, { actorId: self })).toBeNull();
    expect(await notify(deaf, { type: 'vote' })).toBeNull();
    expect(await notify(deaf, { type: 'mention' })).toBeNull();
    expect(await notify(deaf, { type: 'reply' })).not.toBeNull();
    expect(await notify(gone)).toBeNull();
    expect(await notify(blocker)).toBeNull();
  });
});

describe('the badge', () => {
  it('counts up to 100 and no further', async () => {
    const id = await createUser(db, { username: 'famous' });
    await notify(id);
    expect(await unread(id)).toBe(1);
    await db.query(
      "insert into notifications.notifications (user_id, type, title) select $1, 'vote', 'x' from generate_series(1, 150)",
      [id],
    );
    expect(await unread(id)).toBe(100);
  });

  it('reads the partial index and stops', async () => {
    const id = await createUser(db, { username: 'planned' });
    await db.query(
      "insert into notifications.notifications (user_id, type, title, read_at) select $1, 'vote', 'x', now() from generate_series(1, 5000)",
      [id],
    );
    await db.query('analyze notifications.notifications');
    const {
      rows: [holder],
    } = await db.query<{ partition: string }>(
      'select tableoid::regclass::text as partition from notifications.notifications where user_id = $1 limit 1',
      [id],
    );
    const plan = await db.as({ role: 'stoa_member', userId: id }, async (client) => {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        'explain select from notifications.notifications where user_id = $1 and read_at is null limit 100',
        [id],
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    const partition = holder?.partition.replace('parts.', '');
    expect(plan).toContain(`${partition}_user_id_id_idx`);
    expect(plan).not.toContain(`Seq Scan on ${partition}`);
  });
});

describe('marking as read', () => {
  it("touches only the entries that are named, and only one's own", async () => {
    const [id, other] = [
      await createUser(db, { username: 'reader' }),
      await createUser(db, { username: 'neighbour' }),
    ];
    const [first, , foreign] = [await notify(id), await notify(id), await notify(other)];
    const { rows } = await asMember(id, (client) =>
      client.query('select notifications.mark_read(array[$1, $2]::uuid[]) as marked', [first, foreign]),
    );
    expect(rows).toEqual([{ marked: 1 }]);
    expect(await unread(id)).toBe(1);
    expect(await unread(other)).toBe(1);
  });

  it('up to what is on the screen leaves what came since', async () => {
    const id = await createUser(db, { username: 'scroller' });
    await notify(id);
    const newest = await notify(id);
    await notify(id);
    const { rows } = await asMember(id, (client) =>
      client.query('select notifications.mark_all_read($1) as marked', [newest]),
    );
    expect(rows).toEqual([{ marked: 2 }]);
    expect(await unread(id)).toBe(1);
  });

  it('happens by following an entry, once', async () => {
    const id = await createUser(db, { username: 'clicker' });
    const entry = await notify(id, { group: 'g' });
    const click = (): Promise<unknown> =>
      asMember(id, async (client) => {
        const { rows } = await client.query('select clicked_at, read_at from notifications.click($1)', [
          entry,
        ]);
        return rows;
      });
    const first = await click();
    expect(await click()).toEqual(first);
    expect(await notify(id, { group: 'g' })).not.toBe(entry);
    expect(
      await reasonOf(asMember(actor, (client) => client.query('select notifications.click($1)', [entry]))),
    ).toBe('notification.unknown');
  });
});

describe('registering a device', () => {
  it('moves it to whoever registered it last, and never shows the token', async () => {
    const [id, other] = [
      await createUser(db, { username: 'lender' }),
      await createUser(db, { username: 'borrower' }),
    ];
    for (const person of [id, other]) {
      const { rows } = await asMember(person, (client) =>
        client.query("select token, platform from notifications.register_push('token-1', 'web', 'Tablet')"),
      );
      expect(rows).toEqual([{ token: '', platform: 'web' }]);
    }
    const { rows } = await db.query('select user_id, token from notifications.push_tokens');
    expect(rows).toEqual([{ user_id: other, token: 'token-1' }]);

    expect(
      await reasonOf(
        asMember(id, (client) => client.query("select notifications.unregister_push('token-1')")),
      ),
    ).toBe('push.unknown');
    await asMember(other, (client) => client.query("select notifications.unregister_push('token-1')"));
  });

  it('refuses a platform that does not exist', async () => {
    expect(
      await reasonOf(
        asMember(actor, (client) => client.query("select notifications.register_push('t', 'fax')")),
      ),
    ).toBe('push.unknown_platform');
  });
});
