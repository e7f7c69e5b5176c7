import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Channel, type Group, mask, type Person, type Scene, scene, tally } from './scene.ts';

let world: Scene;
let owner: Person;
let member: Person;
let group: Group;
beforeAll(async () => {
  world = await scene();
  [owner, member] = [await world.person(), await world.person()];
  group = await world.group(owner);
  await world.join(group, member);
});

const create = (by: Person, more: Record<string, unknown> = {}, home: Group = group): Promise<Channel> =>
  by.call<Channel>('create_channel', { group_id: home.id, name: 'A channel', ...more });

describe('channels', () => {
  it('are made, changed and deleted by those who may', async () => {
    const heading = await owner.call<{ id: string }>('create_category', {
      group_id: group.id,
      name: 'Heading',
    });
    expect(await reasonOf(create(member))).toBe('group.not_allowed');
    expect(await reasonOf(create(owner, { type: 'thread' }))).toBe('channel.wrong_type');
    expect(await reasonOf(create(owner, { category_id: group.id }))).toBe('channel_category.unknown');
    const made = await create(owner, { category_id: heading.id, topic: ' Bread ' });
    expect(made).toMatchObject({ category_id: heading.id, topic: 'Bread', position: 1, type: 'text' });
    const change = (by: Person, id: string, patch: unknown) =>
      by.call('update_channel', { channel_id: id, patch });
    expect(await reasonOf(change(member, made.id, { name: 'Mine' }))).toBe('channel.not_allowed');
    expect(
      await change(owner, made.id, {
        name: 'News',
        topic: null,
        type: 'announcement',
        category_id: null,
        is_private: true,
        nsfw: true,
        slowmode_seconds: 5,
        video_quality_mode: 2,
        default_auto_archive_minutes: 60,
        retention_days: 30,
        rtc_region: 'eu',
      }),
    ).toMatchObject({
      name: 'News',
      topic: null,
      type: 'announcement',
      category_id: null,
      is_private: true,
      slowmode_seconds: 5,
      retention_days: 30,
    });
    for (const [patch, reason] of [
      [{ slowmode_seconds: 21_601 }, 'input.malformed'],
      [{ user_limit: 5 }, 'input.malformed'],
      [{ user_limit: 99_999 }, 'input.malformed'],
      [{ type: 'voice' }, 'input.malformed'],
      [{ type: 'thread' }, 'input.malformed'],
      [{ default_auto_archive_minutes: 7 }, 'input.malformed'],
      [{ retention_days: 0 }, 'input.malformed'],
      [{ category_id: 'x' }, 'input.malformed'],
      [{ category_id: group.id }, 'channel_category.unknown'],
      [{ last_seq: 5 }, 'input.unknown_key'],
      [{ name: null }, 'input.malformed'],
    ] as const) {
      expect([patch, await reasonOf(change(owner, made.id, patch))]).toEqual([patch, reason]);
    }
    const voice = await create(owner, { type: 'voice' });
    expect(await change(owner, voice.id, { bitrate: 64_000, user_limit: 2 })).toMatchObject({
      bitrate: 64_000,
      user_limit: 2,
    });
    expect(await reasonOf(change(owner, voice.id, { type: 'text' }))).toBe('input.malformed');
    expect(await reasonOf(member.call('delete_channel', { channel_id: made.id }))).toBe('channel.unknown');
    expect(await reasonOf(member.call('delete_channel', { channel_id: voice.id }))).toBe(
      'channel.not_allowed',
    );
    await owner.call('delete_channel', { channel_id: made.id });
    expect(await reasonOf(owner.call('delete_channel', { channel_id: made.id }))).toBe('channel.unknown');
    // Who manages one channel only may do so there, but not keep less of what was written.
    await world.override(group, { channel: voice.id }, { user: member.id }, mask('MANAGE_CHANNELS'), '0');
    await change(member, voice.id, { name: 'Ours' });
    expect(await reasonOf(change(member, voice.id, { retention_days: 1 }))).toBe('group.not_allowed');
  });

  it('are put in order all at once', async () => {
    const home = await world.group(owner);
    const made = [home.general, (await create(owner, {}, home)).id, (await create(owner, {}, home)).id];
    const reorder = (ids: readonly string[]) =>
      owner.list<Channel>('reorder_channels', { group_id: home.id, channel_ids: ids });
    const wanted = [...made].reverse();
    expect((await reorder(wanted)).map((one) => one.id)).toEqual(wanted);
    expect(await reasonOf(reorder(made.slice(1)))).toBe('group.order_incomplete');
    expect(await reasonOf(member.list('reorder_channels', { group_id: group.id, channel_ids: [] }))).toBe(
      'group.not_allowed',
    );
    const outcomes = await world.stampede(
      Array<Person>(8).fill(owner),
      'reorder_channels',
      (_, index) => ({ group_id: home.id, channel_ids: index % 2 ? made : wanted }),
      8,
    );
    expect(tally(outcomes)).toEqual({ done: 8 });
    expect(
      await world.rows('select distinct position from groups.channels where group_id = $1', home.id),
    ).toHaveLength(3);
  });

  it('stop at 500, also when several are made at once', async () => {
    const home = await world.group(owner);
    await world.db.query(
      `insert into groups.channels (group_id, name) select $1, 'x' from generate_series(1, 496)`,
      [home.id],
    );
    const outcomes = await world.stampede(
      Array<Person>(8).fill(owner),
      'create_channel',
      () => ({ group_id: home.id, name: 'More' }),
      8,
    );
    expect(tally(outcomes)).toEqual({ done: 3, 'channel.limit_reached': 5 });
  });
});

