import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';
import { converse } from './messaging.ts';
import type { Person } from './people.ts';
import { insertRows } from './rows.ts';

export interface GroupCounts {
  readonly groups: number;
  readonly channels: number;
  readonly memberships: number;
  readonly channelMessages: number;
}

const dayMs = 86_400_000;

/** What the groups are about, and how their members call the channels beside "general". */
const subjects = [
  { name: 'Night owls', about: 'For those who are awake anyway.', channels: ['tea', 'music'] },
  { name: 'Repair café', about: 'Bring it, and we will open it.', channels: ['lamps', 'bicycles', 'radios'] },
  { name: 'Choir of the third floor', about: 'Rehearsals and gossip.', channels: ['scores', 'rehearsals'] },
  { name: 'Map room', about: 'Old maps, new maps, wrong maps.', channels: ['finds', 'projections'] },
  { name: 'Soup league', about: 'One pot, many opinions.', channels: ['recipes', 'results'] },
  { name: 'Board game evening', about: 'Rules are read aloud.', channels: ['dates', 'rules'] },
  { name: 'Seed swap', about: 'What grows on balconies.', channels: ['offers', 'wishes'] },
  { name: 'Short stories', about: 'Two pages a week.', channels: ['drafts', 'feedback'] },
  { name: 'Radio amateurs', about: 'Listening first.', channels: ['antennas', 'log'] },
  {
    name: 'The quiet carriage',
    about: 'Trains, and what is seen from them.',
    channels: ['routes', 'photos'],
  },
];

interface Place {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly members: readonly Person[];
  readonly founded: Date;
  readonly category: string;
  readonly channels: readonly { readonly id: string; readonly name: string; readonly type: string }[];
  readonly roles: readonly {
    readonly id: string;
    readonly name: string;
    readonly bits: readonly string[] | null;
  }[];
  readonly invite: { readonly id: string; readonly code: string };
  readonly invited: number;
}

function inventPlace(
  chance: Chance,
  subject: (typeof subjects)[number],
  people: readonly Person[],
  visitor: Person,
  index: number,
  now: Date,
): Place {
  const founded = new Date(now.getTime() - (29 + chance.below(60)) * dayMs);
  const size = Math.max(3, Math.round(people.length * (0.15 + 0.5 * chance.next())));
  // The demo account owns the first group and is in every second one.
  const others = chance.several(
    people.filter((person) => person !== visitor),
    size,
  );
  const members = index === 0 ? [visitor, ...others] : index % 2 === 0 ? [...others, visitor] : others;
  const id = chance.idAt(founded);
  return {
    id,
    name: subject.name,
    about: subject.about,
    members,
    founded,
    category: chance.idAt(founded),
    channels: [
      { id: chance.idAt(founded), name: 'general', type: 'text' },
      ...subject.channels.map((name) => ({ id: chance.idAt(founded), name, type: 'text' })),
      { id: chance.idAt(founded), name: 'Lounge', type: 'voice' },
    ],
    roles: [
      { id: chance.idAt(founded), name: 'everyone', bits: null },
      { id: chance.idAt(founded), name: 'Regular', bits: [] },
      {
        id: chance.idAt(founded),
        name: 'Moderator',
        bits: ['MANAGE_MESSAGES', 'KICK_MEMBERS', 'MODERATE_MEMBERS', 'MANAGE_THREADS'],
      },
    ],
    invite: { id: chance.idAt(founded), code: chance.faker.string.alphanumeric(10) },
    invited: Math.floor(members.length / 3),
  };
}

