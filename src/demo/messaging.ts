import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';
import type { Person } from './people.ts';
import { insertRows } from './rows.ts';
import { chat } from './talk.ts';

export interface MessagingCounts {
  readonly conversations: number;
  readonly messages: number;
}

interface Said {
  readonly id: string;
  readonly seq: number;
  readonly sender: Person;
  readonly content: string;
  readonly replyTo: string | null;
  readonly at: Date;
}

const hourMs = 3_600_000;
const rooms = ['Sunday walk', 'Book club', 'Moving day', 'Band practice', 'Allotment'];
const emojis = ['👍', '😂', '🎉', '❤️'];

/** A conversation of some days, with pauses in it, that ended before now. */
export function converse(
  chance: Chance,
  speakers: readonly Person[],
  amount: number,
  start: Date,
  now: Date,
): Said[] {
  const said: Said[] = [];
  const stepMs = (now.getTime() - 60_000 - start.getTime()) / (amount + 1);
  for (let seq = 1; seq <= amount; seq += 1) {
    const at = new Date(Math.floor(start.getTime() + (seq - 0.8 * chance.next()) * stepMs));
    said.push({
      id: chance.idAt(at),
      seq,
      sender: chance.pick(speakers),
      content: chance.pick(chat),
      replyTo: said.length > 3 && chance.next() < 0.12 ? chance.pick(said.slice(-6)).id : null,
      at,
    });
  }
  return said;
}

/** Conversations of two and a few small groups; the demo account is in many of them, and has not read everything. */
export async function fillMessaging(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  options: { readonly messages: number; readonly now: Date },
): Promise<MessagingCounts> {
  const { now } = options;
  const [visitor, ...others] = people;
  if (!visitor) throw new Error('there is nobody to talk');
  const pairs = new Map<string, readonly Person[]>();
  const wanted = Math.min(Math.round(people.length * 1.2), (people.length * (people.length - 1)) / 2);
  for (const other of chance.several(others, Math.ceil(others.length / 4))) {
    pairs.set([visitor.id, other.id].sort().join(), [visitor, other]);
  }
  while (pairs.size < wanted) {
    const pair = chance.several(people, 2);
    pairs.set(
      pair
        .map(({ id }) => id)
        .sort()
        .join(),
      pair,
    );
  }
  const circles = rooms
    .slice(0, Math.max(1, Math.floor(people.length / 10)))
    .map((name, index) => ({ name, people: [visitor, ...chance.several(others, 3 + index)] }));
  const plans = [...[...pairs.values()].map((pair) => ({ name: null, people: pair })), ...circles].map(
    (plan) => ({ ...plan, weight: 1 + chance.attention() * 3 }),
  );
  const weights = plans.reduce((sum, { weight }) => sum + weight, 0);

  const told = plans.map(({ name, people: members, weight }) => {
    const start = new Date(now.getTime() - (2 + chance.below(26)) * 24 * hourMs - chance.below(24) * hourMs);
    const id = chance.idAt(start);
    const amount = Math.max(2, Math.round((options.messages * weight) / weights));
    return { id, name, members, start, said: converse(chance, members, amount, start, now) };
  });
  await insertRows(
    client,
    'messaging.conversations',
    told.map(({ id, name, members, start, said }) => {
      const [low, high] = members.map((person) => person.id).sort();
      const newest = said.at(-1);
      return {
        id,
        kind: name === null ? 'direct' : 'group',
        name,
        owner_id: name === null ? null : members[0]?.id,
        user_low: name === null ? low : null,
        user_high: name === null ? high : null,
        last_seq: said.length,
        last_message_id: newest?.id,
        last_message_at: newest?.at,
        inserted_at: start,
        updated_at: start,
      };
    }),
  );
  await insertRows(
    client,
    'messaging.conversation_participants',
    told.flatMap(({ id, name, members, start, said }) =>
      members.map((person, index) => {
        // Whoever wrote has read what was there then; some have read to the end.
        const own = said.findLast(({ sender }) => sender === person);
        const read = chance.next() < 0.6 ? said.at(-1) : own;
        return {
          conversation_id: id,
          user_id: person.id,
          role: name !== null && index === 0 ? 'owner' : 'member',
          joined_at: start,
          last_read_seq: read?.seq ?? 0,
          last_read_message_id: read?.id ?? null,
          last_read_at: read?.at ?? null,
          inserted_at: start,
          updated_at: start,
        };
      }),
    ),
  );
  const messages = told.flatMap(({ id, said }) =>
    said.map((message) => ({
      conversation_id: id,
      id: message.id,
      seq: message.seq,
      sender_id: message.sender.id,
      content: message.content,
      reply_to_id: message.replyTo,
      inserted_at: message.at,
      updated_at: message.at,
    })),
  );
  await insertRows(client, 'messaging.messages', messages);
  await insertRows(
    client,
    'messaging.message_reactions',
    told.flatMap(({ id, members, said }) =>
      said
        .filter(() => chance.next() < 0.05)
        .map((message) => ({
          conversation_id: id,
          message_id: message.id,
          emoji: chance.pick(emojis),
          user_id: chance.pick(members).id,
          inserted_at: message.at,
        })),
    ),
  );
  return { conversations: told.length, messages: messages.length };
}