describe('headings', () => {
  it('are made, renamed, ordered and deleted; channels outlive them', async () => {
    const home = await world.group(owner);
    const make = (name: string) =>
      owner.call<{ id: string; position: number }>('create_category', { group_id: home.id, name });
    const [one, two] = [await make('One'), await make('Two')];
    expect([one.position, two.position]).toEqual([0, 1]);
    expect(await owner.call('update_category', { category_id: one.id, name: 'First' })).toMatchObject({
      name: 'First',
    });
    const reorder = (by: Person, ids: readonly string[]) =>
      by.list<{ id: string }>('reorder_categories', { group_id: home.id, category_ids: ids });
    expect((await reorder(owner, [two.id, one.id])).map((row) => row.id)).toEqual([two.id, one.id]);
    expect(await reasonOf(reorder(owner, [two.id]))).toBe('group.order_incomplete');
    expect(await reasonOf(reorder(member, [two.id]))).toBe('group.unknown');
    expect(await reasonOf(member.call('update_category', { category_id: one.id, name: 'Mine' }))).toBe(
      'group.unknown',
    );
    const under = await create(owner, { category_id: one.id }, home);
    await owner.call('delete_category', { category_id: one.id });
    expect(await owner.read('select category_id from groups.channels where id = $1', [under.id])).toEqual([
      { category_id: null },
    ]);
    expect(await reasonOf(owner.call('delete_category', { category_id: one.id }))).toBe(
      'channel_category.unknown',
    );
    await world.db.query(
      `insert into groups.channel_categories (group_id, name) select $1, 'x' from generate_series(1, 49)`,
      [home.id],
    );
    expect(await reasonOf(make('One too many'))).toBe('channel_category.limit_reached');
  });
});

