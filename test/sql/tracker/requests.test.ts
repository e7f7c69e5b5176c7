import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Person, type Request, type Scene, scene, type Torrent } from './catalogue_scene.ts';

let world: Scene;
let asker: Person;
let giver: Person;
let filler: Person;
let moderator: Person;
let category: number;
let torrent: Torrent;
beforeAll(async () => {
  world = await scene();
  [asker, giver, filler, moderator] = [
    await world.person(),
    await world.person(),
    await world.person(),
    await world.person('moderator'),
  ];
  await world.db.query('update tracker.bonus_rules set is_active = false');
  category = await world.category();
  torrent = await world.listed(filler, category, moderator);
});
beforeEach(async () => {
  for (const person of [asker, giver, filler]) await world.give(person, 1000);
});

interface Totals {
  readonly bounty_spent: number;
  readonly bounty_earned: number;
}

async function totals(person: Person): Promise<Totals> {
  const row = await world.one<{ bounty_spent: string; bounty_earned: string }>(
    'select bounty_spent, bounty_earned from tracker.user_statistics where user_id = $1',
    [person.id],
  );
  return { bounty_spent: Number(row.bounty_spent), bounty_earned: Number(row.bounty_earned) };
}

/** So that what falls due in a test is its own. */
async function closeAll(): Promise<void> {
  const { rows } = await world.db.query<{ id: string }>(
    `select id from tracker.requests where status in ('pending', 'fill_proposed')`,
  );
  for (const { id } of rows) await moderator.call('cancel_request', { request_id: id });
}

const propose = (request: Request, by: Person = filler, what: Torrent = torrent): Promise<Request> =>
  by.call<Request>('propose_fill', { request_id: request.id, torrent_id: what.id });

