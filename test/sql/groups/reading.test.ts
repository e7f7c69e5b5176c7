import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import {
  type Channel,
  type Group,
  type Message,
  mask,
  type Person,
  type Scene,
  scene,
  tally,
} from './scene.ts';

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

interface Thread {
  readonly channel_id: string;
  readonly archived_at: Date | null;
  readonly locked_at: Date | null;
  readonly message_count: number;
}

const channel = (more: Record<string, unknown> = {}): Promise<Channel> =>
  owner.call<Channel>('create_channel', { group_id: group.id, name: 'A channel', ...more });
const start = (by: Person, id: string, more: Record<string, unknown> = {}): Promise<Thread> =>
  by.call<Thread & Record<string, unknown>>('start_thread', { channel_id: id, name: 'A thread', ...more });

describe('read markers', () => {
  const unread = async (person: Person): Promise<Record<string, [string, number]>> =>
    Object.fromEntries(
      (
        await person.list<{ channel_id: string; unread_count: string; mention_count: number }>('unread', {
          group_id: group.id,
        })
      ).map((row) => [row.channel_id, [row.unread_count, row.mention_count]]),
    );

  it('count what came since, forward only, and mentions with it', async () => {
    const { id } = await channel();
    const made: Message[] = [];
    for (let number = 0; number < 5; number += 1)
      made.push(await world.say(owner, id, number % 2 === 0 ? 'Hm.' : `<@${member.id}>`));
    expect((await unread(member))[id]).toEqual(['5', 2]);
    const ack = (message: Message | undefined) =>
      member.call('ack', { channel_id: id, message_id: message?.id });
    expect(await ack(made[1])).toMatchObject({ last_read_seq: '2', mention_count: 1 });
    expect((await unread(member))[id]).toEqual(['3', 1]);
    expect(await ack(made[0])).toMatchObject({ last_read_seq: '2', last_read_message_id: made[1]?.id });
    await world.say(member, id);
    expect((await unread(member))[id]).toBeUndefined();
    expect((await unread(owner))[id]).toEqual(['1', 0]);
    expect(
      await member.read(
        'select groups.channels_unread_count(place) as unread from groups.channels as place where id = $1',
        [id],
      ),
    ).toEqual([{ unread: '0' }]);
    expect(await reasonOf(member.call('ack', { channel_id: id, message_id: id }))).toBe(
      'channel_message.unknown',
    );
    const stranger = await world.person();
    expect(await reasonOf(stranger.call('ack', { channel_id: id, message_id: made[0]?.id }))).toBe(
      'channel.unknown',
    );
    expect(await reasonOf(stranger.list('unread', { group_id: group.id }))).toBe('group_member.unknown');
    expect(await stranger.read('select user_id from groups.channel_reads')).toEqual([]);
  });

  it('begin for a newcomer when they join, and count at most a hundred', async () => {
    const { id } = await channel();
    await world.say(owner, id, 'Before');
    await world.db.query(
      `update groups.channel_messages set id = core.uuidv7_floor(now() - interval '1 hour') where channel_id = $1`,
      [id],
    );
    const newcomer = await world.person();
    await world.join(group, newcomer);
    expect((await unread(newcomer))[id]).toBeUndefined();
    await world.say(owner, id, 'After');
    expect((await unread(newcomer))[id]).toEqual(['1', 0]);
    await world.db.query(
      `insert into groups.channel_messages (channel_id, seq, content) select $1, 100 + number, 'x' from generate_series(1, 150) as number`,
      [id],
    );
    expect((await unread(newcomer))[id]).toEqual(['100', 0]);
  });

  it('equal a true recount after random sending, reading, deleting and leaving at once', async () => {
    const home = await world.group(owner, true);
    const crowd = await world.people(6);
    await world.join(home, ...crowd);
    for (const person of crowd) await world.say(person, home.general);
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >> 8) % below;
    };
    const latest = async (): Promise<string[]> =>
      (
        await world.rows<{ id: string }>(
          'select id from groups.channel_messages where channel_id = $1 order by id desc limit 12',
          home.general,
        )
      ).map((row) => row.id);
    for (let round = 0; round < 6; round += 1) {
      const known = await latest();
      const pick = (): string | undefined => known[random(known.length)];
      const send = Array.from({ length: 24 }, () => crowd[random(6)] ?? owner);
      await Promise.all([
        world.stampede(
          send,
          'send_channel_message',
          (_, index) => ({
            channel_id: home.general,
            content: `<@${crowd[random(6)]?.id}> <@${crowd[index % 6]?.id}>`,
          }),
          8,
        ),
        world.stampede(send, 'ack', () => ({ channel_id: home.general, message_id: pick() }), 8),
        world.stampede(
          send,
          'edit_channel_message',
          () => ({ channel_id: home.general, message_id: pick(), content: `<@${crowd[random(6)]?.id}>` }),
          4,
        ),
        world.stampede(
          send.slice(0, 6),
          'delete_channel_message',
          () => ({ channel_id: home.general, message_id: pick() }),
          4,
        ),
        world.stampede(send.slice(0, 2), 'leave_group', () => ({ group_id: home.id }), 2),
      ]);
      await world.stampede(crowd, 'join_public', () => ({ group_id: home.id }), 6);
    }
    expect(await world.one('select groups.repair_counters(array[$1::uuid]) as repaired', home.id)).toEqual({
      repaired: 0,
    });
    const wrong = await world.rows(
      `select marker.user_id, channel.last_seq - marker.last_read_seq as unread, counted.amount
       from groups.channel_reads as marker
       join groups.channels as channel on channel.id = marker.channel_id
       cross join lateral (
         select count(*) as amount from groups.channel_messages as message
         where message.channel_id = marker.channel_id and message.id > marker.last_read_message_id
       ) as counted
       where marker.channel_id = $1 and marker.last_read_seq is not null
         and channel.last_seq - marker.last_read_seq <> counted.amount`,
      home.general,
    );
    expect(wrong).toEqual([]);
    await world.db.query(
      'update groups.channel_reads set mention_count = 77 where channel_id = $1 and user_id = $2',
      [home.general, crowd[0]?.id],
    );
    await world.say(crowd[0] ?? owner, home.general);
    expect(
      await world.one(
        'select mention_count from groups.channel_reads where channel_id = $1 and user_id = $2',
        home.general,
        crowd[0]?.id,
      ),
    ).toEqual({ mention_count: 0 });
  });

  it('are silenced for a time or for good', async () => {
    const { id } = await channel();
    const set = (more: Record<string, unknown>) =>
      member.call('set_channel_notifications', { channel_id: id, ...more });
    expect(await set({ level: 'mentions' })).toMatchObject({
      notification_level: 'mentions',
      muted_until: null,
      last_read_seq: null,
    });
    await set({ muted_until: 'infinity' });
    const before = (await world.bellOf(member)).length;
    await world.say(owner, id, `<@${member.id}>`);
    expect(await world.bellOf(member)).toHaveLength(before);
    expect(await set({})).toMatchObject({ notification_level: 'mentions', muted_until: null });
    expect(await reasonOf(set({ level: 'loud' }))).toBe('input.malformed');
  });
});

