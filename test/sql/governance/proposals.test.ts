import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf, refusal } from '../refusal.ts';
import { type Person, type Proposal, type Scene, scene, type Token } from './scene.ts';

let world: Scene;
let proposer: Person;
let other: Person;
let admin: Person;
let token: Token;
beforeAll(async () => {
  world = await scene();
  [proposer, other, admin] = [await world.person(), await world.person(), await world.person('admin')];
  token = await world.token();
  await world.fund(proposer, token, '1');
});

const hours = (count: number) => new Date(Date.now() + count * 3_600_000);
const schedule = (who: Person, proposal: Proposal, more: Record<string, unknown> = {}) =>
  who.call<Proposal>('governance.schedule_proposal', {
    proposal_id: proposal.id,
    start: hours(2),
    end: hours(26.1),
    ...more,
  });

describe('a draft', () => {
  it('is made by whoever holds enough power, in a token that is in use', async () => {
    expect(await world.draft(proposer, token)).toMatchObject({ status: 'draft', proposer_id: proposer.id });
    expect(await refusal(world.draft(other, token))).toMatchObject({
      sqlstate: 'ST403',
      reason: 'proposal.power_too_low',
    });
    const poor = await world.person();
    await world.fund(poor, token, '0.999999999999999999');
    expect(await reasonOf(world.draft(poor, token))).toBe('proposal.power_too_low');
    const retired = await world.token({ is_active: false });
    await world.fund(proposer, retired, '1');
    expect(await reasonOf(world.draft(proposer, retired))).toBe('token.retired');
  });

  it('is made once for one key', async () => {
    const make = (title: string) =>
      proposer.call<Proposal>('governance.create_proposal', {
        token_id: token.id,
        title,
        description: 'At length.',
        key: 'once',
      });
    const first = await make('Once');
    expect((await make('Once')).id).toBe(first.id);
    expect(await reasonOf(make('Twice'))).toBe('idempotency.mismatch');
  });

  it('has a known type and a bounded object of metadata', async () => {
    const make = (more: Record<string, unknown>) =>
      proposer.call('governance.create_proposal', {
        token_id: token.id,
        title: 'Odd',
        description: 'At length.',
        ...more,
      });
    expect(await reasonOf(make({ type: 'war' }))).toBe('proposal.type_unknown');
    expect(await reasonOf(make({ metadata: '[]' }))).toBe('input.malformed');
    expect(await reasonOf(make({ metadata: { text: 'x'.repeat(65_536) } }))).toBe(
      'proposal.metadata_too_large',
    );
    expect(await reasonOf(make({ title: ' ' }))).toBe('input.empty');
    expect(await reasonOf(make({ title: 'x'.repeat(301) }))).toBe('input.too_long');
  });

  it('is read by its proposer and by staff, and by nobody else', async () => {
    const draft = await world.draft(proposer, token);
    const seenBy = async (who: Person) =>
      (await who.read('select id from governance.proposals where id = $1', [draft.id])).length;
    expect([
      await seenBy(proposer),
      await seenBy(admin),
      await seenBy(other),
      await seenBy(world.visitor()),
    ]).toEqual([1, 1, 0, 0]);
    expect(await reasonOf(schedule(other, draft))).toBe('proposal.unknown');
    expect(await reasonOf(schedule(admin, draft))).toBe('proposal.not_proposer');
  });

  it('is changed and deleted by its proposer', async () => {
    const draft = await world.draft(proposer, token);
    const change = (patch: object) =>
      proposer.call<Proposal>('governance.update_proposal', { proposal_id: draft.id, patch });
    expect(await change({ title: 'New', type: 'treasury', metadata: { pay: '1' } })).toMatchObject({
      title: 'New',
      description: 'At length.',
      type: 'treasury',
      metadata: { pay: '1' },
    });
    expect(await reasonOf(change({ description: null }))).toBe('input.empty');
    expect(await reasonOf(change({ status: 'passed' }))).toBe('input.unknown_key');
    expect(await proposer.call('governance.delete_draft', { proposal_id: draft.id })).toMatchObject({
      id: draft.id,
    });
    expect(await reasonOf(change({ title: 'Newer' }))).toBe('proposal.unknown');
  });
});

describe('scheduling', () => {
  it('wants an hour of notice and one to thirty days', async () => {
    const draft = await world.draft(proposer, token);
    for (const period of [
      { start: hours(0.99), end: hours(48) },
      { start: hours(2), end: hours(25.9) },
      { start: hours(2), end: hours(2 + 30 * 24 + 0.1) },
      { start: hours(2), end: null },
      { start: hours(2), end: 'infinity' },
    ]) {
      expect(await reasonOf(schedule(proposer, draft, period))).toBe('proposal.period_invalid');
    }
    expect(await schedule(proposer, draft)).toMatchObject({ status: 'draft' });
    const later = hours(5);
    expect((await schedule(proposer, draft, { start: later, end: hours(50) })).voting_start).toEqual(later);
  });

  it.each([
    ['-0.1', '0.5'],
    ['0.2', '1.000001'],
    ['NaN', '0.5'],
    ['0.2', '0.1234567'],
    [null, '0.5'],
  ])('refuses the thresholds %s and %s', async (quorum, approval) => {
    const draft = await world.draft(proposer, token);
    expect(await reasonOf(schedule(proposer, draft, { quorum, approval }))).toBe(
      'proposal.threshold_invalid',
    );
  });
});

