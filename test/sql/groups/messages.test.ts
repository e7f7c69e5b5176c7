import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf, refusal } from '../refusal.ts';
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
let writer: Person;
let group: Group;
let general: string;
beforeAll(async () => {
  world = await scene();
  [owner, writer] = [await world.person(), await world.person()];
  group = await world.group(owner);
  general = group.general;
  await world.join(group, writer);
});

const channel = (more: Record<string, unknown> = {}, home: Group = group): Promise<Channel> =>
  owner.call<Channel>('create_channel', { group_id: home.id, name: 'A channel', ...more });
const feed = (person: Person, id: string, more: Record<string, unknown> = {}) =>
  person.list<Message>('feed', { channel_id: id, ...more });
const texts = (messages: readonly Message[]): string[] => messages.map((message) => message.content);

describe('writing', () => {
  it('puts a message at the end of the channel', async () => {
    const { id } = await channel();
    const first = await world.say(writer, id, '  Hello.  ');
    expect(first).toMatchObject({ seq: '1', content: 'Hello.', sender_id: writer.id, type: 'default' });
    const second = await world.say(owner, id, 'Hello!', { reply_to_id: first.id });
    expect(second.id > first.id).toBe(true);
    expect(
      await world.one('select last_seq, last_message_id from groups.channels where id = $1', id),
    ).toEqual({
      last_seq: '2',
      last_message_id: second.id,
    });
    expect(await world.bellOf(writer)).toEqual([expect.stringMatching(/ answered you in #A channel$/)]);
  });

  it('refuses what is empty, too long, or about something that is not there', async () => {
    const refused: readonly [more: Record<string, unknown>, reason: string][] = [
      [{ content: ' ' }, 'input.empty'],
      [{ content: 'x'.repeat(8001) }, 'input.too_long'],
      [{ content: 'x', channel_id: group.id }, 'channel.unknown'],
      [{ content: 'x', reply_to_id: group.id }, 'channel_message.unknown'],
      [{ content: 'x', tts: true }, 'channel.not_allowed'],
      [{ content: 'x', upload_ids: [group.id] }, 'channel_message.upload_unusable'],
      [
        {
          content: Array.from({ length: 51 }, (_, index) => `<@${general.slice(0, -2)}${10 + index}>`).join(
            '',
          ),
        },
        'channel_message.too_many_mentions',
      ],
    ];
    for (const [more, reason] of refused) {
      expect(await reasonOf(writer.call('send_channel_message', { channel_id: general, ...more }))).toBe(
        reason,
      );
    }
    const stranger = await world.person();
    expect(await reasonOf(world.say(stranger, general))).toBe('channel.unknown');
    expect(await world.rows('select from groups.channel_messages where channel_id = $1', general)).toEqual(
      [],
    );
  });

  it('goes by the kind of the channel', async () => {
    const voice = await channel({ type: 'voice' });
    const news = await channel({ type: 'announcement' });
    expect(await reasonOf(world.say(writer, voice.id))).toBe('channel.wrong_type');
    expect(await reasonOf(world.say(writer, news.id))).toBe('channel.not_allowed');
    await world.say(owner, news.id);
  });

  it('gives a retry the same message, and refuses a key for another one', async () => {
    const { id } = await channel();
    const first = await world.say(writer, id, 'Once', { key: 'k1' });
    expect(await world.say(writer, id, 'Once', { key: 'k1' })).toMatchObject({ id: first.id });
    expect(await reasonOf(world.say(writer, id, 'Twice', { key: 'k1' }))).toBe('idempotency.mismatch');
    const outcomes = await world.stampede(
      Array<Person>(8).fill(writer),
      'send_channel_message',
      () => ({ channel_id: id, content: 'At once', key: 'k2' }),
      8,
    );
    expect(tally(outcomes)).toEqual({ done: 8 });
    expect(texts(await feed(writer, id))).toEqual(['At once', 'Once']);
  });

  it('carries files, described as they were', async () => {
    const { id } = await channel();
    const [picture, paper] = [await world.upload(writer), await world.upload(writer, 'application/pdf')];
    expect(await world.say(writer, id, '', { upload_ids: [picture] })).toMatchObject({
      type: 'image',
      content: '',
    });
    const both = await world.say(writer, id, 'Both', { upload_ids: [picture, paper] });
    expect(both).toMatchObject({ type: 'file' });
    expect(
      await owner.read(
        'select position, upload_id, filename from groups.message_attachments where message_id = $1 order by position',
        [both.id],
      ),
    ).toEqual([
      { position: 0, upload_id: picture, filename: 'a file' },
      { position: 1, upload_id: paper, filename: 'a file' },
    ]);
    expect(
      await world.one('select attached_at is not null as attached from media.uploads where id = $1', paper),
    ).toEqual({ attached: true });
    expect(await reasonOf(world.say(owner, id, 'Not mine', { upload_ids: [picture] }))).toBe(
      'channel_message.upload_unusable',
    );
    expect(await reasonOf(world.say(writer, id, 'Twice', { upload_ids: [picture, picture] }))).toBe(
      'channel_message.upload_unusable',
    );
    await world.override(group, { channel: id }, { role: group.everyone }, '0', mask('ATTACH_FILES'));
    expect(await reasonOf(world.say(writer, id, 'No files', { upload_ids: [picture] }))).toBe(
      'channel.not_allowed',
    );
  });

  it('waits for what the group asks of newcomers', async () => {
    const home = await world.group(owner);
    const level = (verification_level: number) =>
      owner.call('update_settings', { group_id: home.id, patch: { verification_level } });
    const newcomer = await world.person();
    await world.join(home, newcomer);
    const says = async (): Promise<string> => {
      try {
        await world.say(newcomer, home.general);
        return 'done';
      } catch (error) {
        return reasonOf(Promise.reject(error));
      }
    };
    await level(1);
    expect(await says()).toBe('group.verification_required');
    await world.db.query(
      `insert into auth.accounts (user_id, email, email_verified_at) values ($1, $2, now())`,
      [newcomer.id, `${newcomer.name}@example.org`],
    );
    expect(await says()).toBe('done');
    await level(2);
    expect(await says()).toBe('group.verification_required');
    await world.db.query(`update core.users set inserted_at = now() - interval '6 minutes' where id = $1`, [
      newcomer.id,
    ]);
    expect(await says()).toBe('done');
    await level(3);
    expect(await says()).toBe('group.verification_required');
    await world.db.query(
      `update groups.group_members set joined_at = now() - interval '11 minutes' where user_id = $1`,
      [newcomer.id],
    );
    expect(await says()).toBe('done');
    await level(4);
    expect(await says()).toBe('group.verification_required');
    await world.role(home, '0', newcomer);
    expect(await says()).toBe('done');
    expect(await world.say(owner, home.general)).toMatchObject({ content: 'Hello.' });
  });
});

describe('the order of messages', () => {
  // Proves that append_message makes the identifier under the lock of the channel: made before it, a reader that has
  // moved on past a later identifier never sees the earlier one.
  it('is that of their commits: whoever polls "since" misses nothing while eight people write at once', async () => {
    const { id } = await channel();
    const crowd = await world.people(8);
    await world.join(group, ...crowd);
    let isOver = false;
    const seen: string[] = [];
    const poll = async (): Promise<void> => {
      const page = await feed(owner, id, {
        after: seen.at(-1) ?? '00000000-0000-0000-0000-000000000000',
        first: 100,
      });
      seen.push(...page.map((message) => message.id));
    };
    const reader = (async () => {
      while (!isOver) await poll();
    })();
    const callers = Array.from({ length: 200 }, (_, index) => crowd[index % 8] ?? owner);
    const outcomes = await world.stampede(
      callers,
      'send_channel_message',
      (caller, index) => ({ channel_id: id, content: `${caller.name} ${index}` }),
      16,
    );
    isOver = true;
    await reader;
    for (let page = 0; page < 3; page += 1) await poll();
    expect(tally(outcomes)).toEqual({ done: 200 });
    const all = await world.rows<{ id: string; seq: string }>(
      'select id, seq from groups.channel_messages where channel_id = $1 order by id',
      id,
    );
    expect(seen).toEqual(all.map((message) => message.id));
    expect(all.map((message) => Number(message.seq))).toEqual(all.map((_, index) => index + 1));
  });

  it('holds when the clock stands still or goes back', async () => {
    const { id } = await channel();
    await world.say(writer, id);
    const future = '0fffffff-ffff-7fff-bfff-ffffffffffff';
    await world.db.query('update groups.channels set last_message_id = $2 where id = $1', [id, future]);
    const next = await world.one<{ id: string }>('select groups.next_id($1) as id', future);
    expect(next.id > future).toBe(true);
    const after = await world.one<{ id: string }>('select groups.next_id($1) as id', next.id);
    expect(after.id > next.id).toBe(true);
  });
});

describe('slow mode', () => {
  // Proves the single upsert of check_slow_mode: looked up first and written after, several would pass.
  it('lets one of many messages at once through, and says how long to wait', async () => {
    const { id } = await channel();
    await owner.call('update_channel', { channel_id: id, patch: { slowmode_seconds: 60 } });
    for (let round = 0; round < 3; round += 1) {
      const outcomes = await world.stampede(
        Array<Person>(12).fill(writer),
        'send_channel_message',
        () => ({ channel_id: id, content: 'Quick' }),
        12,
      );
      expect(tally(outcomes)).toEqual({ done: 1, 'channel.slow_mode': 11 });
      const { retryAfter } = await refusal(world.say(writer, id));
      expect(retryAfter).toBeGreaterThan(50);
      expect(retryAfter).toBeLessThanOrEqual(60);
      await world.db.query(
        `update groups.slowmode_marks set last_sent_at = now() - interval '61 seconds' where channel_id = $1`,
        [id],
      );
    }
  });

  it('is kept by each for themselves, and not by those who may bypass it', async () => {
    const { id } = await channel();
    await owner.call('update_channel', { channel_id: id, patch: { slowmode_seconds: 60 } });
    const [other, quick, keeper] = await world.people(3);
    if (!other || !quick || !keeper) throw new Error('nobody came');
    await world.join(group, other, quick, keeper);
    await world.role(group, mask('BYPASS_SLOWMODE'), quick);
    await world.role(group, mask('MANAGE_MESSAGES'), keeper);
    await world.say(writer, id);
    await world.say(other, id);
    for (const person of [quick, keeper, owner]) {
      await world.say(person, id);
      await world.say(person, id);
    }
    // A message that is refused for another cause leaves no mark.
    await world.db.query('delete from groups.slowmode_marks where channel_id = $1', [id]);
    expect(await reasonOf(world.say(writer, id, 'x', { upload_ids: [group.id] }))).toBe(
      'channel_message.upload_unusable',
    );
    await world.say(writer, id);
    expect(
      await writer.read('select user_id from groups.slowmode_marks where channel_id = $1', [id]),
    ).toEqual([{ user_id: writer.id }]);
  });
});

describe('mentions', () => {
  it('are of people, roles and channels that the readers can follow, and ring bells once', async () => {
    const { id } = await channel({ name: 'mentions' });
    const [friend, shut, outsider] = await world.people(3);
    if (!friend || !shut || !outsider) throw new Error('nobody came');
    await world.join(group, friend, shut);
    await world.override(group, { channel: id }, { user: shut.id }, '0', mask('VIEW_CHANNEL'));
    const [open, closed] = [await world.role(group, '0', friend), await world.role(group, '0', friend)];
    await world.db.query('update groups.roles set mentionable = true where id = $1', [open.id]);
    const secret = await channel({ is_private: true });
    const content = [
      `<@${friend.id}> <@${friend.id}> <@${shut.id}> <@${outsider.id}> <@${writer.id}> @everyone`,
      `<@&${open.id}> <@&${closed.id}> <@&${group.everyone}> <#${general}> <#${secret.id}>`,
    ].join(' ');
    const message = await world.say(writer, id, content);
    expect(message).toMatchObject({ mention_everyone: false });
    const mentioned = await world.rows<{ target_id: string }>(
      'select target_id from groups.message_mentions where message_id = $1',
      message.id,
    );
    expect(mentioned.map((row) => row.target_id).sort()).toEqual([friend.id, open.id, general].sort());
    expect(await world.bellOf(friend)).toEqual([expect.stringContaining(' mentioned you in #mentions')]);
    expect(await world.bellOf(shut)).toEqual([]);
    expect(
      await friend.read('select mention_count from groups.channel_reads where channel_id = $1', [id]),
    ).toEqual([{ mention_count: 1 }]);
    expect(await world.say(owner, id, 'Hear, @everyone!')).toMatchObject({ mention_everyone: true });
    expect(await world.say(owner, id, 'mail@everyones')).toMatchObject({ mention_everyone: false });
  });

  it('of roles and of everybody reach bells by the worker, in portions, without those who are shut out or silenced', async () => {
    const home = await world.group(owner);
    const [holder, quiet, plain] = await world.people(3);
    if (!holder || !quiet || !plain) throw new Error('nobody came');
    await world.join(home, holder, quiet, plain);
    const role = await world.role(home, '0', holder, quiet);
    await quiet.call('set_channel_notifications', { channel_id: home.general, level: 'none' });
    const tell = async (message: Message): Promise<number> => {
      const jobs = await world.rows(
        `select from graphile_worker._private_jobs as job
         join graphile_worker._private_tasks as task on task.id = job.task_id
         where task.identifier = 'notify_mentions' and job.payload ->> 'messageId' = $1`,
        message.id,
      );
      expect(jobs).toHaveLength(1);
      let after: string | null = null;
      for (let portions = 0; ; portions += 1) {
        const row: { last: string | null } = await world.one(
          'select groups.notify_mentions($1, $2, $3, 1) as last',
          home.general,
          message.id,
          after,
        );
        if (row.last === null) return portions;
        after = row.last;
      }
    };
    expect(await tell(await world.say(owner, home.general, `<@&${role.id}>`))).toBe(2);
    expect(await world.bellOf(holder)).toEqual([expect.stringContaining('called you in #general')]);
    expect(await world.bellOf(quiet)).toEqual([]);
    expect(await tell(await world.say(owner, home.general, '@here'))).toBe(4);
    expect(await world.bellOf(plain)).toHaveLength(1);
    expect(await world.one('select groups.notify_mentions($1, $1) as last', home.general)).toEqual({
      last: null,
    });
  });

  it('are read anew when a message is edited, and nobody is told', async () => {
    const { id } = await channel();
    const [one, two] = await world.people(2);
    if (!one || !two) throw new Error('nobody came');
    await world.join(group, one, two);
    const message = await world.say(writer, id, `<@${one.id}>`);
    const edit = (by: Person, content: string) =>
      by.call<Message>('edit_channel_message', { channel_id: id, message_id: message.id, content });
    expect(await edit(writer, `<@${two.id}>`)).toMatchObject({
      content: `<@${two.id}>`,
      edited_at: expect.any(Date),
    });
    expect(
      await world.rows('select user_id from groups.message_mentions where message_id = $1', message.id),
    ).toEqual([{ user_id: two.id }]);
    const counts = async (person: Person) =>
      (
        await person.read<{ mention_count: number }>(
          'select mention_count from groups.channel_reads where channel_id = $1',
          [id],
        )
      )[0]?.mention_count;
    expect([await counts(one), await counts(two)]).toEqual([0, 1]);
    expect(await world.bellOf(two)).toEqual([]);
    expect(await reasonOf(edit(owner, 'Mine'))).toBe('channel_message.not_author');
    expect(await reasonOf(edit(writer, ' '))).toBe('input.empty');
    await world.db.query(
      `update groups.channel_messages set inserted_at = now() - interval '25 hours' where id = $1`,
      [message.id],
    );
    expect(await reasonOf(edit(writer, 'Late'))).toBe('channel_message.edit_too_late');
  });
});

describe('deleting', () => {
  it('is for authors, for those with MANAGE_MESSAGES, and for the staff of the platform where it may read', async () => {
    const home = await world.group(owner, true);
    const [author, keeper, plain, staff] = [
      await world.person(),
      await world.person(),
      await world.person(),
      await world.person('moderator'),
    ];
    await world.join(home, author, keeper, plain);
    await world.role(home, mask('MANAGE_MESSAGES'), keeper);
    const say = () => world.say(author, home.general, 'Regretted');
    const remove = (by: Person, message: Message) =>
      by.call('delete_channel_message', {
        channel_id: home.general,
        message_id: message.id,
        reason: 'Rules',
      });
    const [first, second, third] = [await say(), await say(), await say()];
    expect(await reasonOf(remove(plain, first))).toBe('channel_message.not_author');
    await remove(author, first);
    expect(await reasonOf(remove(author, first))).toBe('channel_message.unknown');
    await remove(keeper, second);
    await remove(staff, third);
    expect(await feed(author, home.general)).toEqual([]);
    expect(
      await author.read('select id from groups.channel_messages where channel_id = $1', [home.general]),
    ).toEqual([]);
    expect(
      await staff.read('select id from groups.channel_messages where channel_id = $1', [home.general]),
    ).toHaveLength(3);
    expect(await world.auditOf(home)).toEqual(['delete_channel_message', 'delete_channel_message']);

    const restore = (by: Person, message: Message) =>
      by.call('restore_channel_message', { channel_id: home.general, message_id: message.id });
    expect(await reasonOf(restore(author, second))).toBe('channel_message.unknown');
    await restore(keeper, second);
    expect(texts(await feed(author, home.general))).toEqual(['Regretted']);
    await world.db.query(
      `update groups.channel_messages set deleted_at = now() - interval '31 days' where id = $1`,
      [first.id],
    );
    expect(await reasonOf(restore(author, first))).toBe('channel_message.restore_too_late');
  });

  it('of many at once takes a hundred of the last 14 days', async () => {
    const { id } = await channel();
    const made = [
      await world.say(writer, id, '1'),
      await world.say(writer, id, '2'),
      await world.say(writer, id, '3'),
    ];
    const remove = (by: Person, ids: readonly string[] | null) =>
      by.call('bulk_delete', { channel_id: id, message_ids: ids });
    const ids = made.map((message) => message.id);
    expect(await reasonOf(remove(writer, ids))).toBe('channel.not_allowed');
    expect(await reasonOf(remove(owner, []))).toBe('channel_message.list_invalid');
    expect(await reasonOf(remove(owner, null))).toBe('channel_message.list_invalid');
    expect(
      await reasonOf(
        remove(
          owner,
          Array.from({ length: 101 }, (_, index) => `0fffffff-ffff-7fff-bfff-fffffffff${100 + index}`),
        ),
      ),
    ).toBe('channel_message.list_invalid');
    expect(await reasonOf(remove(owner, ['019a0000-0000-7000-8000-000000000000']))).toBe(
      'channel_message.too_old',
    );
    expect(await reasonOf(remove(owner, ['0fffffff-ffff-7fff-bfff-ffffffffffff']))).toBe(
      'channel_message.unknown',
    );
    await writer.call('delete_channel_message', { channel_id: id, message_id: ids[0] });
    expect(await remove(owner, ids)).toEqual({ bulk_delete: 2 });
    expect(await feed(owner, id)).toEqual([]);
  });
});

describe('reactions', () => {
  it('are emojis of Unicode or of a group, once each', async () => {
    const { id } = await channel();
    const message = await world.say(owner, id);
    const react = (by: Person, emoji: string | null) =>
      by.call('react', { channel_id: id, message_id: message.id, emoji });
    await react(writer, '👍');
    await react(writer, '👍');
    await react(owner, '👍');
    await react(owner, '1️⃣');
    const smile = await owner.call<{ id: string }>('create_emoji', {
      group_id: group.id,
      name: 'smile',
      upload_id: await world.upload(owner),
    });
    await react(writer, `custom:${smile.id.toUpperCase()}`);
    expect(await writer.list('reaction_counts', { channel_id: id, message_ids: [message.id] })).toEqual([
      { message_id: message.id, emoji: '👍', count: 2, is_mine: true },
      { message_id: message.id, emoji: '1️⃣', count: 1, is_mine: false },
      { message_id: message.id, emoji: `custom:${smile.id}`, count: 1, is_mine: true },
    ]);
    for (const emoji of ['', 'ok', ':)', '👍 👍', null, 'custom:x', `custom:${group.id}`, '👍'.repeat(33)]) {
      expect([emoji, await reasonOf(react(writer, emoji))]).toEqual([
        emoji,
        'channel_reaction.emoji_invalid',
      ]);
    }
    expect(await reasonOf(writer.call('react', { channel_id: id, message_id: id, emoji: '👍' }))).toBe(
      'channel_message.unknown',
    );
    expect(await writer.call('unreact', { channel_id: id, message_id: message.id, emoji: '👍' })).toEqual({
      unreact: true,
    });
    expect(await writer.call('unreact', { channel_id: id, message_id: message.id, emoji: '👍' })).toEqual({
      unreact: false,
    });
    expect(await reasonOf(writer.call('clear_reactions', { channel_id: id, message_id: message.id }))).toBe(
      'channel.not_allowed',
    );
    expect(
      await owner.call('clear_reactions', { channel_id: id, message_id: message.id, emoji: '👍' }),
    ).toEqual({ clear_reactions: 1 });
    expect(await owner.call('clear_reactions', { channel_id: id, message_id: message.id })).toEqual({
      clear_reactions: 2,
    });
    await world.override(group, { channel: id }, { role: group.everyone }, '0', mask('ADD_REACTIONS'));
    expect(await reasonOf(react(writer, '👍'))).toBe('channel.not_allowed');
    expect(
      await reasonOf(
        writer.list('reaction_counts', { channel_id: id, message_ids: Array(101).fill(message.id) }),
      ),
    ).toBe('channel_message.list_invalid');
  });

  it('use emojis of other groups only with permission, and of groups that one belongs to', async () => {
    const elsewhere = await world.group(owner);
    const wave = await owner.call<{ id: string }>('create_emoji', {
      group_id: elsewhere.id,
      name: 'wave',
      upload_id: await world.upload(owner, 'image/gif'),
    });
    expect(wave).toMatchObject({ animated: true });
    const { id } = await channel();
    const message = await world.say(owner, id);
    const react = (by: Person) =>
      by.call('react', { channel_id: id, message_id: message.id, emoji: `custom:${wave.id}` });
    expect(await reasonOf(react(writer))).toBe('channel_reaction.emoji_invalid');
    await world.join(elsewhere, writer);
    await react(writer);
    await world.override(group, { channel: id }, { user: writer.id }, '0', mask('USE_EXTERNAL_EMOJI'));
    expect(await reasonOf(react(writer))).toBe('channel.not_allowed');
    await owner.call('delete_emoji', { emoji_id: wave.id });
    expect(
      await world.rows('select from groups.message_reactions where message_id = $1', message.id),
    ).toEqual([]);
  });

  // Proves the lock of the message in react: without it each sees room for one more.
  it('stop at 20 different ones, also when 30 come at once', async () => {
    const { id } = await channel();
    const message = await world.say(owner, id);
    const outcomes = await world.stampede(
      Array<Person>(30).fill(writer),
      'react',
      (_, index) => ({
        channel_id: id,
        message_id: message.id,
        emoji: String.fromCodePoint(0x1f600 + index),
      }),
      15,
    );
    expect(tally(outcomes)).toEqual({ done: 20, 'channel_reaction.limit_reached': 10 });
    await owner.call('react', {
      channel_id: id,
      message_id: message.id,
      emoji: (
        await owner.list<{ emoji: string }>('reaction_counts', { channel_id: id, message_ids: [message.id] })
      )[0]?.emoji,
    });
  });
});

describe('emojis of a group', () => {
  it('are added from own small pictures by those who may', async () => {
    const add = (by: Person, name: string | null, upload: string) =>
      by.call('create_emoji', { group_id: group.id, name, upload_id: upload });
    const picture = await world.upload(owner);
    expect(await reasonOf(add(writer, 'mine', await world.upload(writer)))).toBe('group.not_allowed');
    expect(await reasonOf(add(owner, 'So Wrong', picture))).toBe('custom_emoji.name_invalid');
    expect(await reasonOf(add(owner, null, picture))).toBe('custom_emoji.name_invalid');
    expect(await reasonOf(add(owner, 'big', await world.upload(owner, 'image/png', 524_289)))).toBe(
      'custom_emoji.upload_unusable',
    );
    expect(await reasonOf(add(owner, 'paper', await world.upload(owner, 'application/pdf')))).toBe(
      'custom_emoji.upload_unusable',
    );
    await add(owner, 'good', picture);
    expect(await reasonOf(add(owner, 'good', picture))).toBe('custom_emoji.name_taken');
    expect(await reasonOf(owner.call('delete_emoji', { emoji_id: picture }))).toBe('custom_emoji.unknown');
    const full = await world.group(owner);
    await world.db.query(
      `insert into groups.custom_emojis (group_id, name, upload_id) select $1, 'n' || number, $2 from generate_series(1, 200) as number`,
      [full.id, picture],
    );
    expect(
      await reasonOf(owner.call('create_emoji', { group_id: full.id, name: 'more', upload_id: picture })),
    ).toBe('custom_emoji.limit_reached');
  });
});

describe('pins', () => {
  it('are announced, listed newest first, and go with their message', async () => {
    const { id } = await channel();
    const [first, second] = [await world.say(writer, id, 'First'), await world.say(writer, id, 'Second')];
    const pin = (by: Person, message: Message) => by.call('pin', { channel_id: id, message_id: message.id });
    expect(await reasonOf(pin(writer, first))).toBe('channel.not_allowed');
    await pin(owner, first);
    await pin(owner, first);
    await pin(owner, second);
    expect(texts(await writer.list<Message>('pins', { channel_id: id }))).toEqual(['Second', 'First']);
    expect((await feed(writer, id)).map((message) => message.type)).toEqual([
      'pin_notice',
      'pin_notice',
      'default',
      'default',
    ]);
    await writer.call('delete_channel_message', { channel_id: id, message_id: second.id });
    expect(texts(await writer.list<Message>('pins', { channel_id: id }))).toEqual(['First']);
    await owner.call('unpin', { channel_id: id, message_id: first.id });
    expect(await reasonOf(owner.call('unpin', { channel_id: id, message_id: first.id }))).toBe(
      'channel_message.unknown',
    );
    expect(
      await world.one('select last_pin_at is not null as pinned from groups.channels where id = $1', id),
    ).toEqual({ pinned: true });
  });

  // Proves that pin counts under the lock of the channel.
  it('stop at 50, also when several come at once', async () => {
    const { id } = await channel();
    await owner.call('update_settings', { group_id: group.id, patch: { system_channel_flags: 2 } });
    const made = await Promise.all(
      Array.from({ length: 58 }, (_, index) => world.say(writer, id, `${index}`)),
    );
    await world.db.query(
      'insert into groups.pinned_messages (channel_id, message_id) select channel_id, id from groups.channel_messages where channel_id = $1 order by id limit 45',
      [id],
    );
    const late = made
      .map((message) => message.id)
      .sort()
      .slice(45);
    const outcomes = await world.stampede(
      Array<Person>(late.length).fill(owner),
      'pin',
      (_, index) => ({ channel_id: id, message_id: late[index] }),
      13,
    );
    expect(tally(outcomes)).toEqual({ done: 5, 'channel_message.pin_limit': 8 });
    expect(
      (await feed(owner, id, { first: 100 })).filter((message) => message.type === 'pin_notice'),
    ).toEqual([]);
  });
});

describe('reading', () => {
  it('goes page by page in both directions', async () => {
    const { id } = await channel();
    for (let number = 1; number <= 7; number += 1) await world.say(writer, id, `${number}`);
    const newest = await feed(writer, id, { first: 3 });
    expect(texts(newest)).toEqual(['7', '6', '5']);
    const older = await feed(writer, id, { first: 3, before: newest.at(-1)?.id });
    expect(texts(older)).toEqual(['4', '3', '2']);
    expect(texts(await feed(writer, id, { after: older.at(-1)?.id, first: 2 }))).toEqual(['3', '4']);
    expect(texts(await feed(writer, id, { after: older.at(-1)?.id, before: newest[0]?.id }))).toEqual([
      '3',
      '4',
      '5',
      '6',
    ]);
    await world.override(group, { channel: id }, { user: writer.id }, '0', mask('READ_HISTORY'));
    expect(await reasonOf(feed(writer, id))).toBe('channel.not_allowed');
    expect(await reasonOf(writer.list('pins', { channel_id: id }))).toBe('channel.not_allowed');
  });

  it('finds words in the channels that one may read, and their threads', async () => {
    const home = await world.group(owner);
    await world.join(home, writer);
    const secret = await channel({ is_private: true }, home);
    const old = await world.say(owner, home.general, 'An ancient marmalade');
    await world.say(writer, home.general, 'Marmalade on toast');
    await world.say(owner, secret.id, 'Secret marmalade');
    const thread = await owner.call<{ channel_id: string }>('start_thread', {
      channel_id: home.general,
      name: 'Jam',
    });
    await world.say(owner, thread.channel_id, 'Marmalade in a thread');
    const find = async (by: Person, more: Record<string, unknown> = {}): Promise<string[]> =>
      texts(await by.list<Message>('search', { query: 'marmalade', ...more }));
    expect(await find(writer)).toEqual([
      'Marmalade in a thread',
      'Marmalade on toast',
      'An ancient marmalade',
    ]);
    expect(await find(owner)).toContain('Secret marmalade');
    expect(await find(writer, { group_id: home.id, query: 'marmalade -toast' })).toEqual([
      'Marmalade in a thread',
      'An ancient marmalade',
    ]);
    expect(await find(writer, { channel_id: home.general, sender_id: writer.id })).toEqual([
      'Marmalade on toast',
    ]);
    expect(await find(writer, { group_id: group.id })).toEqual([]);
    expect(await find(writer, { since: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await find(writer, { before: old.id })).toEqual([]);
    expect(await find(writer, { query: '-' })).toEqual([]);
    const stranger = await world.person();
    expect(await find(stranger)).toEqual([]);
    expect(await reasonOf(find(stranger, { group_id: home.id }))).toBe('group.unknown');
    expect(await reasonOf(find(stranger, { channel_id: home.general }))).toBe('channel.unknown');
    expect(await reasonOf(find(writer, { query: ' ' }))).toBe('input.empty');
    await world.db.query('update groups.groups set is_public = true where id = $1', [home.id]);
    expect(await find(stranger, { group_id: home.id })).toHaveLength(3);
    expect(await find(stranger)).toEqual([]);
    await writer.call('leave_group', { group_id: home.id });
  });
});

describe('archiving a chat room', () => {
  it('deletes what is older than the room keeps, in batches, and nothing else', async () => {
    const { id } = await channel();
    expect(
      await reasonOf(writer.call('update_channel', { channel_id: id, patch: { retention_days: 7 } })),
    ).toBe('channel.not_allowed');
    await owner.call('update_channel', { channel_id: id, patch: { retention_days: 7 } });
    for (const age of [30, 20, 10, 5]) {
      await world.db.query(
        `insert into groups.channel_messages (channel_id, id, seq, content)
         values ($1, core.uuidv7_floor(now() - make_interval(days => $2)), 40 - $2, 'x')`,
        [id, age],
      );
    }
    expect(await world.rows('select channel_id, messages from groups.chat_to_archive()')).toEqual([
      { channel_id: id, messages: '3' },
    ]);
    const archive = async (before: string) =>
      (
        await world.one<{ gone: number }>(
          `select groups.archive_chat($1, now() - $2::interval, p_limit => 2) as gone`,
          id,
          before,
        )
      ).gone;
    expect(await archive('15 days')).toBe(2);
    expect(await archive('15 days')).toBe(0);
    // However young the caller asks: the room keeps seven days.
    expect(await archive('0 days')).toBe(1);
    expect(await archive('0 days')).toBe(0);
    expect(await world.rows('select from groups.channel_messages where channel_id = $1', id)).toHaveLength(1);
    expect(await world.one('select groups.archive_chat($1, now()) as gone', general)).toEqual({ gone: 0 });
  });
});
