import { inParts, type LoadModule, share, sizeByRank } from './step.ts';

/**
 * The other half of the messages: in the channels of groups. The members of a group are neighbours in the order in which
 * people joined the site; the first of them own it, moderate it, and write most.
 */
export const groups: LoadModule = {
  schemas: ['groups'],
  bulk: [
    'groups.group_members',
    'groups.group_member_roles',
    'groups.channel_messages',
    'groups.channel_reads',
  ],
  steps: (plan) => {
    const { members, nowMs } = plan;
    const places = share(plan, 400, 8);
    const messages = share(plan, 500_000, 500);
    const memberships = Math.min(members * 4, places * Math.floor(members / 2));
    const perPlace = 6;
    const channels = places * 5;
    const startMs = nowMs - 95 * 86_400_000;
    const group = 'pg_temp.id_at(home.start_ms, home.g, 40)';
    const member = (seat: string): string => `pg_temp.person(home.g * 997 + ${seat})`;
    const momentOf = (place: string): string =>
      `(channel.start_ms + ((${place} - 0.8 * pg_temp.chance(channel.ch * 10000019 + ${place}, 45)) * channel.step_ms)::bigint)`;
    const idOf = (place: string): string =>
      `pg_temp.id_at(${momentOf(place)}, channel.ch * 10000019 + ${place}, 46)`;
    return [
      {
        name: 'groups drawn',
        isHidden: true,
        statements: [
          `create temporary table load_groups on commit drop as
           select
             rank - 1 as g, least(${sizeByRank(memberships, places)}, ${Math.floor(members * 0.9)}) as size,
             ${startMs} + rank as start_ms
           from generate_series(1::bigint, ${places}) as rank`,
          // Slots 0 to 3 are for writing, 4 is for speaking, 5 a thread of the first.
          `create temporary table load_channels on commit drop as
           select
             drawn.*, pg_temp.id_at(drawn.start_ms, drawn.ch, 41) as id,
             case when drawn.amount > 0 then (${nowMs} - 60000 - drawn.start_ms) / drawn.amount end as step_ms
           from (
             select
               home.g, home.size, slots.slot, home.g * ${perPlace} + slots.slot as ch,
               home.start_ms + 1 + slots.slot + case when slots.slot = 5 then 86400000 else 0 end as start_ms,
               pg_temp.id_at(home.start_ms, home.g, 40) as group_id,
               coalesce(ranked.amount, 0) as amount
             from load_groups as home
             cross join generate_series(0, ${perPlace - 1}) as slots (slot)
             left join (
               select numbered.g, numbered.slot, ${sizeByRank(messages, channels)} as amount
               from (
                 select
                   g, slot,
                   row_number() over (
                     order by (g + 1) * (slot + 1) * (0.5 + pg_temp.chance(g * ${perPlace} + slot, 42))
                   ) as rank
                 from load_groups
                 cross join unnest(array[0, 1, 2, 3, 5]) as slot
               ) as numbered
             ) as ranked on ranked.g = home.g and ranked.slot = slots.slot
           ) as drawn
           order by 8`,
          'analyze load_groups',
          'analyze load_channels',
        ],
      },
      {
        name: 'groups',
        statements: [
          `insert into groups.groups (id, name, description, owner_id, is_public, member_count, inserted_at, updated_at)
           select
             ${group}, 'Group ' || home.g, pg_temp.words(home.g, 43), ${member('0')}, pg_temp.dice(home.g, 44) % 3 > 0,
             home.size, pg_temp.moment(home.start_ms), pg_temp.moment(home.start_ms)
           from load_groups as home`,
        ],
      },
      {
        name: 'channels',
        statements: [
          // Threads hang from channels, so they come second.
          ...['channel.slot < 5', 'channel.slot = 5'].map(
            (which) => `
              insert into groups.channels
                (id, group_id, parent_channel_id, type, name, position, last_seq, last_message_id, last_message_at, inserted_at, updated_at)
              select
                channel.id, channel.group_id, parent.id,
                case channel.slot when 4 then 'voice' when 5 then 'thread' else 'text' end,
                (array['general', 'off-topic', 'questions', 'pictures', 'lounge', 'What happened on Sunday'])[channel.slot + 1],
                case when channel.slot < 5 then channel.slot else 0 end, channel.amount,
                case when channel.amount > 0 then ${idOf('channel.amount')} end,
                case when channel.amount > 0 then pg_temp.moment(${momentOf('channel.amount')}) end,
                pg_temp.moment(channel.start_ms), pg_temp.moment(channel.start_ms)
              from load_channels as channel
              left join load_channels as parent on channel.slot = 5 and parent.g = channel.g and parent.slot = 0
              where ${which}`,
          ),
        ],
      },
      {
        name: 'threads',
        statements: [
          `insert into groups.threads (channel_id, parent_channel_id, owner_id, message_count, inserted_at, updated_at)
           select
             channel.id, parent.id, pg_temp.person(channel.g * 997), channel.amount, pg_temp.moment(channel.start_ms),
             pg_temp.moment(channel.start_ms)
           from load_channels as channel
           join load_channels as parent on parent.g = channel.g and parent.slot = 0
           where channel.slot = 5`,
        ],
      },
      {
        name: 'settings of groups',
        statements: [
          `insert into groups.group_settings (group_id, system_channel_id, inserted_at, updated_at)
           select channel.group_id, channel.id, pg_temp.moment(channel.start_ms), pg_temp.moment(channel.start_ms)
           from load_channels as channel
           where channel.slot = 0`,
        ],
      },
      {
        name: 'roles',
        statements: [
          `insert into groups.roles (id, group_id, name, position, is_default, hoist, permissions, inserted_at, updated_at)
           select
             pg_temp.id_at(home.start_ms, home.g * 4 + role.position, 47), ${group}, role.name, role.position,
             role.position = 0, role.position > 0,
             (
               select sum(1::bigint << known.bit)::bigint
               from groups.permission_bits as known
               where known.in_default_role
                 or role.position = 2 and known.key in ('MANAGE_MESSAGES', 'KICK_MEMBERS', 'MODERATE_MEMBERS')
             ),
             pg_temp.moment(home.start_ms), pg_temp.moment(home.start_ms)
           from load_groups as home
           cross join (values (0, 'everyone'), (1, 'Regular'), (2, 'Moderator')) as role (position, name)`,
        ],
      },
      {
        name: 'members of groups',
        statements: inParts(
          places,
          4,
          (from, below) => `
            insert into groups.group_members (group_id, user_id, joined_at, inserted_at, updated_at)
            select
              ${group}, ${member('seat')}, pg_temp.moment(home.start_ms + seat), pg_temp.moment(home.start_ms + seat),
              pg_temp.moment(home.start_ms + seat)
            from load_groups as home
            cross join lateral generate_series(0, home.size - 1) as seat
            where home.g >= ${from} and home.g < ${below}
            order by 1, 2`,
        ),
      },
      {
        name: 'roles of members',
        statements: [
          `insert into groups.group_member_roles (group_id, user_id, role_id, assigned_at)
           select
             ${group}, ${member('seat')},
             pg_temp.id_at(home.start_ms, home.g * 4 + case when seat < 3 then 2 else 1 end, 47),
             pg_temp.moment(home.start_ms + seat)
           from load_groups as home
           cross join lateral generate_series(0, home.size / 10) as seat`,
        ],
      },
      {
        name: 'messages in channels',
        statements: inParts(
          places * perPlace,
          10,
          (from, below) => `
            insert into groups.channel_messages (channel_id, id, seq, sender_id, content, inserted_at, updated_at)
            select
              channel.id, ${idOf('place')}, place,
              pg_temp.person(
                channel.g * 997 + floor(power(pg_temp.chance(channel.ch * 10000019 + place, 48), 3) * channel.size)::bigint
              ),
              pg_temp.words(channel.ch * 10000019 + place, 49),
              pg_temp.moment(${momentOf('place')}), pg_temp.moment(${momentOf('place')})
            from load_channels as channel
            cross join lateral generate_series(1, channel.amount) as place
            where channel.ch >= ${from} and channel.ch < ${below}
            order by channel.id, place`,
        ),
      },
      {
        name: 'mentions',
        statements: [
          // Of the owner, in every hundredth message.
          `insert into groups.message_mentions (channel_id, message_id, user_id)
           select channel.id, ${idOf('place')}, pg_temp.person(channel.g * 997)
           from load_channels as channel
           cross join lateral generate_series(100, channel.amount, 100) as place`,
        ],
      },
      {
        name: 'read markers',
        // The hundred who are there longest have opened the first two channels, and read half of them to the end.
        statements: [
          `insert into groups.channel_reads (user_id, channel_id, last_read_seq, last_read_message_id, last_read_at, mention_count)
           select
             pg_temp.person(channel.g * 997 + seat), channel.id, marker.place, ${idOf('marker.place')},
             pg_temp.moment(${nowMs} - 30000),
             case when seat = 0 then channel.amount / 100 - marker.place / 100 else 0 end
           from load_channels as channel
           cross join lateral generate_series(0, least(100, channel.size) - 1) as seat
           cross join lateral (
             select case
               when pg_temp.dice(channel.ch * 128 + seat, 50) % 2 = 0 then channel.amount
               else 1 + floor((channel.amount - 1) * pg_temp.chance(channel.ch * 128 + seat, 51))::integer
             end as place
           ) as marker
           where channel.slot < 2 and channel.amount > 0`,
        ],
      },
      {
        name: 'reactions in channels',
        statements: [
          `insert into groups.message_reactions (channel_id, message_id, emoji, user_id, inserted_at)
           select
             channel.id, ${idOf('place')},
             (array['👍', '😂', '🎉', '❤️'])[1 + pg_temp.dice(channel.ch * 10000019 + place, 52) % 4],
             pg_temp.person(channel.g * 997 + pg_temp.dice(channel.ch * 10000019 + place, 53) % channel.size),
             pg_temp.moment(${momentOf('place')} + 1)
           from load_channels as channel
           cross join lateral generate_series(1, channel.amount) as place
           where pg_temp.dice(channel.ch * 10000019 + place, 54) % 33 = 0`,
        ],
      },
    ];
  },
};