async function makePlaces(client: ClientBase, chance: Chance, places: readonly Place[]): Promise<void> {
  const stamps = ({ founded }: Place): object => ({ inserted_at: founded, updated_at: founded });
  await insertRows(
    client,
    'groups.groups',
    places.map((place, index) => ({
      id: place.id,
      name: place.name,
      description: place.about,
      owner_id: place.members[0]?.id,
      is_public: index % 3 !== 2,
      ...stamps(place),
    })),
  );
  await insertRows(
    client,
    'groups.channel_categories',
    places.map((place) => ({
      id: place.category,
      group_id: place.id,
      name: 'Topics',
      position: 0,
      ...stamps(place),
    })),
  );
  await insertRows(
    client,
    'groups.channels',
    places.flatMap((place) =>
      place.channels.map(({ id, name, type }, position) => ({
        id,
        group_id: place.id,
        category_id: position > 0 && type === 'text' ? place.category : null,
        type,
        name,
        position,
        ...stamps(place),
      })),
    ),
  );
  await insertRows(
    client,
    'groups.group_settings',
    places.map((place) => ({
      group_id: place.id,
      system_channel_id: place.channels[0]?.id,
      ...stamps(place),
    })),
  );
  await client.query(
    `insert into groups.roles (id, group_id, name, position, is_default, hoist, color, permissions, inserted_at, updated_at)
     select role.id, role.group_id, role.name, role.position, role.position = 0, role.position > 0,
       (array[0, 3447003, 15105570])[role.position + 1],
       (
         select coalesce(sum(1::bigint << known.bit), 0)
         from groups.permission_bits as known
         where case when role.bits is null then known.in_default_role else role.bits ? known.key end
       ),
       role.founded, role.founded
     from jsonb_to_recordset($1)
       as role (id uuid, group_id uuid, name text, position integer, bits jsonb, founded timestamptz)`,
    [
      JSON.stringify(
        places.flatMap((place) =>
          place.roles.map((role, position) => ({
            ...role,
            ...(role.bits === null ? { bits: undefined } : {}),
            group_id: place.id,
            position,
            founded: place.founded,
          })),
        ),
      ),
    ],
  );
  await insertRows(
    client,
    'groups.invites',
    places.map((place) => ({
      id: place.invite.id,
      group_id: place.id,
      channel_id: place.channels[0]?.id,
      code: place.invite.code,
      created_by: place.members[0]?.id,
      use_count: place.invited,
      inserted_at: place.founded,
    })),
  );
  await insertRows(
    client,
    'groups.group_members',
    places.flatMap((place) =>
      place.members.map((person, seat) => {
        const joinedAt = new Date(place.founded.getTime() + seat * 60_000);
        return {
          group_id: place.id,
          user_id: person.id,
          nickname: chance.next() < 0.1 ? person.displayName.split(' ')[0] : null,
          joined_at: joinedAt,
          invite_id: seat >= place.members.length - place.invited ? place.invite.id : null,
          premium_since: chance.next() < 0.08 ? joinedAt : null,
          inserted_at: joinedAt,
          updated_at: joinedAt,
        };
      }),
    ),
  );
  await insertRows(
    client,
    'groups.group_member_roles',
    places.flatMap((place) =>
      place.members.slice(1, Math.ceil(place.members.length / 2)).map((person, seat) => ({
        group_id: place.id,
        user_id: person.id,
        role_id: place.roles[seat < 2 ? 2 : 1]?.id,
        assigned_at: place.founded,
        assigned_by: place.members[0]?.id,
      })),
    ),
  );
  // Who reads along cannot write in the last channel of the first group, Regulars can.
  const [first] = places;
  const announcements = first?.channels.at(-2);
  const bits = 1 << 11;
  await insertRows(
    client,
    'groups.channel_permission_overrides',
    first && announcements
      ? [
          { role: first.roles[0], allow: 0, deny: bits },
          { role: first.roles[1], allow: bits, deny: 0 },
        ].map(({ role, allow, deny }) => ({
          id: chance.idAt(first.founded),
          group_id: first.id,
          channel_id: announcements.id,
          role_id: role?.id,
          allow,
          deny,
          ...stamps(first),
        }))
      : [],
  );
}