describe('a request', () => {
  it('takes its bounty at once and holds it', async () => {
    const [points, before] = [await world.points(asker), await totals(asker)];
    const request = await world.request(asker, category, 150.5, { description: 'Lossless, please' });
    expect(request).toMatchObject({ status: 'pending', total_bounty: '150.5000' });
    expect(await world.points(asker)).toBe(points - 150.5);
    expect((await totals(asker)).bounty_spent).toBe(before.bounty_spent + 150.5);
    expect(
      await world.one(
        `select entry.kind, entry.amount, entry.request_id, bounty.is_initial
         from tracker.request_bounties as bounty
         join tracker.bonus_transactions as entry
           on entry.user_id = bounty.user_id and entry.id = bounty.debit_transaction_id
         where bounty.request_id = $1`,
        [request.id],
      ),
    ).toEqual({ kind: 'bounty_escrow', amount: '-150.5000', request_id: request.id, is_initial: true });
  });

  it('with a key is made and paid once', async () => {
    const points = await world.points(asker);
    const args = { category_id: category, title: 'Once', bounty: 100, key: 'a' };
    const first = await asker.call<Request>('create_request', args);
    expect((await asker.call<Request>('create_request', args)).id).toBe(first.id);
    expect(await world.points(asker)).toBe(points - 100);
  });

  it.each([
    [99.9999, 'request.amount_invalid'],
    [100.00001, 'request.amount_invalid'],
    ['NaN', 'request.amount_invalid'],
    ['Infinity', 'request.amount_invalid'],
    [-100, 'request.amount_invalid'],
    [null, 'request.amount_invalid'],
    [999_999_999, 'tracker.insufficient_points'],
  ])('with a bounty of %s is refused, and takes nothing', async (bounty, reason) => {
    const points = await world.points(asker);
    expect(
      await reasonOf(asker.call('create_request', { category_id: category, title: 'Wanted', bounty })),
    ).toBe(reason);
    expect(await world.points(asker)).toBe(points);
  });

  it('has a title, a category in use, and an end that is near enough', async () => {
    const make = (more: Record<string, unknown>) =>
      reasonOf(asker.call('create_request', { category_id: category, title: 'T', bounty: 100, ...more }));
    expect(await make({ title: ' ' })).toBe('input.empty');
    expect(await make({ category_id: 99_999 })).toBe('torrent_category.unknown');
    expect(await make({ expires_at: new Date() })).toBe('request.expiry_invalid');
    expect(await make({ expires_at: 'infinity' })).toBe('request.expiry_invalid');
  });

  it('is edited by who asked, until it is filled', async () => {
    const request = await world.request(asker, category, 100);
    const edit = (by: Person, patch: Record<string, unknown>) =>
      by.call('edit_request', { request_id: request.id, patch });
    expect(await edit(asker, { title: 'Better', description: 'More' })).toMatchObject({ title: 'Better' });
    expect(await reasonOf(edit(giver, { title: 'Mine' }))).toBe('request.not_requester');
    await edit(moderator, { title: 'Decent' });
    expect(await world.auditOf(request.id)).toEqual(['edit_request']);
    await propose(request);
    expect(await reasonOf(edit(asker, { title: 'Late' }))).toBe('request.fill_proposed');
  });

  it('is wanted by others, each once', async () => {
    const request = await world.request(asker, category, 100);
    const vote = (by: Person) => by.call<Request>('vote_request', { request_id: request.id });
    await vote(giver);
    expect((await vote(giver)).vote_count).toBe(1);
    expect((await vote(filler)).vote_count).toBe(2);
    expect((await giver.call<Request>('unvote_request', { request_id: request.id })).vote_count).toBe(1);
    expect((await giver.call<Request>('unvote_request', { request_id: request.id })).vote_count).toBe(1);
    await asker.call('cancel_request', { request_id: request.id });
    expect(await reasonOf(vote(giver))).toBe('request.closed');
  });

  it('is not for somebody who is barred from the tracker', async () => {
    const barred = await world.person();
    await world.give(barred, 500);
    const request = await world.request(asker, category, 100);
    await world.db.query(`insert into core.user_restrictions values ($1, 'tracker', 'infinity')`, [
      barred.id,
    ]);
    for (const refused of [
      () => world.request(barred, category, 100),
      () => barred.call('add_bounty', { request_id: request.id, amount: 10 }),
      () => barred.call('vote_request', { request_id: request.id }),
      () => propose(request, barred),
      () => barred.call('download_torrent', { torrent_id: torrent.id }),
      () => barred.call('tag_torrent', { torrent_id: torrent.id, tag: 'x' }),
      () => barred.call('comment', { subject_type: 'torrent', subject_id: torrent.id, content: 'x' }),
      () => barred.call('create_collection', { name: 'x' }),
    ]) {
      expect(await reasonOf(refused())).toBe('account.activity_barred');
    }
  });
});

describe('the open requests', () => {
  it('are listed by bounty, by votes, or by age, page by page, without those that are closed', async () => {
    await closeAll();
    const parent = await world.category();
    const child = await world.category(undefined, parent);
    const made: Request[] = [];
    for (const bounty of [100, 300.25, 300.25]) made.push(await world.request(asker, child, bounty));
    await world.request(asker, category, 200);
    const [low, high, same] = made.map(({ id }) => id);
    await giver.call('vote_request', { request_id: low });
    const list = async (args: Record<string, unknown> = {}) =>
      (await giver.list<Request>('open_requests', { category_id: parent, ...args })).map(({ id }) => id);
    expect(await list()).toEqual([same, high, low]);
    expect(await list({ sort: 'votes' })).toEqual([low, same, high]);
    expect(await list({ sort: 'newest' })).toEqual([same, high, low]);
    expect(await list({ after: `300.2500:${same}`, first: 1 })).toEqual([high]);
    expect(await list({ after: `300.2500:${high}` })).toEqual([low]);
    expect(await list({ sort: 'votes', after: `1:${low}` })).toEqual([same, high]);
    expect(await list({ sort: 'newest', after: same })).toEqual([high, low]);
    expect(await giver.list('open_requests')).toHaveLength(4);
    expect(await reasonOf(list({ sort: 'best' }))).toBe('request.sort_unknown');
    expect(await reasonOf(list({ after: same }))).toBe('torrent.cursor_malformed');
    expect(await reasonOf(list({ sort: 'votes', after: `1.5:${same}` }))).toBe('torrent.cursor_malformed');
    expect(await reasonOf(list({ category_id: 99_999 }))).toBe('torrent_category.unknown');
  });
});