describe('threads', () => {
  it('start from a message, once, or by themselves', async () => {
    const { id } = await channel();
    const message = await world.say(owner, id);
    const thread = await start(member, id, { message_id: message.id });
    expect(thread).toMatchObject({
      parent_channel_id: id,
      root_message_id: message.id,
      owner_id: member.id,
      auto_archive_minutes: 1440,
    });
    expect(await reasonOf(start(owner, id, { message_id: message.id }))).toBe('thread.exists');
    await start(owner, id, { auto_archive_minutes: 60 });
    expect(await reasonOf(start(owner, id, { auto_archive_minutes: 61 }))).toBe('input.malformed');
    expect(await reasonOf(start(owner, id, { message_id: id }))).toBe('channel_message.unknown');
    expect(await reasonOf(start(owner, thread.channel_id))).toBe('channel.wrong_type');
    await world.override(group, { channel: id }, { user: member.id }, '0', mask('CREATE_THREADS'));
    expect(await reasonOf(start(member, id))).toBe('channel.not_allowed');
    expect((await owner.list<Message>('feed', { channel_id: id })).map((one) => one.type)).toEqual([
      'thread_created',
      'thread_created',
      'default',
    ]);
    expect(
      await member.read('select channel_id from groups.threads where parent_channel_id = $1', [id]),
    ).toHaveLength(2);
  });

  // Proves the lock of the channel, which start_thread takes itself and through locked_message.
  it('start once from one message, also when ten people do it at once', async () => {
    const { id } = await channel();
    const message = await world.say(owner, id);
    const outcomes = await world.stampede(
      Array<Person>(10).fill(owner),
      'start_thread',
      () => ({ channel_id: id, name: 'Mine', message_id: message.id }),
      10,
    );
    expect(tally(outcomes)).toEqual({ done: 1, 'thread.exists': 9 });
  });

  it('are archived, brought back by the next message, and locked', async () => {
    const { id } = await channel();
    const thread = await start(member, id);
    const other = await world.person();
    await world.join(group, other);
    const act = (by: Person, what: string, more: Record<string, unknown> = {}) =>
      by.call<Thread & Record<string, unknown>>(what, { thread_id: thread.channel_id, ...more });
    expect(await reasonOf(act(other, 'archive_thread'))).toBe('channel.not_allowed');
    expect((await act(member, 'archive_thread')).archived_at).not.toBeNull();
    await world.say(other, thread.channel_id);
    const now = () =>
      world.one<Thread & Record<string, unknown>>(
        'select * from groups.threads where channel_id = $1',
        thread.channel_id,
      );
    expect(await now()).toMatchObject({ archived_at: null, message_count: 1 });
    expect(
      await world.rows(
        'select user_id from groups.thread_members where channel_id = $1 order by joined_at',
        thread.channel_id,
      ),
    ).toEqual([{ user_id: member.id }, { user_id: other.id }]);
    expect(await reasonOf(act(member, 'lock_thread'))).toBe('channel.not_allowed');
    expect((await act(owner, 'lock_thread')).locked_at).not.toBeNull();
    expect(await reasonOf(world.say(other, thread.channel_id))).toBe('thread.locked');
    expect(await reasonOf(act(member, 'unarchive'))).toBe('thread.locked');
    await world.say(owner, thread.channel_id);
    await act(owner, 'lock_thread', { is_locked: false });
    await act(member, 'archive_thread');
    expect((await act(member, 'unarchive')).archived_at).toBeNull();
    expect(await act(member, 'rename_thread', { name: ' Renamed ' })).toMatchObject({ name: 'Renamed' });
    expect(await reasonOf(act(other, 'rename_thread', { name: 'Mine' }))).toBe('channel.not_allowed');
    expect(await reasonOf(owner.call('archive_thread', { thread_id: id }))).toBe('thread.unknown');
    expect(await reasonOf(other.call('join_thread', { thread_id: id }))).toBe('thread.unknown');
    expect(await act(other, 'leave_thread')).toEqual({ leave_thread: true });
    expect(await act(other, 'leave_thread')).toEqual({ leave_thread: false });
    expect(await act(other, 'join_thread')).toMatchObject({ user_id: other.id });
    await act(other, 'join_thread');
    expect(await reasonOf(other.call('delete_channel', { channel_id: thread.channel_id }))).toBe(
      'channel.not_allowed',
    );
    await owner.call('delete_channel', { channel_id: thread.channel_id });
    expect(await reasonOf(world.say(owner, thread.channel_id))).toBe('channel.unknown');
  });

  it('are followed by members only, and are as visible as their channel', async () => {
    const open = await world.group(owner, true);
    const thread = await start(owner, open.general);
    const outsider = await world.person();
    expect(
      await outsider.read('select channel_id from groups.threads where channel_id = $1', [thread.channel_id]),
    ).toHaveLength(1);
    await world.say(owner, thread.channel_id, 'For all');
    expect(
      await outsider.read('select content from groups.channel_messages where channel_id = $1', [
        thread.channel_id,
      ]),
    ).toEqual([{ content: 'For all' }]);
    expect(await reasonOf(outsider.call('join_thread', { thread_id: thread.channel_id }))).toBe(
      'group_member.unknown',
    );
    expect(await reasonOf(outsider.call('set_channel_notifications', { channel_id: open.general }))).toBe(
      'group_member.unknown',
    );
    const closed = await start(owner, group.general);
    expect(
      await outsider.read('select channel_id from groups.threads where channel_id = $1', [closed.channel_id]),
    ).toEqual([]);
    expect(
      await outsider.read('select content from groups.channel_messages where channel_id = $1', [
        closed.channel_id,
      ]),
    ).toEqual([]);
  });

  it('are archived by a job when they fall silent', async () => {
    await world.db.query('update groups.threads set archived_at = now()');
    const thread = await start(owner, group.general, { auto_archive_minutes: 60 });
    await world.say(owner, thread.channel_id);
    const archive = async (minutes: number) =>
      (
        await world.one<{ archived: number }>(
          `select groups.archive_idle_threads(now() + make_interval(mins => $1)) as archived`,
          minutes,
        )
      ).archived;
    expect(await archive(59)).toBe(0);
    expect(await archive(61)).toBe(1);
    expect(await archive(61)).toBe(0);
    expect(
      await world.one(
        'select updated_at > inserted_at as touched from groups.threads where channel_id = $1',
        thread.channel_id,
      ),
    ).toEqual({ touched: true });
    await world.db.query('update groups.threads set message_count = 0 where channel_id = $1', [
      thread.channel_id,
    ]);
    expect(await world.one('select groups.repair_counters(array[$1::uuid]) as repaired', group.id)).toEqual({
      repaired: 1,
    });
  });
});