/** Ten groups with channels, roles, invitations and what is said in them; the demo account owns one. */
export async function fillGroups(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  options: { readonly messages: number; readonly now: Date },
): Promise<GroupCounts> {
  const { now } = options;
  const [visitor] = people;
  if (!visitor) throw new Error('there is nobody to meet');
  const places = subjects.map((subject, index) => inventPlace(chance, subject, people, visitor, index, now));
  await makePlaces(client, chance, places);

  const rooms = places.flatMap((place) =>
    place.channels
      .filter(({ type }) => type === 'text')
      .map((channel, index) => ({ place, channel, weight: (1 + chance.attention()) / (index + 1) })),
  );
  const weights = rooms.reduce((sum, { weight }) => sum + weight, 0);
  const told = rooms.map(({ place, channel, weight }) => {
    const start = new Date(Math.max(place.founded.getTime() + dayMs, now.getTime() - 27 * dayMs));
    const amount = Math.max(3, Math.round((options.messages * weight) / weights));
    const said = converse(chance, place.members, amount, start, now).map((message) => ({
      ...message,
      mentioned: chance.next() < 0.06 ? chance.pick(place.members) : undefined,
    }));
    return { place, channel, said };
  });
  const messages = told.flatMap(({ channel, said }) =>
    said.map((message) => ({
      channel_id: channel.id,
      id: message.id,
      seq: message.seq,
      sender_id: message.sender.id,
      content: message.mentioned ? `${message.content} <@${message.mentioned.id}>` : message.content,
      reply_to_id: message.replyTo,
      inserted_at: message.at,
      updated_at: message.at,
    })),
  );
  await insertRows(client, 'groups.channel_messages', messages);
  await client.query(
    `update groups.channels as channel
     set last_seq = newest.seq, last_message_id = newest.id, last_message_at = newest.at
     from jsonb_to_recordset($1) as newest (channel_id uuid, seq bigint, id uuid, at timestamptz)
     where channel.id = newest.channel_id`,
    [JSON.stringify(told.map(({ channel, said }) => ({ channel_id: channel.id, ...said.at(-1) })))],
  );
  // Markers first: the trigger of mentions then counts what lies behind them.
  await insertRows(
    client,
    'groups.channel_reads',
    told.flatMap(({ place, channel, said }) =>
      place.members
        .filter((person) => person === visitor || chance.next() < 0.7)
        .map((person) => {
          const read = chance.next() < 0.5 ? said.at(-1) : chance.pick(said);
          return {
            user_id: person.id,
            channel_id: channel.id,
            last_read_seq: read?.seq,
            last_read_message_id: read?.id,
            last_read_at: read?.at,
          };
        }),
    ),
  );
  await insertRows(
    client,
    'groups.message_mentions',
    told.flatMap(({ channel, said }) =>
      said.flatMap(({ id, mentioned }) =>
        mentioned ? [{ channel_id: channel.id, message_id: id, user_id: mentioned.id }] : [],
      ),
    ),
  );
  await insertRows(
    client,
    'groups.message_reactions',
    told.flatMap(({ place, channel, said }) =>
      said
        .filter(() => chance.next() < 0.08)
        .map((message) => ({
          channel_id: channel.id,
          message_id: message.id,
          emoji: chance.pick(['👍', '😂', '🎉', '❤️']),
          user_id: chance.pick(place.members).id,
          inserted_at: message.at,
        })),
    ),
  );
  const pins = told
    .filter((_, index) => index % 4 === 0)
    .flatMap(({ place, channel, said }) =>
      said.slice(0, 1).map((message) => ({
        channel_id: channel.id,
        message_id: message.id,
        pinned_by: place.members[0]?.id,
        pinned_at: message.at,
      })),
    );
  await insertRows(client, 'groups.pinned_messages', pins);
  await client.query(
    `update groups.channels as channel set last_pin_at = pin.pinned_at
     from groups.pinned_messages as pin
     where pin.channel_id = channel.id and channel.id = any ($1)`,
    [pins.map((pin) => pin.channel_id)],
  );
  return {
    groups: places.length,
    channels: places.reduce((sum, place) => sum + place.channels.length, 0),
    memberships: places.reduce((sum, place) => sum + place.members.length, 0),
    channelMessages: messages.length,
  };
}