describe('voice', () => {
  interface Session {
    readonly id: string;
    readonly channel_id: string;
    readonly left_at: Date | null;
  }
  const enter = (person: Person, id: string): Promise<Session> =>
    person.call<Session & Record<string, unknown>>('join_voice', { channel_id: id });
  const inside = async (id: string): Promise<number> =>
    (await world.rows('select from groups.voice_sessions where channel_id = $1 and left_at is null', id))
      .length;

  it('is entered with CONNECT, in one channel at a time', async () => {
    const [one, two] = [await create(owner, { type: 'voice' }), await create(owner, { type: 'voice' })];
    const first = await enter(member, one.id);
    await enter(member, two.id);
    expect([await inside(one.id), await inside(two.id)]).toEqual([0, 1]);
    expect(await reasonOf(member.call('voice_heartbeat', { session_id: first.id }))).toBe(
      'voice.not_connected',
    );
    expect(await reasonOf(enter(member, group.general))).toBe('channel.wrong_type');
    await world.override(group, { channel: one.id }, { user: member.id }, '0', mask('CONNECT'));
    expect(await reasonOf(enter(member, one.id))).toBe('channel.not_allowed');
    await member.call('leave_voice');
    expect(await reasonOf(member.call('leave_voice'))).toBe('voice.not_connected');
    expect(await owner.read('select id from groups.voice_sessions where user_id = $1', [member.id])).toEqual(
      [],
    );
    expect(
      await member.read('select id from groups.voice_sessions where user_id = $1', [member.id]),
    ).toHaveLength(2);
  });

  // Proves the lock by person in join_voice: the unique index alone would refuse all but one.
  it('keeps one session of a person who enters many channels at once', async () => {
    const rooms = await Promise.all(Array.from({ length: 4 }, () => create(owner, { type: 'voice' })));
    const outcomes = await world.stampede(
      Array<Person>(16).fill(member),
      'join_voice',
      (_, index) => ({ channel_id: rooms[index % 4]?.id }),
      16,
    );
    expect(tally(outcomes)).toEqual({ done: 16 });
    expect(
      await world.rows('select from groups.voice_sessions where user_id = $1 and left_at is null', member.id),
    ).toHaveLength(1);
  });

  // Proves that join_voice counts under the lock of the channel.
  it('never holds more than it may when thirty enter at once; those who move members are exempt', async () => {
    const room = await create(owner, { type: 'voice' });
    await owner.call('update_channel', { channel_id: room.id, patch: { user_limit: 7 } });
    const crowd = await world.people(30);
    await world.join(group, ...crowd);
    const outcomes = await world.stampede(crowd, 'join_voice', () => ({ channel_id: room.id }), 30);
    expect(tally(outcomes)).toEqual({ done: 7, 'voice.full': 23 });
    await enter(owner, room.id);
    expect(await inside(room.id)).toBe(8);
  });

  it('changes state, is muted by those above, and put out', async () => {
    const home = await world.group(owner);
    const [guard, person] = await world.people(2);
    if (!guard || !person) throw new Error('nobody came');
    await world.join(home, guard, person);
    await world.role(home, mask('MUTE_MEMBERS', 'MOVE_MEMBERS'), guard);
    const room = await create(owner, { type: 'voice' }, home);
    const session = await enter(person, room.id);
    await person.call('voice_heartbeat', { session_id: session.id });
    expect(await person.call('set_voice_state', { self_mute: true, self_video: true })).toMatchObject({
      self_mute: true,
      self_video: true,
      self_deaf: false,
    });
    await world.override(home, { channel: room.id }, { user: person.id }, '0', mask('STREAM'));
    expect(await reasonOf(person.call('set_voice_state', { self_stream: true }))).toBe('channel.not_allowed');
    expect(await reasonOf(guard.call('set_voice_state', { self_mute: true }))).toBe('voice.not_connected');
    const mute = (by: Person, whom: Person, more: Record<string, unknown>) =>
      by.call('server_mute', { group_id: home.id, user_id: whom.id, ...more });
    expect(await mute(guard, person, { is_muted: true })).toMatchObject({ mute: true, deaf: false });
    expect(await reasonOf(mute(guard, person, { is_deafened: true }))).toBe('group.not_allowed');
    expect(await reasonOf(mute(person, guard, { is_muted: true }))).toBe('group.not_allowed');
    expect(await reasonOf(mute(guard, owner, { is_muted: true }))).toBe('group.hierarchy');
    expect(await reasonOf(mute(guard, member, { is_muted: true }))).toBe('group_member.unknown');
    await person.call('leave_voice');
    expect(await enter(person, room.id)).toMatchObject({ server_mute: true });
    const out = (by: Person) => by.call('disconnect_member', { group_id: home.id, user_id: person.id });
    expect(await reasonOf(out(person))).toBe('group.not_allowed');
    await out(guard);
    expect(await reasonOf(out(guard))).toBe('voice.not_connected');
    await enter(person, room.id);
    await owner.call('delete_channel', { channel_id: room.id });
    expect(await inside(room.id)).toBe(0);
  });

  it('ends sessions that nobody heard of for two minutes', async () => {
    const room = await create(owner, { type: 'voice' });
    const [one, two] = await world.people(2);
    if (!one || !two) throw new Error('nobody came');
    await world.join(group, one, two);
    const [silent, alive] = [await enter(one, room.id), await enter(two, room.id)];
    await world.db.query(
      `update groups.voice_sessions set joined_at = now() - interval '1 hour', last_heartbeat_at = now() - interval '3 minutes' where channel_id = $1`,
      [room.id],
    );
    expect(await world.one('select groups.voice_heartbeats($1) as alive', [alive.id])).toEqual({ alive: 1 });
    await world.db.query('select groups.close_stale_voice_sessions()');
    expect(
      await world.rows(
        'select id from groups.voice_sessions where channel_id = $1 and left_at is null',
        room.id,
      ),
    ).toEqual([{ id: alive.id }]);
    expect(await world.one('select groups.voice_heartbeats($1) as alive', [silent.id])).toEqual({ alive: 0 });
  });
});

