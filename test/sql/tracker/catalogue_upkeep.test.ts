import { beforeAll, describe, expect, it } from 'vitest';
import fillsConfirm from '../../../src/jobs/tasks/fills_confirm.ts';
import freeleechEnd from '../../../src/jobs/tasks/freeleech_end.ts';
import requestsExpire from '../../../src/jobs/tasks/requests_expire.ts';
import { type Collection, type Person, type Scene, scene, type Torrent } from './catalogue_scene.ts';

let world: Scene;
let uploader: Person;
let other: Person;
let moderator: Person;
let category: number;
beforeAll(async () => {
  world = await scene();
  [uploader, other, moderator] = [
    await world.person(),
    await world.person(),
    await world.person('moderator'),
  ];
  category = await world.category();
});

/** What the nightly job does, until nothing is left to do. */
async function runRule(name: string): Promise<number> {
  let total = 0;
  let after: unknown = null;
  do {
    const { rows } = await world.db.query<{ rows_affected: string; next_after: unknown }>(
      'select rows_affected, next_after from ops.run_retention($1, now(), $2)',
      [name, after === null ? null : JSON.stringify(after)],
    );
    total += Number(rows[0]?.rows_affected ?? 0);
    after = rows[0]?.next_after ?? null;
  } while (after !== null);
  return total;
}

const age = (table: string, id: string) =>
  world.db.query(`update tracker.${table} set deleted_at = now() - interval '31 days' where id = $1`, [id]);

describe('retention', () => {
  it('purges a deleted torrent after 30 days with what hangs on it; the ledger and the request stay', async () => {
    await world.give(other, 200);
    const torrent = await world.listed(uploader, category, moderator, { tags: ['purged'] });
    const request = await world.request(other, category, 100);
    await uploader.call('propose_fill', { request_id: request.id, torrent_id: torrent.id });
    await other.call('confirm_fill', { request_id: request.id });
    const list = await other.call<Collection>('create_collection', { name: 'List' });
    await other.call('add_item', { collection_id: list.id, torrent_id: torrent.id });
    await other.call('comment', { subject_type: 'torrent', subject_id: torrent.id, content: 'Thanks' });
    await moderator.call('delete_torrent', { torrent_id: torrent.id, reason: 'Gone' });
    expect(await runRule('tracker_torrents')).toBe(0);
    await age('torrents', torrent.id);
    expect(await runRule('tracker_torrents')).toBe(1);
    expect(await world.requestNow(request.id)).toMatchObject({ status: 'filled', filled_torrent_id: null });
    expect(await world.one('select item_count from tracker.collections where id = $1', [list.id])).toEqual({
      item_count: 0,
    });
    expect(await world.one(`select usage_count from tracker.tags where name = 'purged'`)).toEqual({
      usage_count: 0,
    });
    expect(
      await world.one(
        'select count(*)::int, count(torrent_id)::int as named from tracker.bonus_transactions where request_id = $1',
        [request.id],
      ),
    ).toEqual({ count: 2, named: 0 });
  });

  it('purges deleted comments and collections after 30 days', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    const comment = await other.call('comment', {
      subject_type: 'torrent',
      subject_id: torrent.id,
      content: 'x',
    });
    const list = await other.call<Collection>('create_collection', { name: 'List' });
    await other.call('add_item', { collection_id: list.id, torrent_id: torrent.id });
    await other.call('delete_comment', { comment_id: comment['id'] });
    await other.call('delete_collection', { collection_id: list.id });
    expect([await runRule('tracker_comments'), await runRule('tracker_collections')]).toEqual([0, 0]);
    await age('comments', comment['id']);
    await age('collections', list.id);
    expect([await runRule('tracker_comments'), await runRule('tracker_collections')]).toEqual([1, 1]);
    expect(
      await world.one('select comment_count from tracker.torrent_statistics where torrent_id = $1', [
        torrent.id,
      ]),
    ).toEqual({ comment_count: 0 });
  });

  it('purges private collections without an owner, and no others', async () => {
    const made = async (is_public: boolean) =>
      (await other.call<Collection>('create_collection', { name: 'L', is_public })).id;
    const ids = [await made(true), await made(false)];
    const kept = await made(false);
    await world.db.query('update tracker.collections set owner_id = null where id = any ($1)', [ids]);
    expect(await runRule('tracker_ownerless_collections')).toBe(1);
    const { rows } = await world.db.query(
      'select id from tracker.collections where id = any ($1) order by id',
      [[...ids, kept]],
    );
    expect(rows).toEqual([{ id: ids[0] }, { id: kept }]);
  });
});

