import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Collection,
  outcomes,
  type Person,
  type Request,
  type Scene,
  scene,
  type Torrent,
} from './catalogue_scene.ts';

/** Each test names what it falls without. */
let world: Scene;
let people: Person[];
let moderators: Person[];
let category: number;
let torrent: Torrent;
beforeAll(async () => {
  world = await scene();
  [people, moderators] = [await world.people(6), await world.people(2, 'moderator')];
  category = await world.category();
  torrent = await world.listed(at(people, 0), category, at(moderators, 0));
});

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing there');
  return item;
}

/** The same sequence in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * What is in the ledger and what is held must be what was put in from outside: bounties only move points. And nobody's
 * balance is anything but the sum of their movements.
 */
async function imbalance(): Promise<unknown[]> {
  const { rows } = await world.db.query(
    `select 'points appear or vanish' as fault, null::uuid as id, moved.total + held.total - given.total as amount
     from
       (select coalesce(sum(amount), 0) as total from tracker.bonus_transactions) as moved,
       (select coalesce(sum(total_bounty), 0) as total from tracker.requests where status in ('pending', 'fill_proposed')) as held,
       (select coalesce(sum(amount), 0) as total from tracker.bonus_transactions
        where kind not in ('bounty_escrow', 'bounty_payout', 'bounty_refund')) as given
     where moved.total + held.total <> given.total
     union all
     select 'a request', request.id, sum(entry.amount) + case when request.status in ('pending', 'fill_proposed') then request.total_bounty else 0 end
     from tracker.requests as request
     join tracker.bonus_transactions as entry
       on entry.request_id = request.id and entry.kind in ('bounty_escrow', 'bounty_payout', 'bounty_refund')
     group by request.id
     having sum(entry.amount) + case when request.status in ('pending', 'fill_proposed') then request.total_bounty else 0 end <> 0
     union all
     select 'the sum of a request', request.id, request.total_bounty - sum(bounty.amount) filter (where bounty.refund_transaction_id is null)
     from tracker.requests as request
     join tracker.request_bounties as bounty on bounty.request_id = request.id
     group by request.id
     having request.total_bounty <> coalesce(sum(bounty.amount) filter (where bounty.refund_transaction_id is null), 0)
     union all
     select 'a balance', held.user_id, held.seedbonus - coalesce(sum(entry.amount), 0)
     from tracker.user_statistics as held
     left join tracker.bonus_transactions as entry on entry.user_id = held.user_id
     group by held.user_id
     having held.seedbonus <> coalesce(sum(entry.amount), 0)
     union all
     select 'a contribution given back twice', bounty.id, count(*)
     from tracker.request_bounties as bounty
     join tracker.bonus_transactions as entry
       on entry.user_id = bounty.user_id and entry.request_id = bounty.request_id and entry.kind = 'bounty_refund' and entry.amount = bounty.amount
     group by bounty.id, bounty.request_id, bounty.user_id
     having count(*) > (
       select count(*) from tracker.request_bounties as same
       where same.request_id = bounty.request_id and same.user_id = bounty.user_id and same.amount = bounty.amount
     )`,
  );
  return rows;
}

const propose = (by: Person, request: Request, what: Torrent = torrent) =>
  by.call<Request>('propose_fill', { request_id: request.id, torrent_id: what.id });

async function funded(bounty = 100): Promise<Request> {
  await world.give(at(people, 1), bounty);
  return world.request(at(people, 1), category, bounty);
}