describe('opening', () => {
  it('happens when it is time, once, and tells the proposer', async () => {
    const soon = await world.draft(proposer, token, 'Soon');
    await schedule(proposer, soon);
    await world.worker.call('governance.open_due_proposals');
    expect((await world.proposalNow(soon.id)).status).toBe('draft');

    const opened = await world.open(proposer, token, { title: 'Now' });
    expect(opened).toMatchObject({ status: 'active', snapshot_at: expect.any(Date) });
    await world.worker.call('governance.open_due_proposals');
    expect(await world.proposalNow(opened.id)).toMatchObject({ snapshot_at: opened.snapshot_at });
    expect(await world.auditOf(opened.id)).toEqual(['proposal.open']);
    expect(await world.bellOf(proposer)).toContain('Voting is open: Now');
  });

  it('of a proposal whose token nobody holds, or whose period has passed, makes it expire', async () => {
    const empty = await world.token();
    await world.fund(proposer, empty, '1');
    const unheld = await world.due(proposer, empty);
    await proposer.call('ledger.request_withdrawal', { token_id: empty.id, amount: '1', address: '0x1' });
    const missed = await world.due(proposer, token);
    await world.letTimePass(missed);
    await world.worker.call('governance.open_due_proposals');
    for (const { id } of [unheld, missed]) {
      expect(await world.proposalNow(id)).toMatchObject({
        status: 'expired',
        snapshot_power: null,
        cancelled_at: null,
      });
    }
    expect(
      await world.rows('select from governance.voting_snapshots where proposal_id = $1', [missed.id]),
    ).toEqual([]);
  });

  it('freezes the text, the times and the powers for good, whoever tries', async () => {
    const opened = await world.open(proposer, token);
    const ballot = { proposal_id: opened.id, patch: { title: 'Other' } };
    expect(await refusal(proposer.call('governance.update_proposal', ballot))).toMatchObject({
      sqlstate: 'ST423',
      reason: 'proposal.not_draft',
    });
    expect(await reasonOf(schedule(proposer, opened))).toBe('proposal.not_draft');
    expect(await reasonOf(proposer.call('governance.delete_draft', { proposal_id: opened.id }))).toBe(
      'proposal.not_draft',
    );
    for (const change of [
      `title = 'Other'`,
      `voting_end = voting_end + interval '1 day'`,
      'quorum_threshold = 0',
      'snapshot_power = 1',
      `status = 'draft'`,
    ]) {
      const write = world.db.query(`update governance.proposals set ${change} where id = $1`, [opened.id]);
      expect(await reasonOf(write)).toBe('proposal.frozen');
    }
    expect(
      await reasonOf(world.db.query('delete from governance.proposals where id = $1', [opened.id])),
    ).toBe('proposal.frozen');
    await world.close();
    expect(
      await reasonOf(
        world.db.query('update governance.proposals set yes_power = 0, yes_votes = 1 where id = $1', [
          opened.id,
        ]),
      ),
    ).toBe('proposal.frozen');
  });

  it('is not held up by a token with more power than can be counted', async () => {
    const huge = await world.token();
    const nearly = `${'9'.repeat(60)}`;
    for (const holder of [proposer, other]) await world.fund(holder, huge, nearly);
    const uncountable = await world.due(proposer, huge);
    const fine = await world.due(proposer, token);
    await world.worker.call('governance.open_due_proposals');
    expect((await world.proposalNow(uncountable.id)).status).toBe('expired');
    expect((await world.proposalNow(fine.id)).status).toBe('active');
  });
});

describe('cancelling', () => {
  const cancel = (who: Person, proposal: Proposal, reason?: string) =>
    who.call<Proposal>('governance.cancel_proposal', {
      proposal_id: proposal.id,
      ...(reason ? { reason } : {}),
    });

  it('is for the proposer until voting opens', async () => {
    const draft = await world.draft(proposer, token);
    expect(await reasonOf(cancel(proposer, draft))).toBe('proposal.not_scheduled');
    expect(await reasonOf(cancel(other, draft))).toBe('proposal.unknown');
    await schedule(proposer, draft);
    expect(await cancel(proposer, draft)).toMatchObject({
      status: 'expired',
      cancelled_at: expect.any(Date),
    });
    expect(await reasonOf(cancel(proposer, draft))).toBe('proposal.not_draft');

    const opened = await world.open(proposer, token);
    expect(await reasonOf(cancel(proposer, opened))).toBe('proposal.not_draft');
    expect(await reasonOf(cancel(other, opened))).toBe('proposal.not_proposer');
  });

  it('is for administrators until voting closes, with what was voted on record', async () => {
    const opened = await world.open(proposer, token, { title: 'Doubtful' });
    await world.vote(proposer, opened, 'yes');
    expect(await cancel(admin, opened, 'Forged')).toMatchObject({
      status: 'expired',
      total_votes: 1,
      yes_power: '1.000000000000000000',
    });
    expect(await world.auditOf(opened.id)).toEqual(['proposal.open', 'proposal.cancel']);
    expect(await world.bellOf(proposer)).toContain('Your proposal was cancelled: Doubtful');
    expect(await reasonOf(cancel(admin, opened))).toBe('proposal.closed');
    expect(await reasonOf(world.vote(proposer, opened, 'no'))).toBe('proposal.closed');
  });
});
