import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Person, type Proposal, type ProposalComment, type Scene, scene, type Token } from './scene.ts';

let world: Scene;
let proposer: Person;
let member: Person;
let moderator: Person;
let token: Token;
let proposal: Proposal;
beforeAll(async () => {
  world = await scene();
  [proposer, member, moderator] = [
    await world.person(),
    await world.person(),
    await world.person('moderator'),
  ];
  token = await world.token();
  await world.fund(proposer, token, '1');
  proposal = await world.open(proposer, token, { title: 'Talk' });
});

const add = (who: Person, content: string, more: Record<string, unknown> = {}) =>
  who.call<ProposalComment>('governance.add_comment', { proposal_id: proposal.id, content, ...more });
const on = (comment: ProposalComment) => ({ proposal_id: comment.proposal_id, comment_id: comment.id });
const react = (who: Person, comment: ProposalComment, value: number | null) =>
  who.call<ProposalComment>('governance.react_comment', { ...on(comment), value });

describe('a comment on a proposal', () => {
  it('can be answered, and tells the proposer and whom it answers', async () => {
    const root = await add(member, ' Why? ');
    expect(root).toMatchObject({ content: 'Why?', parent_id: null, user_id: member.id });
    const reply = await add(proposer, 'Because.', { parent_id: root.id });
    expect(reply.parent_id).toBe(root.id);
    await add(moderator, 'Thanks.', { parent_id: root.id });
    expect(await world.bellOf(proposer)).toEqual(
      expect.arrayContaining([`${moderator.name} commented on Talk`]),
    );
    expect(await world.bellOf(member)).toEqual([`${moderator.name} answered you on Talk`]);
  });

  it('is written once for one key', async () => {
    const first = await add(member, 'Once', { key: 'k' });
    expect((await add(member, 'Once', { key: 'k' })).id).toBe(first.id);
    expect(await reasonOf(add(member, 'Twice', { key: 'k' }))).toBe('idempotency.mismatch');
  });

  it('is not written on a draft, nor under a comment of another proposal', async () => {
    const draft = await world.draft(proposer, token);
    const comment = await add(member, 'Here');
    expect(
      await reasonOf(proposer.call('governance.add_comment', { proposal_id: draft.id, content: 'x' })),
    ).toBe('proposal.unknown');
    const elsewhere = await world.open(proposer, token);
    expect(
      await reasonOf(
        member.call('governance.add_comment', {
          proposal_id: elsewhere.id,
          content: 'x',
          parent_id: comment.id,
        }),
      ),
    ).toBe('proposal_comment.unknown');
    await expect(
      world.db.query(
        `insert into governance.comments (proposal_id, parent_id, content) values ($1, $2, 'x')`,
        [elsewhere.id, comment.id],
      ),
    ).rejects.toMatchObject({ constraint: 'governance_comments_parent_fkey' });
  });

  it('is edited by its author alone', async () => {
    const comment = await add(member, 'Tpyo');
    const edit = (who: Person, content: string) =>
      who.call<ProposalComment>('governance.edit_comment', { ...on(comment), content });
    expect(await edit(member, 'Typo')).toMatchObject({ content: 'Typo', edited_at: expect.any(Date) });
    expect(await reasonOf(edit(moderator, 'Mine'))).toBe('proposal_comment.not_author');
    expect(await reasonOf(edit(member, ''))).toBe('input.empty');
    expect(await reasonOf(edit(member, 'x'.repeat(10_001)))).toBe('input.too_long');
  });

  it('is deleted by its author or a moderator, and leaves a tombstone whose text only moderators read', async () => {
    const comment = await add(member, 'Regretted');
    const remove = (who: Person, reason?: string) =>
      who.call<ProposalComment>('governance.delete_comment', {
        ...on(comment),
        ...(reason ? { reason } : {}),
      });
    const textFor = (who: Person) => who.call('governance.removed_comment_text', on(comment));
    expect(await reasonOf(remove(proposer))).toBe('proposal_comment.not_author');
    expect(await textFor(moderator)).toEqual({ removed_comment_text: null });
    expect(await remove(moderator, 'Rude')).toMatchObject({ content: '', deleted_at: expect.any(Date) });
    expect(await textFor(moderator)).toEqual({ removed_comment_text: 'Regretted' });
    await expect(textFor(member)).rejects.toMatchObject({ code: '42501' });
    expect(await world.auditOf(comment.id)).toEqual(['proposal_comment.delete']);
    expect(await world.bellOf(member)).toContain('Your comment on a proposal was removed');
    expect(
      await member.read('select content from governance.comments where proposal_id = $1 and id = $2', [
        proposal.id,
        comment.id,
      ]),
    ).toEqual([{ content: '' }]);
    const attempts = [
      () => remove(member),
      () => add(member, 'x', { parent_id: comment.id }),
      () => react(member, comment, 1),
    ];
    for (const attempt of attempts) expect(await reasonOf(attempt())).toBe('proposal_comment.deleted');

    await world.db.query(`update governance.removed_texts set removed_at = now() - interval '31 days'`);
    await world.worker.call('ops.run_retention', { name: 'governance_removed_texts' });
    expect(await textFor(moderator)).toEqual({ removed_comment_text: null });
  });

  it('is liked or disliked once by each, who can turn and take it back', async () => {
    const comment = await add(proposer, 'Well?');
    expect(await react(member, comment, 1)).toMatchObject({ likes: 1, dislikes: 0 });
    expect(await react(member, comment, 1)).toMatchObject({ likes: 1, dislikes: 0 });
    expect(await react(moderator, comment, -1)).toMatchObject({ likes: 1, dislikes: 1 });
    expect(await react(member, comment, -1)).toMatchObject({ likes: 0, dislikes: 2 });
    const mine = (who: Person) =>
      who.read(
        'select governance.comments_my_reaction(comment) as mine from governance.comments as comment where proposal_id = $1 and id = $2',
        [proposal.id, comment.id],
      );
    expect(await mine(member)).toEqual([{ mine: -1 }]);
    expect(await react(member, comment, 0)).toMatchObject({ likes: 0, dislikes: 1 });
    expect(await mine(member)).toEqual([{ mine: 0 }]);
    expect(await reasonOf(react(member, comment, 2))).toBe('proposal_comment.reaction_invalid');
    expect(await reasonOf(react(member, comment, null))).toBe('proposal_comment.reaction_invalid');
    expect(await reasonOf(react(member, { ...comment, id: proposal.id }, 1))).toBe(
      'proposal_comment.unknown',
    );
    expect(await world.drift()).toEqual([]);
    await world.db.query('update governance.comments set likes = 8 where proposal_id = $1 and id = $2', [
      proposal.id,
      comment.id,
    ]);
    expect(await world.drift()).toEqual([
      expect.objectContaining({ counter: 'governance.comments.likes', cached_value: '8', true_value: '0' }),
    ]);
  });
});
