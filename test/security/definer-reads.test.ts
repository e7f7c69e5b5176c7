import type { ClientBase } from 'pg';
import { DatabaseError } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { moduleSchemas } from '../../src/catalog/schemas.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { type Persona, personas } from './matrix/cells.ts';
import { matrix } from './matrix/index.ts';
import { actorOf } from './matrix/observe.ts';
import { everybody, idOf } from './matrix/people.ts';
import { readRelations } from './matrix/relations.ts';
import { buildWorld } from './matrix/world.ts';

/*
 * A function that reads as its owner goes past the policies, and repeats what they say. So whoever asks, it must not
 * give a row that the table itself would not give to the same person.
 */

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await buildWorld(db, matrix, await readRelations(db));
});

const tested = [
  'forums.comment_tree',
  'forums.feed',
  'forums.search',
  'forums.search_comments',
  'groups.discover',
  'groups.feed',
  'groups.pins',
  'groups.search',
  'messaging.feed',
  'messaging.inbox',
  'messaging.search',
  'moderation.appealable_ban',
  'social.friends_of',
  'social.mutual_friends',
  'tracker.browse',
  'tracker.hit_and_runs',
  'tracker.my_torrents',
  'tracker.open_requests',
  'tracker.search',
  'tracker.search_files',
  'workspace.search_documents',
];

async function ids(
  client: ClientBase,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(text, [...values]);
  return rows.map(({ id }) => id).sort();
}

/** The rows, or none when the function refuses on purpose (ST…). */
async function idsOrRefusal(
  client: ClientBase,
  text: string,
  values: readonly unknown[],
): Promise<readonly string[]> {
  await client.query('savepoint before');
  try {
    return await ids(client, text, values);
  } catch (error) {
    if (!(error instanceof DatabaseError) || !/^(ST\d{3}|42501)$/.test(error.code ?? '')) throw error;
    await client.query('rollback to before');
    return [];
  }
}

async function rows(text: string): Promise<readonly string[]> {
  return (await db.query<{ id: string }>(text)).rows.map(({ id }) => id);
}

describe('a function that reads rows as its owner', () => {
  it('is among those that are tested here', async () => {
    const found = await db.query<{ name: string }>(
      `select distinct f.oid::regproc::text as name
       from pg_catalog.pg_proc as f
       join pg_catalog.pg_type as t on t.oid = f.prorettype
       join pg_catalog.pg_class as c on c.oid = t.typrelid and c.relkind in ('r', 'p', 'v')
       where f.pronamespace::regnamespace::text = any ($1)
         and f.prosecdef
         and f.provolatile <> 'v'
         and has_function_privilege('stoa_admin', f.oid, 'execute')
       order by 1`,
      [await moduleSchemas(db.pool)],
    );
    expect(found.rows.map(({ name }) => name)).toEqual(tested);
  });
});