describe('the points of a request', () => {
  it('balance to zero after each step of its life', async () => {
    for (const end of ['confirm_fill', 'cancel_request', 'expire'] as const) {
      for (const person of people) await world.give(person, 500);
      expect(await imbalance()).toEqual([]);
      const request = await world.request(at(people, 1), category, 120);
      expect(await imbalance()).toEqual([]);
      for (const person of people.slice(2)) {
        await person.call('add_bounty', { request_id: request.id, amount: 33.3333 });
        expect(await imbalance()).toEqual([]);
      }
      if (end === 'expire') {
        await world.db.query('update tracker.requests set expires_at = now() where id = $1', [request.id]);
        await world.db.query('select tracker.expire_requests(clock_timestamp())');
      } else if (end === 'cancel_request') {
        await at(people, 1).call(end, { request_id: request.id });
      } else {
        await propose(at(people, 0), request);
        expect(await imbalance()).toEqual([]);
        await at(people, 1).call(end, { request_id: request.id });
      }
      expect(await imbalance()).toEqual([]);
    }
  });

  // The lock of the totals in tracker.post_bonus: without it both read the same balance.
  it('are spent once by two requests at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const spender = await world.person();
      await world.give(spender, 150);
      const seen = await outcomes([
        world.request(spender, category, 100),
        world.request(spender, category, 100),
      ]);
      expect(seen.sort()).toEqual(['done', 'tracker.insufficient_points']);
      expect(await world.points(spender)).toBe(50);
    }
    expect(await imbalance()).toEqual([]);
  });

  // The lock of the request in tracker.locked_request, and the state that is read after it: without it the bounty is
  // paid and given back.
  it('go one way when it is confirmed and cancelled at once', async () => {
    for (const order of [0, 1]) {
      const request = await funded();
      await at(people, 2)
        .call('add_bounty', { request_id: request.id, amount: 10 })
        .catch(() => undefined);
      await propose(at(people, 0), request);
      const [asker, moderator] = [at(people, 1), at(moderators, 0)];
      const seen =
        order === 0
          ? await world.behind(asker, 'stoa_member', `select tracker.confirm_fill('${request.id}')`, [
              () => moderator.call('cancel_request', { request_id: request.id }),
            ])
          : await world.behind(
              moderator,
              'stoa_moderator',
              `select tracker.cancel_request('${request.id}')`,
              [() => asker.call('confirm_fill', { request_id: request.id })],
            );
      expect(seen).toEqual(['request.closed']);
      expect((await world.requestNow(request.id)).status).toBe(order === 0 ? 'filled' : 'cancelled');
      expect(await imbalance()).toEqual([]);
    }
  });

  // The same lock, and the one that tracker.expire_requests and tracker.confirm_due_fills take with SKIP LOCKED.
  it('are paid once by a confirmation and two workers at once', async () => {
    for (let round = 0; round < 6; round += 1) {
      const request = await funded();
      await propose(at(people, 0), request);
      await world.db.query(
        `update tracker.requests set filled_at = now() - interval '80 hours' where id = $1`,
        [request.id],
      );
      await Promise.all([
        outcomes([at(people, 1).call('confirm_fill', { request_id: request.id })]),
        world.db.query('select tracker.confirm_due_fills()'),
        world.db.query('select tracker.confirm_due_fills()'),
      ]);
      expect((await world.requestNow(request.id)).status).toBe('filled');
      expect(await imbalance()).toEqual([]);
    }
  });

  it('are given back once by a cancellation and two workers at once', async () => {
    for (let round = 0; round < 6; round += 1) {
      const request = await funded();
      await world.give(at(people, 2), 20);
      await at(people, 2).call('add_bounty', { request_id: request.id, amount: 20 });
      await world.db.query('update tracker.requests set expires_at = now() where id = $1', [request.id]);
      const points = await world.points(at(people, 2));
      await Promise.all([
        outcomes([at(people, 1).call('cancel_request', { request_id: request.id })]),
        world.db.query('select tracker.expire_requests(clock_timestamp())'),
        world.db.query('select tracker.expire_requests(clock_timestamp())'),
      ]);
      expect(await world.points(at(people, 2))).toBe(points + 20);
      expect(await imbalance()).toEqual([]);
    }
  });

  // tracker.open_request: a contribution that waited for the lock reads that the request is closed.
  it('are not taken for a request that is cancelled meanwhile', async () => {
    const request = await funded();
    const giver = at(people, 3);
    await world.give(giver, 50);
    const points = await world.points(giver);
    const seen = await world.behind(
      at(people, 1),
      'stoa_member',
      `select tracker.cancel_request('${request.id}')`,
      [() => giver.call('add_bounty', { request_id: request.id, amount: 50 })],
    );
    expect(seen).toEqual(['request.closed']);
    expect(await world.points(giver)).toBe(points);
    expect(await imbalance()).toEqual([]);
  });

  // Refunds go by person, as everything does that locks the totals of several people: no two of them wait in a circle.
  it('go back to many contributors of many requests at once', async () => {
    for (const person of people) await world.give(person, 2000);
    const requests: Request[] = [];
    for (let index = 0; index < 4; index += 1) {
      const request = await world.request(at(people, index), category, 100);
      requests.push(request);
      await Promise.all(
        people.map((person) => person.call('add_bounty', { request_id: request.id, amount: 10 })),
      );
    }
    const seen = await outcomes(
      requests.map((request, index) => at(people, index).call('cancel_request', { request_id: request.id })),
    );
    expect(seen).toEqual(['done', 'done', 'done', 'done']);
    expect(await imbalance()).toEqual([]);
  });

  it('balance whatever everybody does at once', async () => {
    for (const person of people) await world.give(person, 5000);
    const known = new Set([
      'done',
      'request.closed',
      'request.fill_proposed',
      'request.nothing_proposed',
      'request.not_requester',
      'request.own_fill',
      'tracker.insufficient_points',
    ]);
    const open: Request[] = [];
    for (const person of people) open.push(await world.request(person, category, 100));
    const surprises: string[] = [];
    await Promise.all(
      [...people, ...moderators].map(async (person, index) => {
        const chance = random(index + 11);
        for (let step = 0; step < 14; step += 1) {
          const request = at(open, Math.floor(chance() * open.length));
          const id = { request_id: request.id };
          const dice = chance();
          const work =
            dice < 0.35
              ? person.call('add_bounty', { ...id, amount: 10 + Math.floor(chance() * 20) })
              : dice < 0.6
                ? propose(person, request)
                : dice < 0.7
                  ? person.call('confirm_fill', id)
                  : dice < 0.9
                    ? person.call('reject_fill', { ...id, reason: 'No' })
                    : person.call('cancel_request', id);
          for (const outcome of await outcomes([work])) if (!known.has(outcome)) surprises.push(outcome);
        }
      }),
    );
    expect(surprises).toEqual([]);
    expect(await imbalance()).toEqual([]);
  });
});

