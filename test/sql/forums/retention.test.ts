import { beforeAll, describe, expect, it } from 'vitest';
import { type Forum, type Person, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let forum: Forum;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
  forum = await world.forum(owner, 'aging');
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

describe('retention', () => {
  it('purges deleted posts after 30 days, with everything that hangs on them', async () => {
    const post = await world.post(owner, forum, 'Old', { type: 'poll', poll_options: ['a', 'b'] });
    const root = await world.comment(owner, post);
    await world.comment(owner, post, root);
    await owner.call('vote_comment', { comment_id: root.id, direction: 1 });
    await owner.list('vote_poll', { post_id: post.id, positions: [0] });
    await owner.call('delete_post', { post_id: post.id });
    expect(await runRule('forums_posts')).toBe(0);
    await world.db.query(`update forums.posts set deleted_at = now() - interval '31 days' where id = $1`, [
      post.id,
    ]);
    expect(await runRule('forums_posts')).toBe(1);
    const { rows } = await world.db.query(
      'select count(*)::int as left_over from forums.comments where post_id = $1',
      [post.id],
    );
    expect(rows).toEqual([{ left_over: 0 }]);
    expect(await world.drift()).toEqual([]);
  });

  it('forgets the text of deleted comments after 30 days, and their tombstones from the leaves up', async () => {
    const post = await world.post(owner, forum);
    const root = await world.comment(owner, post);
    const leaf = await world.comment(owner, post, root);
    for (const comment of [root, leaf]) await owner.call('delete_comment', { comment_id: comment.id });
    await world.db.query(`update forums.removed_texts set removed_at = now() - interval '31 days'`);
    await world.db.query(
      `update forums.comments set deleted_at = now() - interval '31 days' where post_id = $1`,
      [post.id],
    );
    expect(await runRule('forums_removed_texts')).toBe(2);
    expect(await runRule('forums_comments')).toBeGreaterThanOrEqual(1);
    await runRule('forums_comments');
    expect(
      (await world.db.query('select id from forums.comments where post_id = $1', [post.id])).rows,
    ).toEqual([]);
    expect(await world.drift()).toEqual([]);
  });

  it('purges a deleted forum after its posts', async () => {
    const doomed = await world.forum(owner, 'doomed');
    await world.post(owner, doomed);
    await owner.call('delete_forum', { forum_id: doomed.id });
    await world.db.query(`update forums.forums set deleted_at = now() - interval '31 days' where id = $1`, [
      doomed.id,
    ]);
    expect(await runRule('forums_forums')).toBe(0);
    expect(await runRule('forums_posts_of_deleted_forums')).toBe(1);
    expect(await runRule('forums_forums')).toBe(1);
  });
});