describe('the nightly recount', () => {
  it('finds what drifted, corrects it, and writes it down', async () => {
    await world.give(other, 200);
    const torrent = await world.listed(uploader, category, moderator, { tags: ['counted'] });
    const request = await world.request(other, category, 150);
    await uploader.call('vote_request', { request_id: request.id });
    const list = await other.call<Collection>('create_collection', { name: 'List' });
    await other.call('add_item', { collection_id: list.id, torrent_id: torrent.id });
    await uploader.call('subscribe_collection', { collection_id: list.id });
    for (const [type, id] of [
      ['torrent', torrent.id],
      ['request', request.id],
      ['collection', list.id],
    ]) {
      await other.call('comment', { subject_type: type, subject_id: id, content: 'Well' });
    }
    const { tag_id: tagId } = await world.one<{ tag_id: string }>(
      'select tag_id from tracker.torrent_tag_assignments where torrent_id = $1',
      [torrent.id],
    );
    await other.call('vote_tag', { torrent_id: torrent.id, tag_id: tagId, value: 1 });

    const { rows: due } = await world.db.query<{ id: string }>(
      `select id from tracker.counters_due_for_repair(now() - interval '1 day') as due (id)`,
    );
    const ids = due.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([torrent.id, request.id, list.id, tagId]));
    const repair = async () =>
      (await world.one<{ n: number }>('select tracker.repair_counters($1) as n', [ids])).n;
    expect(await repair()).toBe(0);

    await world.db.query(`
      update tracker.requests set total_bounty = 1, vote_count = 7, comment_count = 7 where id = '${request.id}';
      update tracker.collections set item_count = 7, subscriber_count = 7, comment_count = 7 where id = '${list.id}';
      update tracker.torrent_statistics set comment_count = 7 where torrent_id = '${torrent.id}';
      update tracker.torrent_tag_assignments set score = 7 where torrent_id = '${torrent.id}';
      update tracker.tags set usage_count = 7 where id = '${tagId}'`);
    expect(await repair()).toBe(9);
    expect(await world.requestNow(request.id)).toMatchObject({
      total_bounty: '150.0000',
      vote_count: 1,
      comment_count: 1,
    });
    expect(
      await world.one(
        'select item_count, subscriber_count, comment_count from tracker.collections where id = $1',
        [list.id],
      ),
    ).toEqual({ item_count: 1, subscriber_count: 1, comment_count: 1 });
    const { rows } = await world.db.query<{ counter: string }>(
      `select counter from ops.counter_repairs where counter like 'tracker.%' order by counter`,
    );
    expect(rows.map(({ counter }) => counter)).toEqual([
      'tracker.collections.comment_count',
      'tracker.collections.item_count',
      'tracker.collections.subscriber_count',
      'tracker.requests.comment_count',
      'tracker.requests.total_bounty',
      'tracker.requests.vote_count',
      'tracker.tags.usage_count',
      'tracker.torrent_statistics.comment_count',
      'tracker.torrent_tag_assignments.score',
    ]);
    expect(await repair()).toBe(0);
  });
});

describe('a job', () => {
  /** A worker's connection, one statement a transaction. */
  const run = async (task: typeof requestsExpire): Promise<void> => {
    await task({}, {
      query: (text: string, values?: unknown[]) => world.db.query(text, values),
    } as unknown as Parameters<typeof requestsExpire>[1]);
  };

  it('ends every request whose time is over', async () => {
    await world.give(other, 1000);
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) ids.push((await world.request(other, category, 100)).id);
    await world.db.query('update tracker.requests set expires_at = now() where id = any ($1)', [
      ids.slice(0, 2),
    ]);
    await run(requestsExpire);
    expect(await Promise.all(ids.map(async (id) => (await world.requestNow(id)).status))).toEqual([
      'expired',
      'expired',
      'pending',
    ]);
  });

  it('accepts every fill that nobody answered', async () => {
    await world.give(other, 1000);
    const torrent = await world.listed(uploader, category, moderator);
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      const request = await world.request(other, category, 100);
      await uploader.call('propose_fill', { request_id: request.id, torrent_id: torrent.id });
      ids.push(request.id);
    }
    await world.db.query(
      `update tracker.requests set filled_at = now() - interval '73 hours' where id = any ($1)`,
      [ids.slice(0, 2)],
    );
    await run(fillsConfirm);
    expect(await Promise.all(ids.map(async (id) => (await world.requestNow(id)).status))).toEqual([
      'filled',
      'filled',
      'fill_proposed',
    ]);
  });

  it('ends free downloads', async () => {
    const torrent = await world.listed(uploader, category, moderator);
    await moderator.call<Torrent>('set_freeleech', { torrent_id: torrent.id });
    await world.db.query('update tracker.torrents set freeleech_until = now() where id = $1', [torrent.id]);
    await run(freeleechEnd);
    expect((await world.torrentNow(torrent.id)).is_freeleech).toBe(false);
  });
});