describe('two fills at once', () => {
  // tracker.open_request under the lock of the request: the second sees the first.
  it('of one request leave one proposal', async () => {
    const request = await funded();
    const seen = await world.behind(
      at(people, 2),
      'stoa_member',
      `select tracker.propose_fill('${request.id}', '${torrent.id}')`,
      [() => propose(at(people, 3), request), () => propose(at(people, 4), request)],
    );
    expect(seen).toEqual(['request.fill_proposed', 'request.fill_proposed']);
    expect((await world.requestNow(request.id)).filled_by).toBe(at(people, 2).id);
  });
});

describe('one torrent uploaded by several at once', () => {
  const metainfoOf = (changes: Record<string, unknown> = {}) => JSON.stringify(world.metainfo(changes));
  const call = (metainfo: string) =>
    `select tracker.upload_torrent('${metainfo}'::jsonb, ${category}, 'The same')`;

  // The key torrents_info_hash_key: the others wait for the first at the index, and then are told.
  it('is there once', async () => {
    const metainfo = metainfoOf();
    const seen = await world.behind(at(people, 0), 'stoa_member', call(metainfo), [
      () => world.upload(at(people, 1), category, { metainfo }),
      () => world.upload(at(people, 2), category, { metainfo }),
    ]);
    expect(seen).toEqual(['torrent.duplicate', 'torrent.duplicate']);
  });

  // The key torrents_info_hash_v2_key, and the check that puts the identity of version 2 into both columns.
  it('is there once, as a hybrid or of version 2 alone', async () => {
    const v2 = 'c3'.repeat(32);
    const seen = await world.behind(at(people, 0), 'stoa_member', call(metainfoOf({ info_hash: v2 })), [
      () => world.upload(at(people, 1), category, { metainfo: metainfoOf({ info_hash_v2: v2 }) }),
    ]);
    expect(seen).toEqual(['torrent.duplicate']);
  });

  // The key of core.recall.
  it('by one person with one key is answered with the same torrent', async () => {
    const metainfo = metainfoOf();
    const made = await Promise.all(
      [0, 1, 2].map(() => world.upload(at(people, 0), category, { metainfo, name: 'Same', key: 'retry' })),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  });
});

describe('decisions about one torrent at once', () => {
  // The lock in tracker.locked_torrent: without it both find it waiting, and the bonus key is all that is left.
  it('are made once', async () => {
    const waiting = await world.upload(at(people, 0), category);
    const seen = await world.behind(
      at(moderators, 0),
      'stoa_moderator',
      `select tracker.approve_torrent('${waiting.id}')`,
      [
        () => at(moderators, 1).call('approve_torrent', { torrent_id: waiting.id }),
        () => at(moderators, 1).call('reject_torrent', { torrent_id: waiting.id, reason: 'No' }),
      ],
    );
    expect(seen).toEqual(['torrent.not_waiting', 'torrent.not_waiting']);
    const { rows } = await world.db.query(
      `select action from tracker.torrent_moderation where torrent_id = $1 order by id`,
      [waiting.id],
    );
    expect(rows).toEqual([{ action: 'submitted' }, { action: 'approved' }]);
  });
});

describe('tags at once', () => {
  async function drift(): Promise<unknown[]> {
    const { rows } = await world.db.query(
      `select 'score' as what, worn.torrent_id as id, worn.score as cached, coalesce(sum(vote.value), 0)::int as counted
       from tracker.torrent_tag_assignments as worn
       left join tracker.torrent_tag_votes as vote on vote.torrent_id = worn.torrent_id and vote.tag_id = worn.tag_id
       group by worn.torrent_id, worn.tag_id having worn.score <> coalesce(sum(vote.value), 0)
       union all
       select 'usage', tag.id, tag.usage_count, count(worn.torrent_id)::int
       from tracker.tags as tag left join tracker.torrent_tag_assignments as worn on worn.tag_id = tag.id
       group by tag.id having tag.usage_count <> count(worn.torrent_id)`,
    );
    return rows;
  }

  // The lock of the assignment in tracker.vote_tag; without it a vote that waits for the counter votes on what fell off.
  it('are voted down together and fall off once', async () => {
    await world.during('tracker.tag_removal_score', '-3', async () => {
      for (let round = 0; round < 4; round += 1) {
        const { tag_id } = await at(people, 0).call('tag_torrent', {
          torrent_id: torrent.id,
          tag: `wrong-${round}`,
        });
        const seen = await outcomes(
          people.map((person) => person.call('vote_tag', { torrent_id: torrent.id, tag_id, value: -1 })),
        );
        expect(seen.sort()).toEqual(['done', 'done', 'done', 'tag.unknown', 'tag.unknown', 'tag.unknown']);
      }
    });
    expect(await drift()).toEqual([]);
  });

  // The unique key of tags, and names in one order in tracker.put_tags.
  it('are made once when several put them on torrents in different orders', async () => {
    const names = ['zulu', 'alpha', 'mike', 'kilo'];
    const made = await Promise.all(
      people.map((person, index) =>
        world.upload(person, category, { tags: index % 2 === 0 ? names : [...names].reverse() }),
      ),
    );
    expect(made).toHaveLength(people.length);
    const { rows } = await world.db.query<{ name: string; usage_count: number }>(
      'select name, usage_count from tracker.tags where name = any ($1) order by name',
      [names],
    );
    expect(rows).toEqual([...names].sort().map((name) => ({ name, usage_count: people.length })));
  });

  // Names in one order in tracker.put_tags: otherwise the two wait for each other's new tag, and one is killed.
  it('that are new are made by two in different orders without a circle', async () => {
    const seen = await world.behind(
      at(people, 0),
      'stoa_member',
      `select tracker.tag_torrent('${torrent.id}', 'order-a')`,
      [() => world.upload(at(people, 1), category, { tags: ['order-z', 'order-a'] })],
      `select tracker.tag_torrent('${torrent.id}', 'order-z')`,
    );
    expect(seen).toEqual(['done']);
    expect(await drift()).toEqual([]);
  });

  // The key-share lock of the tag in tracker.vote_tag: without it a merge takes the tag away with a vote that it did
  // not see.
  it('are merged after the votes that came before, with them', async () => {
    const { tag_id: from } = await at(people, 0).call('tag_torrent', {
      torrent_id: torrent.id,
      tag: 'early',
    });
    const { tag_id: into } = await at(people, 0).call('tag_torrent', { torrent_id: torrent.id, tag: 'late' });
    const seen = await world.behind(
      at(people, 2),
      'stoa_member',
      `select tracker.vote_tag('${torrent.id}', '${from}', 1)`,
      [() => at(moderators, 0).call('merge_tags', { from_id: from, into_id: into })],
    );
    expect(seen).toEqual(['done']);
    expect(
      await world.one(
        'select score from tracker.torrent_tag_assignments where torrent_id = $1 and tag_id = $2',
        [torrent.id, into],
      ),
    ).toEqual({ score: 1 });
  });

  // The key-share lock of the tag in tracker.vote_tag and tracker.put_tags against the whole lock in tracker.merge_tags.
  it('are merged while others vote on them, and no count drifts', async () => {
    const torrents = [torrent, await world.listed(at(people, 1), category, at(moderators, 0))];
    for (let round = 0; round < 4; round += 1) {
      const worn: { tag_id: string; torrent_id: string }[] = [];
      for (const on of torrents) {
        for (const name of [`old-${round}`, `new-${round}`]) {
          worn.push(await at(people, 0).call('tag_torrent', { torrent_id: on.id, tag: name }));
        }
      }
      const [from, into] = [at(worn, 0), at(worn, 1)];
      const seen = await outcomes([
        at(moderators, 0).call('merge_tags', { from_id: from.tag_id, into_id: into.tag_id }),
        ...people.map((person, index) => {
          const { tag_id, torrent_id } = at(worn, index);
          return person.call('vote_tag', { torrent_id, tag_id, value: index % 2 === 0 ? 1 : -1 });
        }),
      ]);
      expect(seen[0]).toBe('done');
      expect(new Set(seen.slice(1)).has('done')).toBe(true);
      for (const outcome of seen) expect(['done', 'tag.unknown']).toContain(outcome);
      expect(await drift()).toEqual([]);
    }
  });

  // The lock of the torrent in tracker.tag_torrent.
  it('stop at the limit of a torrent', async () => {
    const fresh = await world.listed(at(people, 0), category, at(moderators, 0));
    await world.during('tracker.tags_per_torrent', '2', async () => {
      const seen = await outcomes(
        people.map((person, index) =>
          person.call('tag_torrent', { torrent_id: fresh.id, tag: `limit-${index}` }),
        ),
      );
      expect(seen.filter((outcome) => outcome === 'done')).toHaveLength(2);
      expect(seen.filter((outcome) => outcome === 'tag.too_many')).toHaveLength(4);
    });
    expect(await drift()).toEqual([]);
  });
});

describe('counters of what many write to at once', () => {
  // Triggers add to what they find under the row lock: none is lost.
  it('are those of the rows', async () => {
    await world.give(at(people, 0), 100);
    const request = await world.request(at(people, 0), category, 100);
    const collage = await at(people, 0).call<Collection>('create_collection', {
      name: 'All',
      kind: 'collage',
    });
    const more: Torrent[] = [];
    for (let index = 0; index < 6; index += 1) {
      more.push(await world.listed(at(people, index), category, at(moderators, 0)));
    }
    await Promise.all(
      people.flatMap((person, index) => [
        person.call('vote_request', { request_id: request.id }),
        person.call('subscribe_collection', { collection_id: collage.id }),
        person.call('add_item', { collection_id: collage.id, torrent_id: at(more, index).id }),
        ...(['torrent', 'request', 'collection'] as const).map(async (type) => {
          const subject = { torrent: torrent.id, request: request.id, collection: collage.id }[type];
          const { id } = await person.call('comment', {
            subject_type: type,
            subject_id: subject,
            content: 'Well',
          });
          if (index % 3 === 0) await person.call('delete_comment', { comment_id: id });
        }),
      ]),
    );
    expect(await world.requestNow(request.id)).toMatchObject({ vote_count: 6, comment_count: 4 });
    expect(
      await world.one(
        'select item_count, subscriber_count, comment_count from tracker.collections where id = $1',
        [collage.id],
      ),
    ).toEqual({ item_count: 6, subscriber_count: 6, comment_count: 4 });
    const { rows } = await world.db.query<{ position: number }>(
      'select position from tracker.collection_items where collection_id = $1 order by position',
      [collage.id],
    );
    expect(rows.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(
      await world.one('select comment_count from tracker.torrent_statistics where torrent_id = $1', [
        torrent.id,
      ]),
    ).toEqual({ comment_count: 4 });
  });
});