describe('a contribution', () => {
  it('adds to the bounty, with a key once, and is told to who asked', async () => {
    const request = await world.request(asker, category, 100);
    const points = await world.points(giver);
    const add = (amount: number, key?: string) =>
      giver.call<Request>('add_bounty', { request_id: request.id, amount, ...(key ? { key } : {}) });
    expect((await add(20)).total_bounty).toBe('120.0000');
    expect((await add(30, 'b')).total_bounty).toBe('150.0000');
    expect((await add(30, 'b')).total_bounty).toBe('150.0000');
    expect(await world.points(giver)).toBe(points - 50);
    expect(await world.bell(asker)).toContain('Somebody added to the bounty of Wanted');
    expect(await reasonOf(add(9))).toBe('request.amount_invalid');
    expect(await reasonOf(add(100_000))).toBe('tracker.insufficient_points');
  });

  it('comes too late once a fill is proposed, or the time is over', async () => {
    const request = await world.request(asker, category, 100);
    await propose(request);
    const add = () => giver.call('add_bounty', { request_id: request.id, amount: 10 });
    expect(await reasonOf(add())).toBe('request.fill_proposed');
    const lapsed = await world.request(asker, category, 100);
    await world.db.query('update tracker.requests set expires_at = now() where id = $1', [lapsed.id]);
    expect(await reasonOf(giver.call('add_bounty', { request_id: lapsed.id, amount: 10 }))).toBe(
      'request.closed',
    );
    expect(
      await reasonOf(
        giver.call('add_bounty', { request_id: '00000000-0000-7000-8000-000000000000', amount: 10 }),
      ),
    ).toBe('request.unknown');
  });
});

