import { beforeAll, describe, expect, it } from 'vitest';
import { type Message, type Person, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
});

/** What the nightly job does, until nothing is left to do. */
async function run(rule: string): Promise<number> {
  let total = 0;
  let after: unknown = null;
  do {
    const done = await world.one<{ rows_affected: string; next_after: unknown }>(
      'select rows_affected, next_after from ops.run_retention($1, now(), $2)',
      rule,
      after === null ? null : JSON.stringify(after),
    );
    total += Number(done.rows_affected);
    after = done.next_after;
  } while (after !== null);
  return total;
}

const age = (table: string, column: string, id: string, days: number) =>
  world.db.query(`update groups.${table} set ${column} = now() - make_interval(days => $2) where id = $1`, [
    id,
    days,
  ]);

describe('retention', () => {
  it('purges deleted messages after 30 days with what hangs on them, and leaves the others', async () => {
    const group = await world.group(owner);
    const say = () => world.say(owner, group.general);
    const [kept, fresh, old] = [await say(), await say(), await say()];
    for (const { id } of [kept, old]) {
      await owner.call('react', { channel_id: group.general, message_id: id, emoji: '👍' });
    }
    for (const { id } of [fresh, old]) {
      await owner.call('delete_channel_message', { channel_id: group.general, message_id: id });
    }
    await age('channel_messages', 'deleted_at', fresh.id, 29);
    await age('channel_messages', 'deleted_at', old.id, 31);
    expect(await run('groups_messages')).toBe(1);
    const left = await world.rows<Message>(
      'select id from groups.channel_messages where channel_id = $1 order by id',
      group.general,
    );
    expect(left.map(({ id }) => id)).toEqual([kept.id, fresh.id]);
    expect(
      await world.rows(
        'select message_id from groups.message_reactions where channel_id = $1',
        group.general,
      ),
    ).toEqual([{ message_id: kept.id }]);
  });

  it('purges a deleted group after 30 days, from its messages up', async () => {
    const [gone, stays] = [await world.group(owner), await world.group(owner)];
    for (const group of [gone, stays]) {
      await world.say(owner, group.general);
      const thread = await owner.call<{ channel_id: string }>('start_thread', {
        channel_id: group.general,
        name: 'A thread',
      });
      await world.say(owner, thread.channel_id);
      await owner.call('delete_group', { group_id: group.id });
    }
    await age('groups', 'deleted_at', gone.id, 31);
    await age('groups', 'deleted_at', stays.id, 29);
    expect(await run('groups_groups')).toBe(0);
    expect(await run('groups_messages_of_deleted_channels')).toBeGreaterThan(0);
    for (let night = 0; night < 3; night += 1) await run('groups_channels');
    expect(await run('groups_groups')).toBe(1);
    expect(await world.rows('select id from groups.groups where id = any ($1)', [gone.id, stays.id])).toEqual(
      [{ id: stays.id }],
    );
    expect(await world.rows('select id from groups.channels where group_id = $1', gone.id)).toEqual([]);
  });

  it('forgets invitations that ended 30 days ago, bans that are over, and voice sessions after 90 days', async () => {
    const group = await world.group(owner);
    const [banned, pardoned] = [await world.person(), await world.person()];
    const open = await owner.call<{ id: string }>('create_invite', { group_id: group.id });
    const ended = await owner.call<{ id: string }>('create_invite', { group_id: group.id, ttl: '1 day' });
    await age('invites', 'expires_at', ended.id, 31);
    await world.db.query(
      `insert into groups.bans (group_id, user_id, expires_at) values ($1, $2, null), ($1, $3, now() - interval '1 second')`,
      [group.id, banned.id, pardoned.id],
    );
    const room = await owner.call<{ id: string }>('create_channel', {
      group_id: group.id,
      name: 'Voice',
      type: 'voice',
    });
    const session = await owner.call<{ id: string }>('join_voice', { channel_id: room.id });
    await owner.call('leave_voice');
    await world.db.query(
      `update groups.voice_sessions set joined_at = now() - interval '92 days', left_at = now() - interval '91 days' where id = $1`,
      [session.id],
    );
    await owner.call('join_voice', { channel_id: room.id });

    expect([
      await run('groups_invites'),
      await run('groups_bans'),
      await run('groups_voice_sessions'),
    ]).toEqual([1, 1, 1]);
    expect(await world.rows('select id from groups.invites where group_id = $1', group.id)).toEqual([
      { id: open.id },
    ]);
    expect(await world.rows('select user_id from groups.bans where group_id = $1', group.id)).toEqual([
      { user_id: banned.id },
    ]);
    expect(await world.rows('select left_at from groups.voice_sessions')).toEqual([{ left_at: null }]);
  });
});
