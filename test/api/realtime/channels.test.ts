import { beforeAll, describe, expect, it } from 'vitest';
import { mask, type Person, type Scene, scene } from '../../sql/groups/scene.ts';
import { startTestApi, type TestApi } from '../api.ts';
import { listen, type Subscription } from './listener.ts';

let stage: Scene;
let api: TestApi;

beforeAll(async () => {
  stage = await scene();
  api = await startTestApi(stage.db);
});

const query = /* GraphQL */ `
  subscription ($id: UUID!, $after: String) {
    channelMessages(channelId: $id, after: $after) {
      messages {
        id
        content
      }
      changedMessages {
        content
      }
      removedMessageIds
      cursor
    }
  }
`;

/** Listening since the event that says so. */
async function follow(person: Person, channel: string, after?: string): Promise<Subscription> {
  const token = await api.signIn(person.id);
  const events = listen(api, token).subscribe(query, { id: channel, after });
  await events.next();
  return events;
}

const accessLost = { code: 'FORBIDDEN', reason: 'subscription.access_lost' };

describe('the messages of a channel', () => {
  it('arrive at members, edits and deletions too', async () => {
    const [owner, ben] = [await stage.person(), await stage.person()];
    const group = await stage.group(owner);
    await stage.join(group, ben);
    const events = await follow(ben, group.general);
    const { id } = await stage.say(owner, group.general, 'helo');
    expect(await events.next()).toMatchObject({ messages: [{ id, content: 'helo' }] });
    await owner.call('edit_channel_message', { channel_id: group.general, message_id: id, content: 'hello' });
    expect(await events.next()).toMatchObject({ changedMessages: [{ content: 'hello' }] });
    await owner.call('delete_channel_message', { channel_id: group.general, message_id: id });
    expect(await events.next()).toMatchObject({ changedMessages: [], removedMessageIds: [id] });
  });

  it('are replayed from a cursor', async () => {
    const owner = await stage.person();
    const group = await stage.group(owner);
    const first = await stage.say(owner, group.general, 'seen');
    await stage.say(owner, group.general, 'missed');
    const events = await follow(owner, group.general, first.id);
    expect(events.all()).toEqual(['missed']);
  });

  it.each(['kick', 'ban'])('end for whoever is removed by %s', async (procedure) => {
    const [owner, ben] = [await stage.person(), await stage.person()];
    const group = await stage.group(owner);
    await stage.join(group, ben);
    const events = await follow(ben, group.general);
    await owner.call(procedure, { group_id: group.id, user_id: ben.id });
    expect((await events.ended).errors?.[0]?.extensions).toMatchObject(accessLost);
  });

  it('end for whoever loses the permission to read: by the role, an override, the channel going private or away', async () => {
    const [owner, ben] = [await stage.person(), await stage.person()];
    const endings: Promise<unknown>[] = [];
    for (const change of ['role', 'override', 'private', 'deleted'] as const) {
      const group = await stage.group(owner);
      await stage.join(group, ben);
      const events = await follow(ben, group.general);
      endings.push(events.ended.then(({ errors }) => errors?.[0]?.extensions));
      if (change === 'role') {
        await stage.db.query('update groups.roles set permissions = 0 where id = $1', [group.everyone]);
      } else if (change === 'override') {
        await stage.override(group, { channel: group.general }, { user: ben.id }, '0', mask('VIEW_CHANNEL'));
      } else if (change === 'private') {
        await stage.db.query('update groups.channels set is_private = true where id = $1', [group.general]);
      } else await owner.call('delete_channel', { channel_id: group.general });
    }
    for (const ending of await Promise.all(endings)) expect(ending).toMatchObject(accessLost);
  });

  it('of a group that one does not belong to are refused; visitors follow a public one', async () => {
    const [owner, stranger] = [await stage.person(), await stage.person()];
    const closed = await stage.group(owner);
    const ending = await listen(api, await api.signIn(stranger.id)).subscribe(query, { id: closed.general })
      .ended;
    expect(ending.errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', reason: 'channel.unknown' });

    await stage.db.query("update core.settings set value = 'true' where key = 'groups.public_reading'");
    const open = await stage.group(owner, true);
    const events = listen(api).subscribe(query, { id: open.general });
    await events.next();
    await stage.say(owner, open.general, 'for everybody');
    expect(await events.next()).toMatchObject({ messages: [{ content: 'for everybody' }] });
    await stage.db.query('update groups.groups set is_public = false where id = $1', [open.id]);
    expect((await events.ended).errors?.[0]?.extensions).toMatchObject({
      reason: 'subscription.access_lost',
    });
  });

  it('of a thread come to whoever reads its parent', async () => {
    const [owner, ben] = [await stage.person(), await stage.person()];
    const group = await stage.group(owner);
    await stage.join(group, ben);
    const { id: root } = await stage.say(owner, group.general, 'a thread');
    const thread = await owner.call<{ channel_id: string }>('start_thread', {
      channel_id: group.general,
      message_id: root,
      name: 'aside',
    });
    const events = await follow(ben, thread.channel_id);
    await stage.say(owner, thread.channel_id, 'in the thread');
    await events.until(() => events.all().includes('in the thread'));
    await owner.call('kick', { group_id: group.id, user_id: ben.id });
    expect((await events.ended).errors?.[0]?.extensions).toMatchObject(accessLost);
  });
});