describe('a fill', () => {
  it('is paid in one sum when who asked confirms it; what was spent stays spent', async () => {
    const request = await world.request(asker, category, 100);
    await giver.call('add_bounty', { request_id: request.id, amount: 50 });
    const [before, asked, gave, points] = [
      await totals(filler),
      await totals(asker),
      await totals(giver),
      await world.points(filler),
    ];
    expect(await propose(request)).toMatchObject({
      status: 'fill_proposed',
      filled_by: filler.id,
      filled_torrent_id: torrent.id,
    });
    expect(await world.points(filler)).toBe(points);
    expect(await asker.call<Request>('confirm_fill', { request_id: request.id })).toMatchObject({
      status: 'filled',
      total_bounty: '150.0000',
    });
    expect(await world.points(filler)).toBe(points + 150);
    expect((await totals(filler)).bounty_earned).toBe(before.bounty_earned + 150);
    expect([await totals(asker), await totals(giver)]).toEqual([asked, gave]);
    const { rows } = await world.db.query(
      `select kind, amount from tracker.bonus_transactions where request_id = $1 and kind = 'bounty_payout'`,
      [request.id],
    );
    expect(rows).toEqual([{ kind: 'bounty_payout', amount: '150.0000' }]);
    expect(await world.bell(filler)).toContain('Your fill was accepted: Wanted');
    expect(await reasonOf(asker.call('confirm_fill', { request_id: request.id }))).toBe('request.closed');
    expect(await reasonOf(asker.call('cancel_request', { request_id: request.id }))).toBe('request.closed');
    expect(
      await world.one(
        'select requests_filled > 0 as filled from tracker.user_statistics where user_id = $1',
        [filler.id],
      ),
    ).toEqual({ filled: true });
  });

  it('earns the bonus for fills, once for a torrent', async () => {
    await world.db.query(
      `insert into tracker.bonus_rules (name, event, amount, period) values ('Fill', 'request_filled', 7, 'once')`,
    );
    const points = await world.points(filler);
    for (let round = 0; round < 2; round += 1) {
      const request = await world.request(asker, category, 100);
      await propose(request);
      await asker.call('confirm_fill', { request_id: request.id });
    }
    expect(await world.points(filler)).toBe(points + 200 + 7);
    await world.db.query('update tracker.bonus_rules set is_active = false');
  });

  it('is a listed torrent of the category of the request, or one under it', async () => {
    const [parent, elsewhere] = [await world.category(), await world.category()];
    const child = await world.category(undefined, parent);
    const request = await world.request(asker, parent, 100);
    expect(await reasonOf(propose(request))).toBe('request.category_mismatch');
    const waiting = await world.upload(filler, child);
    expect(await reasonOf(propose(request, filler, waiting))).toBe('torrent.unknown');
    await moderator.call('approve_torrent', { torrent_id: waiting.id });
    await moderator.call('deactivate_torrent', { torrent_id: waiting.id, reason: 'x' });
    expect(await reasonOf(propose(request, filler, waiting))).toBe('torrent.unknown');
    await moderator.call('reactivate_torrent', { torrent_id: waiting.id });
    expect((await propose(request, filler, waiting)).status).toBe('fill_proposed');
    expect(await reasonOf(propose(request, giver, waiting))).toBe('request.fill_proposed');
    expect(elsewhere).not.toBe(child);
  });

  it('is not confirmed by strangers, nor by who proposed it, nor where nothing is proposed', async () => {
    const request = await world.request(asker, category, 100);
    const confirm = (by: Person) => reasonOf(by.call('confirm_fill', { request_id: request.id }));
    expect(await confirm(asker)).toBe('request.nothing_proposed');
    await propose(request, moderator);
    expect(await confirm(giver)).toBe('request.not_requester');
    expect(await confirm(moderator)).toBe('request.own_fill');
    await moderator.call('reject_fill', { request_id: request.id, reason: 'Mine after all' });
    await propose(request, asker);
    expect(await confirm(asker)).toBe('request.own_fill');
    await moderator.call('confirm_fill', { request_id: request.id });
    expect(await world.auditOf(request.id)).toEqual(['reject_fill', 'confirm_fill']);
  });

  it('that is rejected is answered with a reason, and the request waits again', async () => {
    const request = await world.request(asker, category, 100);
    await propose(request);
    expect(await reasonOf(asker.call('reject_fill', { request_id: request.id, reason: ' ' }))).toBe(
      'input.empty',
    );
    expect(
      await asker.call<Request>('reject_fill', { request_id: request.id, reason: 'Wrong edition' }),
    ).toMatchObject({
      status: 'pending',
      filled_by: null,
      filled_torrent_id: null,
    });
    expect(await world.bell(filler)).toContain('Your fill was rejected: Wanted');
    expect((await propose(request)).status).toBe('fill_proposed');
  });

  it('whose torrent is gone is not paid', async () => {
    const gone = await world.listed(filler, category, moderator);
    const request = await world.request(asker, category, 100);
    await propose(request, filler, gone);
    await moderator.call('delete_torrent', { torrent_id: gone.id, reason: 'Fake' });
    expect(await reasonOf(asker.call('confirm_fill', { request_id: request.id }))).toBe(
      'request.torrent_gone',
    );
    await asker.call('reject_fill', { request_id: request.id, reason: 'Gone' });
  });
});

