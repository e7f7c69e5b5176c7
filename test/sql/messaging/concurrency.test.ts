import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import {
  type Conversation,
  feed,
  type Message,
  messagingScene,
  type Person,
  type Scene,
  send,
  unread,
} from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await messagingScene();
  scene.db.pool.options.max = 32;
});

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

function oneOf<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
}

/** The reasons of those that were refused; anything but a registered refusal (a deadlock, say) fails. */
async function refusals(attempts: readonly Promise<unknown>[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(attempts);
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
  return Promise.all(failed.map((outcome) => reasonOf(Promise.reject(outcome.reason))));
}

/** Sends in a transaction that begins before and ends after it, by chance. */
async function sendSlowly(person: Person, conversation: string, content: string): Promise<void> {
  await person.within(async (client) => {
    await client.query('select pg_sleep(random() * 0.004)');
    await client.query('select messaging.send_message($1, $2)', [conversation, content]);
    await client.query('select pg_sleep(random() * 0.004)');
  });
}

describe('ids of a conversation', () => {
  // Red without the lock in lock_conversation when append_message also takes its id before the row is locked.
  it('become visible in their order, so that whoever polls "since" misses nothing', async () => {
    const [owner, others, id] = await scene.group(6);
    const senders = [owner, ...others];
    const [listener] = others;
    if (!listener) throw new Error('nobody there');
    const start = await feed(listener, id, { first: 1 });
    const last = start[0]?.id;
    let isOver = false;

    const poll = async (pace: number): Promise<string[]> => {
      const seen: string[] = [];
      for (;;) {
        const wasOver = isOver;
        const page = await feed(listener, id, { after: seen.at(-1) ?? last, first: 7 });
        seen.push(...page.map((message) => message.id));
        if (page.length === 0 && wasOver) return seen;
        await sleep(Math.random() * pace);
      }
    };
    const polls = [poll(1), poll(3), poll(10)];
    await Promise.all(
      senders.map(async (sender) => {
        for (const index of times(40)) {
          if (sender === owner && index % 10 === 0) {
            await owner.call('rename', { conversation_id: id, name: `Name ${index}` });
          }
          await sendSlowly(sender, id, `${sender.name} ${index}`);
        }
      }),
    );
    isOver = true;

    const { rows } = await scene.db.query<{ id: string; seq: string }>(
      'select id, seq from messaging.messages where conversation_id = $1 order by id',
      [id],
    );
    expect(rows.map(({ seq }) => Number(seq))).toEqual(times(rows.length).map((index) => index + 1));
    expect(rows.length).toBe(1 + 6 * 40 + 4);
    for (const seen of await Promise.all(polls)) expect(seen).toEqual(rows.slice(1).map((row) => row.id));
  });
});

describe('unread counts', () => {
  const untrue = `
    select participant.user_id, conversation.last_seq - participant.last_read_seq as unread, counted.amount
    from messaging.conversation_participants as participant
    join messaging.conversations as conversation on conversation.id = participant.conversation_id
    cross join lateral (
      select count(*) as amount
      from messaging.messages as message
      where message.conversation_id = conversation.id
        and message.id > coalesce(participant.last_read_message_id, '00000000-0000-0000-0000-000000000000')
    ) as counted
    where participant.left_at is null
      and conversation.last_seq - participant.last_read_seq <> counted.amount`;

  // Red when append_message does not take the number under the lock, or the marker of mark_read may go back.
  it.each(times(3))(
    'equal a recount at every moment of a crowd that sends, reads, deletes, leaves and returns (%i)',
    async () => {
      const [owner, others, id] = await scene.group(7);
      const [ada, ben, pair] = await scene.pair();
      const mine = new Map<Person, Message[]>();
      let isOver = false;

      const act = async (person: Person, conversation: string): Promise<void> => {
        const chance = Math.random();
        const sent = mine.get(person) ?? [];
        const one = { conversation_id: conversation };
        if (chance < 0.45) {
          mine.set(person, [...sent, await send(person, conversation, 'Something')]);
        } else if (chance < 0.6) {
          await person.call('mark_read', one);
        } else if (chance < 0.75) {
          const page = await feed(person, conversation, { first: 20 });
          if (page.length > 0) await person.call('mark_read', { ...one, up_to: oneOf(page).id });
        } else if (chance < 0.85 && sent.length > 0) {
          await person.call('delete_message', { ...one, message_id: oneOf(sent).id });
        } else if (chance < 0.9 && sent.length > 0) {
          await person.call('restore_message', { ...one, message_id: oneOf(sent).id });
        } else if (chance < 0.93) {
          await person.call('clear_history', one);
        } else if (conversation === id) {
          await (person === owner
            ? owner.call('add_participants', { ...one, user_ids: others.map((other) => other.id) })
            : person.call('leave', one));
        }
      };
      const expected = new Set([
        'conversation.unknown',
        'message.unknown',
        'message.already_deleted',
        'message.not_deleted',
      ]);
      const live = async (person: Person, conversation: string): Promise<void> => {
        for (let step = 0; step < 30; step += 1) {
          const [refused] = await refusals([act(person, conversation)]);
          if (refused !== undefined && !expected.has(refused)) throw new Error(refused);
        }
      };
      const watch = async (): Promise<void> => {
        while (!isOver) {
          expect((await scene.db.query(untrue)).rows).toEqual([]);
          await sleep(5);
        }
      };
      const watching = watch();
      await Promise.all([
        ...[owner, ...others].map((person) => live(person, id)),
        ...[ada, ben, ada, ben].map((person) => live(person, pair)),
      ]);
      isOver = true;
      await watching;

      expect((await scene.db.query(untrue)).rows).toEqual([]);
      for (const [person, conversation] of [
        [owner, id],
        [ada, pair],
        [ben, pair],
      ] as const) {
        const { rows } = await scene.db.query<{ amount: number }>(
          `select count(message.id)::int as amount
         from messaging.conversation_participants as participant
         left join messaging.messages as message
           on message.conversation_id = participant.conversation_id
          and message.id > coalesce(participant.last_read_message_id, '00000000-0000-0000-0000-000000000000')
         where participant.conversation_id = $1 and participant.user_id = $2`,
          [conversation, person.id],
        );
        expect(await unread(person, conversation)).toBe(rows[0]?.amount);
        expect(await person.read('select messaging.unread_total()::int as amount')).toEqual(rows);
      }
      const { rows: numbers } = await scene.db.query(
        `select count(*) = max(seq) and count(distinct seq) = count(*) as is_dense
       from messaging.messages group by conversation_id having max(seq) > 0`,
      );
      expect(numbers.every((row) => row['is_dense'])).toBe(true);
    },
  );

  it('never grow by reading backwards', async () => {
    const [ada, ben, id] = await scene.pair();
    const sent: Message[] = [];
    for (const index of times(20)) sent.push(await send(ada, id, String(index)));
    await Promise.all(
      [...sent]
        .sort(() => Math.random() - 0.5)
        .slice(0, 15)
        .concat(sent.slice(17, 18))
        .map((message) => ben.call('mark_read', { conversation_id: id, up_to: message.id })),
    );
    expect(await unread(ben, id)).toBeLessThanOrEqual(2);
    const { rows } = await scene.db.query(
      `select participant.last_read_seq = message.seq as is_one
       from messaging.conversation_participants as participant
       join messaging.messages as message
         on message.conversation_id = participant.conversation_id and message.id = participant.last_read_message_id
       where participant.conversation_id = $1 and participant.user_id = $2`,
      [id, ben.id],
    );
    expect(rows).toEqual([{ is_one: true }]);
  });
});

describe('a conversation of two', () => {
  // Red without the unique key (conversations_direct_key) and the lock on the pair.
  it('is one, whoever starts it how often at once', async () => {
    for (const _ of times(15)) {
      const [ada, ben] = await scene.people(2);
      if (!ada || !ben) throw new Error('nobody there');
      const started = await Promise.all(
        times(8).map((index) =>
          index % 2
            ? ada.call<Conversation>('start_direct', { user_id: ben.id })
            : ben.call<Conversation>('start_direct', { user_id: ada.id }),
        ),
      );
      expect(new Set(started.map(({ id }) => id)).size).toBe(1);
      const { rows } = await scene.db.query(
        `select
           (select count(*)::int from messaging.conversations where user_low in ($1, $2) or user_high in ($1, $2)) as conversations,
           (select count(*)::int from messaging.conversation_participants where user_id in ($1, $2)) as participants`,
        [ada.id, ben.id],
      );
      expect(rows).toEqual([{ conversations: 1, participants: 2 }]);
    }
  });

  // Red without social.lock_pair in check_pair and start_direct: a send that has looked already would still commit.
  it.each(['first', 'second'])('says nothing more once a block by the %s has committed', async (side) => {
    for (const _ of times(10)) {
      const [ada, ben, id] = await scene.pair();
      const [blocker, blocked] = side === 'first' ? [ada, ben] : [ben, ada];
      const sends = refusals(times(12).map((index) => sendSlowly(index % 2 ? ada : ben, id, 'Hello')));
      await sleep(Math.random() * 10);
      await blocker.read('select social.block($1)', [blocked.id]);
      const said = async () =>
        (await scene.db.query('select last_seq from messaging.conversations where id = $1', [id])).rows;
      const atBlock = await said();
      const refused = await sends;
      expect(await said()).toEqual(atBlock);
      expect(refused.every((reason) => reason === 'conversation.refused')).toBe(true);
      expect(atBlock).toEqual([{ last_seq: String(12 - refused.length) }]);
    }
  });

  it('is not begun any more once a block has committed', async () => {
    for (const _ of times(10)) {
      const [ada, ben] = await scene.people(2);
      if (!ada || !ben) throw new Error('nobody there');
      const starts = refusals(
        times(6).map((index) =>
          (index % 2 ? ada : ben).within(async (client) => {
            await client.query('select pg_sleep(random() * 0.004)');
            await client.query('select messaging.start_direct($1)', [index % 2 ? ben.id : ada.id]);
            await client.query('select pg_sleep(random() * 0.004)');
          }),
        ),
      );
      await sleep(Math.random() * 8);
      await ada.read('select social.block($1)', [ben.id]);
      const begun = async () =>
        (
          await scene.db.query('select from messaging.conversations where user_low in ($1, $2)', [
            ada.id,
            ben.id,
          ])
        ).rowCount;
      const atBlock = await begun();
      const refused = await starts;
      expect(await begun()).toBe(atBlock);
      if (atBlock === 0) expect(refused).toHaveLength(6);
    }
  });
});

describe('a key', () => {
  // Red without the lock on the key in core.recall.
  it('makes one message of many sends at once', async () => {
    const [ada, ben, id] = await scene.pair();
    for (const round of times(5)) {
      const sent = await Promise.all(times(12).map(() => send(ada, id, 'Once', { key: `k${round}` })));
      expect(new Set(sent.map((message) => message.id)).size).toBe(1);
    }
    expect(await unread(ben, id)).toBe(5);
  });

  it('makes one group of many starts at once', async () => {
    const owner = await scene.person();
    const others = await scene.people(2);
    await scene.befriend(owner, ...others);
    const started = await Promise.all(
      times(10).map(() =>
        owner.call<Conversation>('start_group', { user_ids: others.map((other) => other.id), key: 'k' }),
      ),
    );
    expect(new Set(started.map(({ id }) => id)).size).toBe(1);
  });
});

describe('a limit', () => {
  // Red without the advisory lock in check_pace.
  it('on the pace holds when one person sends to many conversations at once', async () => {
    await scene.setting('messages.pace_limit', 5);
    try {
      for (const _ of times(3)) {
        const ada = await scene.person();
        const conversations = await Promise.all(
          (await scene.people(6)).map(
            async (other) => (await ada.call<Conversation>('start_direct', { user_id: other.id })).id,
          ),
        );
        const refused = await refusals(
          times(24).map((index) => sendSlowly(ada, conversations[index % 6] ?? '', 'Quick')),
        );
        expect(refused).toEqual(Array(19).fill('message.too_fast'));
      }
    } finally {
      await scene.setting('messages.pace_limit', 1_000_000);
    }
  });

  // Red without the lock on the message in lock_message.
  it('on different emoji holds when all come at once', async () => {
    await scene.setting('messages.reaction_limit', 3);
    try {
      for (const _ of times(5)) {
        // In a group: in a conversation of two, the lock on the pair would do as well.
        const [ada, others, id] = await scene.group(5);
        const message = await send(ada, id, 'News');
        const refused = await refusals(
          [...'👍🎉😮🐢🐙🦊🐝🦉🐳🌵'].map((emoji, index) =>
            (others[index % 4] ?? ada).call('react', { conversation_id: id, message_id: message.id, emoji }),
          ),
        );
        expect(refused).toEqual(Array(7).fill('message.reaction_limit'));
      }
    } finally {
      await scene.setting('messages.reaction_limit', 20);
    }
  });

  // Red without the lock on the conversation in lock_conversation.
  it('on the size of a group holds when people are added at once', async () => {
    await scene.setting('messages.group_size', 6);
    try {
      const [owner, , id] = await scene.group(3);
      const friends = await scene.people(8);
      await scene.befriend(owner, ...friends);
      const refused = await refusals(
        friends.map((friend) =>
          owner.call('add_participants', { conversation_id: id, user_ids: [friend.id] }),
        ),
      );
      expect(refused).toEqual(Array(5).fill('conversation.size_invalid'));
    } finally {
      await scene.setting('messages.group_size', 50);
    }
  });
});

describe('a group', () => {
  it('always has one owner who is in it, while owners leave, hand over and are removed', async () => {
    for (const _ of times(6)) {
      const [owner, others, id] = await scene.group(8);
      const everybody = [owner, ...others];
      const one = { conversation_id: id };
      const refused = await refusals(
        everybody.flatMap((person, index) => [
          person.call('transfer_owner', { ...one, user_id: everybody[(index + 1) % 8]?.id }),
          person.call('remove_participant', { ...one, user_id: everybody[(index + 3) % 8]?.id }),
          ...(index % 2 ? [person.call('leave', one)] : []),
        ]),
      );
      expect(
        refused.filter(
          (reason) =>
            !['conversation.unknown', 'conversation.not_owner', 'conversation.not_participant'].includes(
              reason,
            ),
        ),
      ).toEqual([]);
      const { rows } = await scene.db.query(
        `select
           count(*) filter (where participant.left_at is null) > 0 as has_people,
           count(*) filter (where participant.role = 'owner')::int as owners,
           bool_or(participant.user_id = conversation.owner_id and participant.role = 'owner' and participant.left_at is null) as agrees
         from messaging.conversations as conversation
         join messaging.conversation_participants as participant on participant.conversation_id = conversation.id
         where conversation.id = $1`,
        [id],
      );
      expect(rows[0]?.['has_people'] ? rows : [{ ...rows[0], owners: 1 }]).toMatchObject([{ owners: 1 }]);
      if (rows[0]?.['has_people']) expect(rows[0]['agrees']).toBe(true);
    }
  });

  it('is empty and without an owner when all leave at once', async () => {
    const [owner, others, id] = await scene.group(8);
    expect(
      await refusals([owner, ...others].map((person) => person.call('leave', { conversation_id: id }))),
    ).toEqual([]);
    const { rows } = await scene.db.query(
      `select owner_id, last_seq, (
         select count(*)::int from messaging.conversation_participants as p where p.conversation_id = c.id and p.left_at is null
       ) as people
       from messaging.conversations as c where id = $1`,
      [id],
    );
    expect(rows).toEqual([{ owner_id: null, last_seq: '9', people: 0 }]);
  });

  // Red when lock_conversation does not ask again after it has the lock.
  it('hears nothing more of somebody once their removal has committed', async () => {
    for (const _ of times(8)) {
      const [owner, [friend], id] = await scene.group(3);
      if (!friend) throw new Error('nobody there');
      const sends = refusals(times(8).map(() => sendSlowly(friend, id, 'Hello')));
      await sleep(Math.random() * 10);
      await owner.call('remove_participant', { conversation_id: id, user_id: friend.id });
      const said = async () =>
        (
          await scene.db.query(
            'select from messaging.messages where conversation_id = $1 and sender_id = $2',
            [id, friend.id],
          )
        ).rowCount;
      const atRemoval = await said();
      const refused = await sends;
      expect(await said()).toBe(atRemoval);
      expect(refused.every((reason) => reason === 'conversation.unknown')).toBe(true);
    }
  });
});

describe('a message', () => {
  it('is deleted once and restored once, whoever tries how often at once', async () => {
    const [ada, , id] = await scene.pair();
    for (const _ of times(5)) {
      const message = await send(ada, id, 'Regretted');
      const key = { conversation_id: id, message_id: message.id };
      expect(await refusals(times(6).map(() => ada.call('delete_message', key)))).toEqual(
        Array(5).fill('message.already_deleted'),
      );
      expect(await refusals(times(6).map(() => ada.call('restore_message', key)))).toEqual(
        Array(5).fill('message.not_deleted'),
      );
      const { rows } = await scene.db.query(
        `select content, (select count(*)::int from messaging.removed_texts where message_id = $1) as removed
         from messaging.messages where id = $1`,
        [message.id],
      );
      expect(rows).toEqual([{ content: 'Regretted', removed: 0 }]);
    }
  });
});