describe.each(personas.map((persona) => [persona] as const))('as %s', (persona: Persona) => {
  it('forums.search finds the live posts that the table shows, and no other', async () => {
    await db.as(actorOf(persona), async (client) => {
      const shown = await ids(client, 'select id from forums.posts where deleted_at is null');
      expect(await ids(client, `select id from forums.search('ground', p_first => 50)`)).toEqual(shown);
    });
  });

  it('forums.search finds nothing in a forum whose posts the table does not show', async () => {
    const forums = await rows('select id from forums.forums');
    await db.as(actorOf(persona), async (client) => {
      for (const forum of forums) {
        const shown = await ids(client, 'select id from forums.posts where forum_id = $1', [forum]);
        const found = await idsOrRefusal(client, `select id from forums.search('ground', $1)`, [forum]);
        expect(shown).toEqual(expect.arrayContaining([...found]));
      }
    });
  });

  it.each(['hot', 'new', 'top', 'active'])(
    'forums.feed (%s) gives the live posts of a forum that the table shows, and no other',
    async (sort) => {
      const forums = await rows('select id from forums.forums');
      await db.as(actorOf(persona), async (client) => {
        let given = 0;
        for (const forum of forums) {
          const shown = await ids(
            client,
            'select id from forums.posts where forum_id = $1 and deleted_at is null',
            [forum],
          );
          expect(
            await ids(client, 'select id from forums.feed($1, $2, p_first => 50)', [forum, sort]),
          ).toEqual(shown);
          given += shown.length;
        }
        expect(given).toBeGreaterThan(0);
      });
    },
  );

  it('messaging.feed gives the messages of a conversation that the table shows, and no other', async () => {
    const conversations = await rows('select id from messaging.conversations');
    const first = '00000000-0000-0000-0000-000000000000';
    await db.as(actorOf(persona), async (client) => {
      let given = 0;
      for (const conversation of conversations) {
        const shown = await idsOrRefusal(
          client,
          'select id from messaging.messages where conversation_id = $1',
          [conversation],
        );
        const feed = 'select id from messaging.feed($1, p_after => $2, p_first => 100)';
        expect(await idsOrRefusal(client, feed, [conversation, first])).toEqual(shown);
        const newest = await idsOrRefusal(client, feed, [conversation, null]);
        expect(shown).toEqual(expect.arrayContaining([...newest]));
        given += shown.length;
      }
      if (persona === 'owner') expect(given).toBeGreaterThan(0);
    });
  });

  it('forums.search_comments finds only comments that the table shows', async () => {
    await db.as(actorOf(persona), async (client) => {
      const shown = await ids(client, 'select id from forums.comments');
      const found = await ids(client, `select id from forums.search_comments('said', p_first => 50)`);
      expect(shown).toEqual(expect.arrayContaining([...found]));
      expect(found.length).toBeGreaterThan(0);
    });
  });

  it.each(['tree', 'best', 'new'])(
    'forums.comment_tree (%s) gives only comments that the table shows',
    async (sort) => {
      const posts = await rows('select id from forums.posts');
      await db.as(actorOf(persona), async (client) => {
        let given = 0;
        for (const post of posts) {
          const shown = await ids(client, 'select id from forums.comments where post_id = $1', [post]);
          const found = await idsOrRefusal(client, 'select id from forums.comment_tree($1, $2)', [
            post,
            sort,
          ]);
          expect(shown).toEqual(expect.arrayContaining([...found]));
          given += found.length;
        }
        expect(given).toBeGreaterThan(0);
      });
    },
  );

  it('groups.discover, feed, pins and search give only what the tables show', async () => {
    const channels = await rows('select id from groups.channels');
    await db.as(actorOf(persona), async (client) => {
      const groups = await idsOrRefusal(client, 'select id from groups.groups', []);
      const discovered = await idsOrRefusal(client, 'select id from groups.discover(p_first => 100)', []);
      expect(groups).toEqual(expect.arrayContaining([...discovered]));

      let given = 0;
      for (const channel of channels) {
        const shown = await idsOrRefusal(
          client,
          'select id from groups.channel_messages where channel_id = $1',
          [channel],
        );
        for (const call of [
          'groups.feed($1, p_first => 100)',
          'groups.pins($1)',
          `groups.search('ello', p_channel_id => $1)`,
        ]) {
          const found = await idsOrRefusal(client, `select id from ${call}`, [channel]);
          expect(shown, call).toEqual(expect.arrayContaining([...found]));
          given += found.length;
        }
      }
      if (persona === 'owner') expect(given).toBeGreaterThan(0);
    });
  });

  it('moderation.appealable_ban gives nothing to whoever lacks the token', async () => {
    await db.as(actorOf(persona), async (client) => {
      const read = 'select id from moderation.appealable_ban($1)';
      expect(await idsOrRefusal(client, read, ['not the token of anybody'])).toEqual([]);
    });
  });

  it('messaging.inbox and search give only what the tables show', async () => {
    await db.as(actorOf(persona), async (client) => {
      const functions = [
        ['messaging.conversations', 'messaging.inbox(p_first => 100)'],
        ['messaging.messages', `messaging.search('ello', p_since => '2000-01-01', p_first => 100)`],
      ];
      for (const [table, call] of functions) {
        const shown = await idsOrRefusal(client, `select id from ${table}`, []);
        const found = await idsOrRefusal(client, `select id from ${call}`, []);
        expect(shown).toEqual(expect.arrayContaining([...found]));
        if (persona === 'owner') expect(found.length, call).toBeGreaterThan(0);
      }
    });
  });

  it('workspace.search_documents finds the live pages that the table shows, and no other', async () => {
    const projects = await rows('select id from workspace.projects');
    await db.as(actorOf(persona), async (client) => {
      for (const project of projects) {
        const shown = await ids(
          client,
          'select id from workspace.documents where project_id = $1 and deleted_at is null',
          [project],
        );
        // Staff reads what is in a deleted project; nobody finds it by searching.
        const isLive =
          (await db.query('select from workspace.projects where id = $1 and deleted_at is null', [project]))
            .rows.length > 0;
        expect(
          await idsOrRefusal(client, `select id from workspace.search_documents('ground', $1)`, [project]),
        ).toEqual(isLive ? shown : []);
      }
      const shown = await ids(client, 'select id from workspace.documents where deleted_at is null');
      const found = await ids(client, `select id from workspace.search_documents('ground', p_first => 100)`);
      expect(shown).toEqual(expect.arrayContaining([...found]));
      if (persona === 'owner') expect(found).toHaveLength(2);
    });
  });

  it('tracker.browse, my_torrents, search and search_files give only what the table shows', async () => {
    await db.as(actorOf(persona), async (client) => {
      const shown = await ids(client, 'select id from tracker.torrents');
      for (const call of [
        'tracker.browse()',
        `tracker.browse(p_sort => 'seeders')`,
        `tracker.browse(90001, p_sort => 'oldest')`,
        'tracker.my_torrents()',
        `tracker.search('ground')`,
        `tracker.search_files('ground')`,
      ]) {
        const found = await idsOrRefusal(client, `select id from ${call}`, []);
        expect(shown, call).toEqual(expect.arrayContaining([...found]));
        if (/browse|search\(/.test(call)) expect(found.length, call).toBe(3);
      }
    });
  });

  it('tracker.hit_and_runs gives only what the table shows, of nobody else to members', async () => {
    await db.as(actorOf(persona), async (client) => {
      const key = `concat(user_id, ' ', torrent_id) as id`;
      const shown = await idsOrRefusal(client, `select ${key} from tracker.user_torrents`, []);
      for (const person of everybody) {
        const found = await idsOrRefusal(client, `select ${key} from tracker.hit_and_runs($1)`, [
          idOf(person),
        ]);
        expect(shown).toEqual(expect.arrayContaining([...found]));
      }
    });
  });

  it('tracker.open_requests gives only requests that the table shows', async () => {
    await db.as(actorOf(persona), async (client) => {
      const shown = await idsOrRefusal(client, 'select id from tracker.requests', []);
      const found = await idsOrRefusal(client, 'select id from tracker.open_requests()', []);
      expect(shown).toEqual(expect.arrayContaining([...found]));
      if (persona === 'owner') expect(found).toHaveLength(2);
    });
  });

  it('social.friends_of and mutual_friends are silent about people whose profile the table does not show', async () => {
    await db.as(actorOf(persona), async (client) => {
      for (const person of everybody) {
        const id = idOf(person);
        const isShown =
          (await ids(client, 'select user_id as id from core.profiles where user_id = $1', [id])).length > 0;
        if (isShown) continue;
        for (const name of ['social.friends_of', 'social.mutual_friends']) {
          expect(await idsOrRefusal(client, `select friend_id as id from ${name}($1)`, [id])).toEqual([]);
        }
      }
    });
  });
});

describe('social.friends_of', () => {
  it('tells the friends of somebody whose profile is shown', async () => {
    const shown = await db.as(actorOf('moderator'), (client) =>
      ids(client, 'select friend_id as id from social.friends_of($1)', [idOf('friend')]),
    );
    expect(shown).toEqual([idOf('owner'), idOf('stranger')].sort());
  });
});