describe('the end of a request without a fill', () => {
  it('gives every contribution back, once, and says so', async () => {
    const request = await world.request(asker, category, 100);
    await giver.call('add_bounty', { request_id: request.id, amount: 50 });
    await giver.call('add_bounty', { request_id: request.id, amount: 25 });
    const [asked, gave, spent] = [await world.points(asker), await world.points(giver), await totals(giver)];
    expect(await reasonOf(giver.call('cancel_request', { request_id: request.id }))).toBe(
      'request.not_requester',
    );
    expect(await asker.call<Request>('cancel_request', { request_id: request.id })).toMatchObject({
      status: 'cancelled',
      total_bounty: '0.0000',
    });
    expect([await world.points(asker), await world.points(giver)]).toEqual([asked + 100, gave + 75]);
    expect((await totals(giver)).bounty_spent).toBe(spent.bounty_spent - 75);
    const { rows } = await world.db.query(
      `select entry.kind, entry.amount = bounty.amount as same
       from tracker.request_bounties as bounty
       join tracker.bonus_transactions as entry
         on entry.user_id = bounty.user_id and entry.id = bounty.refund_transaction_id
       where bounty.request_id = $1`,
      [request.id],
    );
    expect(rows).toEqual(Array(3).fill({ kind: 'bounty_refund', same: true }));
    expect(await world.bell(giver)).toContain('The request was cancelled, your points are back: Wanted');
    expect(await reasonOf(asker.call('cancel_request', { request_id: request.id }))).toBe('request.closed');
  });

  it('is not at hand for who asked while a fill waits, but is for staff', async () => {
    const request = await world.request(asker, category, 100);
    await propose(request);
    expect(await reasonOf(asker.call('cancel_request', { request_id: request.id }))).toBe(
      'request.fill_proposed',
    );
    const points = await world.points(asker);
    await moderator.call('cancel_request', { request_id: request.id, reason: 'Not allowed here' });
    expect(await world.points(asker)).toBe(points + 100);
    expect(await world.auditOf(request.id)).toEqual(['cancel_request']);
  });

  it('comes by itself when its time is over, but not while a fill waits for an answer', async () => {
    await closeAll();
    const soon = new Date(Date.now() + 2 * 3_600_000);
    const later = new Date(soon.getTime() + 1000);
    const [lapsing, filled] = [
      await world.request(asker, category, 100, { expires_at: soon }),
      await world.request(asker, category, 100, { expires_at: soon }),
    ];
    await propose(filled);
    const points = await world.points(asker);
    const expire = async (at: Date) =>
      (await world.one<{ n: number }>('select tracker.expire_requests($1) as n', [at])).n;
    expect(await expire(new Date())).toBe(0);
    expect(await expire(later)).toBe(1);
    expect(await expire(later)).toBe(0);
    expect(await world.points(asker)).toBe(points + 100);
    expect((await world.requestNow(lapsing.id)).status).toBe('expired');
    await asker.call('reject_fill', { request_id: filled.id, reason: 'No' });
    expect(await expire(later)).toBe(1);
  });
});

describe('silence', () => {
  it('is consent after three days', async () => {
    await closeAll();
    const request = await world.request(asker, category, 100);
    await propose(request);
    const confirm = async (hours: number) =>
      (
        await world.one<{ n: number }>('select tracker.confirm_due_fills($1) as n', [
          new Date(Date.now() + hours * 3_600_000),
        ])
      ).n;
    const points = await world.points(filler);
    expect(await confirm(71)).toBe(0);
    expect(await confirm(73)).toBe(1);
    expect(await confirm(73)).toBe(0);
    expect(await world.points(filler)).toBe(points + 100);
    expect((await world.requestNow(request.id)).status).toBe('filled');
  });

  it('is none about a fill that nobody could accept', async () => {
    await closeAll();
    const own = await world.request(asker, category, 100);
    await propose(own, asker);
    const gone = await world.listed(filler, category, moderator);
    const request = await world.request(asker, category, 100);
    await propose(request, filler, gone);
    await moderator.call('delete_torrent', { torrent_id: gone.id, reason: 'Fake' });
    const late = new Date(Date.now() + 100 * 3_600_000);
    const points = [await world.points(asker), await world.points(filler)];
    for (const handled of [1, 1, 0]) {
      expect(await world.one('select tracker.confirm_due_fills($1) as n', [late])).toEqual({ n: handled });
    }
    expect([(await world.requestNow(own.id)).status, (await world.requestNow(request.id)).status]).toEqual([
      'pending',
      'pending',
    ]);
    expect([await world.points(asker), await world.points(filler)]).toEqual(points);
  });
});
