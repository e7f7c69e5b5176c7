import { beforeAll, describe, expect, it } from 'vitest';
import { messagingScene, type Person, type Scene } from '../../sql/messaging/scene.ts';
import { startTestApi, type TestApi } from '../api.ts';
import { listen, type Subscription } from './listener.ts';

let stage: Scene;
let api: TestApi;

beforeAll(async () => {
  stage = await messagingScene();
  api = await startTestApi(stage.db);
});

async function follow(person: Person, query: string, variables = {}): Promise<Subscription> {
  const events = listen(api, await api.signIn(person.id)).subscribe(query, variables);
  return events;
}

describe('notifications', () => {
  const query = /* GraphQL */ `
    subscription ($after: String) {
      notifications(after: $after) {
        notifications {
          id
          title
          count
        }
        unreadCount
        cursor
      }
    }
  `;
  const notify = (person: Person, title: string, groupKey?: string): Promise<unknown> =>
    stage.db.query("select notifications.notify($1, 'test', $2, p_group_key => $3)", [
      person.id,
      title,
      groupKey ?? null,
    ]);

  it('come one by one, and again when something is counted into one', async () => {
    const ada = await stage.person();
    const events = await follow(ada, query);
    expect(await events.next()).toMatchObject({ notifications: [], unreadCount: 0 });
    await notify(ada, 'first');
    expect(await events.next()).toMatchObject({ notifications: [{ title: 'first' }], unreadCount: 1 });
    await notify(ada, 'liked', 'post:1');
    expect(await events.next()).toMatchObject({
      notifications: [{ title: 'liked', count: 1 }],
      unreadCount: 2,
    });
    await notify(ada, 'liked twice', 'post:1');
    expect(await events.next()).toMatchObject({
      notifications: [{ title: 'liked twice', count: 2 }],
      unreadCount: 2,
    });
  });

  it('are somebody else’s business for nobody', async () => {
    const [ada, ben] = await stage.people(2);
    if (!ada || !ben) throw new Error('two people');
    const events = await follow(ben, query);
    await events.next();
    await notify(ada, 'for ada');
    await notify(ben, 'for ben');
    expect(await events.next()).toMatchObject({ notifications: [{ title: 'for ben' }] });
  });

  it('that are read on one device lower the number on the other', async () => {
    const ada = await stage.person();
    await notify(ada, 'a');
    await notify(ada, 'b');
    const events = await follow(ada, query);
    expect(await events.next()).toMatchObject({ unreadCount: 2 });
    await ada.read('select notifications.mark_all_read()');
    expect(await events.next()).toMatchObject({ notifications: [], unreadCount: 0 });
  });

  it('are replayed from a cursor, each once, counted ones included', async () => {
    const ada = await stage.person();
    const before = await follow(ada, query);
    await before.next();
    await notify(ada, 'seen');
    await notify(ada, 'grouped', 'post:2');
    await before.until(() => before.all('notifications', 'title').length === 2);
    const { cursor } = before.events.at(-1);
    before.stop();

    await notify(ada, 'grouped again', 'post:2');
    for (let index = 0; index < 60; index += 1) await notify(ada, `missed ${index}`);
    const after = await follow(ada, query, { after: cursor });
    await after.until(() => after.all('notifications', 'title').length === 61);
    const titles = after.all('notifications', 'title');
    expect(new Set(titles).size).toBe(61);
    expect(titles).toContain('grouped again');
    expect(titles).not.toContain('seen');
  });
});

describe('presence', () => {
  const query = /* GraphQL */ `
    subscription ($id: UUID) {
      presence(conversationId: $id) {
        presences {
          userId
          effectiveStatus
        }
        hiddenUserIds
      }
    }
  `;
  const status = (person: Person, wanted: string): Promise<unknown> =>
    person.read('select core.set_status($1)', [wanted]);
  const showTo = (person: Person, audience: string): Promise<unknown> =>
    stage.db.query(
      `insert into core.user_settings (user_id, presence_visibility) values ($1, $2)
       on conflict (user_id) do update set presence_visibility = excluded.presence_visibility`,
      [person.id, audience],
    );

  it('of friends: first how things stand, then what changes; a beat that changes nothing is silent', async () => {
    const [ada, ben, cy, stranger] = await stage.people(4);
    if (!ada || !ben || !cy || !stranger) throw new Error('four people');
    await stage.befriend(ada, ben, cy);
    await status(ben, 'online');
    const events = await follow(ada, query);
    expect(await events.next()).toEqual({
      presences: [{ userId: ben.id, effectiveStatus: 'online' }],
      hiddenUserIds: [],
    });
    await status(stranger, 'online');
    await ben.read('select core.heartbeat()');
    await status(cy, 'dnd');
    expect(await events.next()).toMatchObject({ presences: [{ userId: cy.id, effectiveStatus: 'dnd' }] });
    await status(ben, 'idle');
    expect(await events.next()).toMatchObject({ presences: [{ userId: ben.id, effectiveStatus: 'idle' }] });
  });

  it('of who goes offline by silence, when the sweep comes by', async () => {
    const [ada, ben] = await stage.people(2);
    if (!ada || !ben) throw new Error('two people');
    await stage.befriend(ada, ben);
    await status(ben, 'online');
    const events = await follow(ada, query);
    await events.next();
    await stage.db.query("select core.sweep_presence(now() + interval '2 minutes')");
    expect(await events.next()).toMatchObject({
      presences: [{ userId: ben.id, effectiveStatus: 'offline' }],
    });
  });

  it('of who hides is taken back, and comes again when shown', async () => {
    const [ada, ben] = await stage.people(2);
    if (!ada || !ben) throw new Error('two people');
    await stage.befriend(ada, ben);
    await status(ben, 'online');
    const events = await follow(ada, query);
    await events.next();
    await showTo(ben, 'private');
    expect(await events.next()).toEqual({ presences: [], hiddenUserIds: [ben.id] });
    await status(ben, 'dnd');
    await showTo(ben, 'friends');
    expect(await events.next()).toMatchObject({ presences: [{ userId: ben.id, effectiveStatus: 'dnd' }] });
  });

  it('of who becomes a friend comes by itself', async () => {
    const [ada, ben] = await stage.people(2);
    if (!ada || !ben) throw new Error('two people');
    await status(ben, 'online');
    const events = await follow(ada, query);
    expect(await events.next()).toMatchObject({ presences: [] });
    await stage.befriend(ben, ada);
    expect(await events.next()).toMatchObject({ presences: [{ userId: ben.id }] });
  });

  it('of the people in a conversation, until the listener is no longer in it', async () => {
    const [owner, [ben], id] = await stage.group(3);
    if (!ben) throw new Error('a group of three');
    const events = await follow(ben, query, { id });
    expect(await events.next()).toMatchObject({ presences: [] });
    await status(owner, 'online');
    expect(await events.next()).toMatchObject({ presences: [{ userId: owner.id }] });
    await owner.call('remove_participant', { conversation_id: id, user_id: ben.id });
    expect((await events.ended).errors?.[0]?.extensions).toMatchObject({
      reason: 'subscription.access_lost',
    });
  });
});