describe('webhooks', () => {
  it('write with their secret, which is told once', async () => {
    const room = await create(owner);
    const make = (by: Person, more: Record<string, unknown> = {}) =>
      by.call<{ webhook_id: string; token: string }>('create_webhook', {
        channel_id: room.id,
        name: 'Build bot',
        ...more,
      });
    expect(await reasonOf(make(member))).toBe('channel.not_allowed');
    expect(await reasonOf(make(owner, { avatar_url: 'x' }))).toBe('group.url_invalid');
    const hook = await make(owner);
    expect(hook.token).toMatch(/^[0-9a-f]{64}$/);
    expect(await owner.read('select name from groups.webhooks where channel_id = $1', [room.id])).toEqual([
      { name: 'Build bot' },
    ]);
    await expect(owner.read('select token_hash from groups.webhooks')).rejects.toMatchObject({
      code: '42501',
    });
    const post = (token: string, content = 'Built.') =>
      world.visitor().call('post_webhook', { token, content });
    expect(await post(hook.token, `Built, <@${member.id}> @everyone`)).toMatchObject({
      webhook_id: hook.webhook_id,
      sender_id: null,
      mention_everyone: false,
    });
    expect(await world.bellOf(member)).toEqual([]);
    expect(await reasonOf(post('wrong'))).toBe('webhook.unknown');
    expect(await reasonOf(post(hook.token, ' '))).toBe('input.empty');
    expect(await reasonOf(member.call('revoke_webhook', { webhook_id: hook.webhook_id }))).toBe(
      'channel.not_allowed',
    );
    await owner.call('revoke_webhook', { webhook_id: hook.webhook_id });
    expect(await reasonOf(post(hook.token))).toBe('webhook.unknown');
    await owner.call('delete_webhook', { webhook_id: hook.webhook_id });
    expect(await reasonOf(owner.call('delete_webhook', { webhook_id: hook.webhook_id }))).toBe(
      'webhook.unknown',
    );
    expect(await owner.list('feed', { channel_id: room.id })).toMatchObject([{ webhook_id: null }]);
    const voice = await create(owner, { type: 'voice' });
    expect(await reasonOf(make(owner, { channel_id: voice.id }))).toBe('channel.wrong_type');
    for (let number = 0; number < 15; number += 1) await make(owner);
    expect(await reasonOf(make(owner))).toBe('webhook.limit_reached');
  });

  // Proves that post_webhook counts under the lock of the channel.
  it('write thirty messages a minute, also when forty come at once', async () => {
    const room = await create(owner);
    const hook = await owner.call<{ token: string }>('create_webhook', {
      channel_id: room.id,
      name: 'Flood',
    });
    const outcomes = await world.stampede(
      Array<Person>(40).fill(member),
      'post_webhook',
      () => ({ token: hook.token, content: 'x' }),
      20,
    );
    expect(tally(outcomes)).toEqual({ done: 30, 'webhook.too_many': 10 });
  });
});
