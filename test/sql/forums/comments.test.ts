import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Comment, type Forum, type Person, type Post, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let author: Person;
let stranger: Person;
let forum: Forum;
let post: Post;
beforeAll(async () => {
  world = await scene();
  [owner, author, stranger] = [await world.person(), await world.person(), await world.person()];
  forum = await world.forum(owner, 'talk');
  post = await world.post(author, forum, 'A talk');
});

const ids = (comments: readonly Comment[]): string[] => comments.map((comment) => comment.id);

describe('commenting', () => {
  it('builds a tree and keeps the counts of post and parent', async () => {
    const here = await world.post(author, forum);
    const root = await world.comment(stranger, here);
    const reply = await world.comment(author, here, root);
    const deep = await world.comment(stranger, here, reply);
    expect(root).toMatchObject({ depth: 0, parent_id: null, path: [root.id] });
    expect(deep).toMatchObject({ depth: 2, parent_id: reply.id, path: [root.id, reply.id, deep.id] });
    expect(await world.commentNow(root.id)).toMatchObject({ reply_count: 1 });
    const now = await world.postNow(here.id);
    expect(now).toMatchObject({ comment_count: 3, last_comment_id: deep.id });
    expect(now.last_activity_at.getTime()).toBeGreaterThan(here.inserted_at.getTime());
  });

  it('answers beside the comment at the deepest level', async () => {
    const here = await world.post(author, forum);
    let comment = await world.comment(stranger, here);
    for (let depth = 1; depth <= 50; depth += 1) comment = await world.comment(stranger, here, comment);
    expect(comment.depth).toBe(50);
    const beside = await world.comment(stranger, here, comment);
    expect(beside).toMatchObject({ depth: 50, parent_id: comment.parent_id });
    expect(beside.path.slice(0, -1)).toEqual(comment.path.slice(0, -1));
  });

  it('has one level on a flat board', async () => {
    const board = await world.forum(owner, 'board', { layout: 'flat' });
    const topic = await world.post(author, board);
    const first = await world.comment(stranger, topic);
    expect(await world.comment(author, topic, first)).toMatchObject({ depth: 0, parent_id: null });
  });

  it('refuses parents that are elsewhere, gone or deleted, and empty or endless text', async () => {
    const other = await world.comment(stranger, await world.post(author, forum));
    const gone = await world.comment(stranger, post);
    await stranger.call('delete_comment', { comment_id: gone.id });
    expect(await reasonOf(world.comment(author, post, other))).toBe('comment.unknown');
    expect(await reasonOf(world.comment(author, post, gone))).toBe('comment.deleted');
    expect(await reasonOf(world.comment(author, post, undefined, ' \n '))).toBe('input.empty');
    expect(await reasonOf(world.comment(author, post, undefined, 'x'.repeat(10_001)))).toBe('input.too_long');
    expect(
      await reasonOf(
        author.call('create_comment', { post_id: post.id, content: 'X', content_format: 'html' }),
      ),
    ).toBe('input.malformed');
    expect(await reasonOf(author.call('create_comment', { post_id: forum.id, content: 'X' }))).toBe(
      'post.unknown',
    );
    expect(
      await reasonOf(world.visitor().call('create_comment', { post_id: post.id, content: 'X' })).catch(
        String,
      ),
    ).toContain('permission denied');
  });

  it('makes one comment of a retried request', async () => {
    const again = () =>
      author.call<Comment>('create_comment', { post_id: post.id, content: 'Once', key: 'comment-1' });
    const [first, second] = await Promise.all([again(), again()]);
    expect(first.id).toBe(second.id);
  });

  it('tells the authors of the parent and of the post, each once, and nobody of their own words', async () => {
    const [poster, answerer, third] = [await world.person(), await world.person(), await world.person()];
    const here = await world.post(poster, forum, 'Bells');
    const bell = (person: Person) =>
      person.read<{ type: string; count: number }>(
        'select type, count from notifications.notifications order by id',
      );
    const root = await world.comment(answerer, here);
    await world.comment(poster, here, root);
    await world.comment(third, here, root);
    await world.comment(third, here, await world.comment(poster, here));
    expect(await bell(answerer)).toEqual([{ type: 'forum_reply', count: 2 }]);
    expect(await bell(poster)).toEqual([
      { type: 'forum_comment', count: 2 },
      { type: 'forum_reply', count: 1 },
    ]);
    expect(await bell(third)).toEqual([]);
    expect(
      await third.read('select notify from forums.post_subscriptions where post_id = $1', [here.id]),
    ).toEqual([{ notify: true }]);
  });
});

describe('editing a comment', () => {
  it('is for its author, and for moderators with DELETE, who are audited', async () => {
    const comment = await world.comment(stranger, post);
    expect(await stranger.call('edit_comment', { comment_id: comment.id, content: 'Better' })).toMatchObject({
      content: 'Better',
      edited_at: expect.any(Date),
    });
    expect(await reasonOf(author.call('edit_comment', { comment_id: comment.id, content: 'X' }))).toBe(
      'comment.not_author',
    );
    await owner.call('edit_comment', { comment_id: comment.id, content: 'Cleaned' });
    expect(await world.auditOf(comment.id)).toEqual(['edit_comment']);
    expect(await reasonOf(stranger.call('edit_comment', { comment_id: post.id, content: 'X' }))).toBe(
      'comment.unknown',
    );
  });

  it('is closed with the post', async () => {
    const here = await world.post(author, forum);
    const comment = await world.comment(stranger, here);
    await owner.call('lock_post', { post_id: here.id });
    expect(await reasonOf(stranger.call('edit_comment', { comment_id: comment.id, content: 'X' }))).toBe(
      'post.locked',
    );
    await owner.call('edit_comment', { comment_id: comment.id, content: 'X' });
    await author.call('delete_post', { post_id: here.id });
    expect(await reasonOf(stranger.call('edit_comment', { comment_id: comment.id, content: 'Y' }))).toBe(
      'post.deleted',
    );
    expect(await reasonOf(stranger.call('vote_comment', { comment_id: comment.id, direction: 1 }))).toBe(
      'post.deleted',
    );
  });
});

describe('deleting a comment', () => {
  it('leaves a tombstone in the tree and takes it out of the counts', async () => {
    const here = await world.post(author, forum);
    const root = await world.comment(stranger, here);
    const reply = await world.comment(author, here, root);
    const last = await world.comment(stranger, here, root, 'Last words');
    await stranger.call('delete_comment', { comment_id: last.id });
    expect(await world.postNow(here.id)).toMatchObject({ comment_count: 2, last_comment_id: reply.id });
    expect(await world.commentNow(root.id)).toMatchObject({ reply_count: 1 });
    await stranger.call('delete_comment', { comment_id: root.id });
    const tree = await author.list<Comment>('comment_tree', { post_id: here.id });
    expect(tree.map(({ id, content }) => [id, content])).toEqual([
      [root.id, ''],
      [reply.id, 'A comment'],
      [last.id, ''],
    ]);
    for (const [procedure, more] of Object.entries({
      delete_comment: {},
      edit_comment: { content: 'X' },
      vote_comment: { direction: 1 },
    })) {
      expect(await reasonOf(stranger.call(procedure, { comment_id: root.id, ...more })), procedure).toBe(
        'comment.deleted',
      );
    }
    expect(await stranger.call('restore_comment', { comment_id: last.id })).toMatchObject({
      content: 'Last words',
      deleted_at: null,
    });
    expect(await world.postNow(here.id)).toMatchObject({ comment_count: 2, last_comment_id: last.id });
    await expect(
      world.db.query(`update forums.comments set content = 'read me' where id = $1`, [root.id]),
    ).rejects.toThrow('comments_tombstone_check');
    expect(await world.drift()).toEqual([]);
  });

  it('is for its author and moderators with DELETE; what they removed stays removed', async () => {
    const comment = await world.comment(stranger, post, undefined, 'Rude');
    expect(await reasonOf(author.call('delete_comment', { comment_id: comment.id }))).toBe(
      'comment.not_author',
    );
    expect(await reasonOf(author.call('restore_comment', { comment_id: comment.id }))).toBe(
      'comment.not_author',
    );
    await owner.call('delete_comment', { comment_id: comment.id, reason: 'Rude' });
    expect(await world.auditOf(comment.id)).toEqual(['delete_comment']);
    expect(await reasonOf(stranger.call('restore_comment', { comment_id: comment.id }))).toBe(
      'comment.removed_by_moderator',
    );
    await owner.call('restore_comment', { comment_id: comment.id });
    expect(await owner.call('restore_comment', { comment_id: comment.id })).toMatchObject({
      content: 'Rude',
    });
  });

  it('can be undone as long as the text is kept', async () => {
    const [late, purged] = [await world.comment(stranger, post), await world.comment(stranger, post)];
    await stranger.call('delete_comment', { comment_id: late.id });
    await stranger.call('delete_comment', { comment_id: purged.id });
    await world.db.query(
      `update forums.removed_texts set removed_at = now() - interval '31 days' where comment_id = $1`,
      [late.id],
    );
    await world.db.query('delete from forums.removed_texts where comment_id = $1', [purged.id]);
    expect(await reasonOf(stranger.call('restore_comment', { comment_id: late.id }))).toBe(
      'comment.restore_too_late',
    );
    expect(await reasonOf(stranger.call('restore_comment', { comment_id: purged.id }))).toBe(
      'comment.restore_too_late',
    );
  });

  it('is purged from the leaves up', async () => {
    const here = await world.post(author, forum);
    const root = await world.comment(stranger, here);
    const leaf = await world.comment(stranger, here, root);
    for (const comment of [leaf, root]) await stranger.call('delete_comment', { comment_id: comment.id });
    await world.db.query(
      `update forums.comments set deleted_at = now() - interval '31 days' where post_id = $1`,
      [here.id],
    );
    const { rows } = await world.db.query<{ condition: string }>(
      `select ops.retention_condition('forums_comments', now()) as condition`,
    );
    const purge = () =>
      world.db.query(`delete from forums.comments as target where ${rows[0]?.condition} returning id`);
    expect((await purge()).rows).toEqual([{ id: leaf.id }]);
    expect((await purge()).rows).toEqual([{ id: root.id }]);
    await expect(
      world.db.query('delete from forums.comments where id = $1', [
        (await world.comment(stranger, post, await world.comment(author, post))).parent_id,
      ]),
    ).rejects.toThrow('comments_parent_fkey');
  });
});

describe('reading the comments of a post', () => {
  let here: Post;
  let a: Comment;
  let b: Comment;
  let aa: Comment;
  let ab: Comment;
  let aaa: Comment;
  beforeAll(async () => {
    here = await world.post(author, forum);
    a = await world.comment(stranger, here);
    b = await world.comment(stranger, here);
    aa = await world.comment(stranger, here, a);
    ab = await world.comment(stranger, here, a);
    aaa = await world.comment(stranger, here, aa);
    await author.call('vote_comment', { comment_id: b.id, direction: 1 });
    await author.call('vote_comment', { comment_id: ab.id, direction: 1 });
    await author.call('vote_comment', { comment_id: aa.id, direction: -1 });
  });
  const tree = async (args: Record<string, unknown>): Promise<string[]> =>
    ids(await world.visitor().list<Comment>('comment_tree', { post_id: here.id, ...args }));

  it('walks the tree in reading order, whole or under a comment, page by page', async () => {
    expect(await tree({})).toEqual(ids([a, aa, aaa, ab, b]));
    expect(await tree({ first: 2 })).toEqual(ids([a, aa]));
    expect(await tree({ first: 2, after: aa.id })).toEqual(ids([aaa, ab]));
    expect(await tree({ root_id: a.id })).toEqual(ids([aa, aaa, ab]));
    expect(await tree({ root_id: a.id, after: aaa.id })).toEqual(ids([ab]));
    expect(await tree({ root_id: b.id })).toEqual([]);
  });

  it('puts the best answers first, page by page', async () => {
    expect(await tree({ sort: 'best' })).toEqual(ids([b, a]));
    expect(await tree({ sort: 'best', root_id: a.id })).toEqual(ids([ab, aa]));
    expect(await tree({ sort: 'best', root_id: a.id, after: `1:${ab.id}` })).toEqual(ids([aa]));
    expect(await tree({ sort: 'best', after: `0:${a.id}` })).toEqual([]);
  });

  it('puts the newest first', async () => {
    expect(await tree({ sort: 'new', first: 3 })).toEqual(ids([aaa, ab, aa]));
    expect(await tree({ sort: 'new', after: aa.id })).toEqual(ids([b, a]));
    expect(await tree({ sort: 'new', root_id: aa.id })).toEqual(ids([aaa, aa]));
  });

  it('refuses orders and places that it does not know', async () => {
    expect(await reasonOf(tree({ sort: 'worst' }))).toBe('feed.sort_unknown');
    expect(await reasonOf(tree({ after: 'here' }))).toBe('feed.cursor_malformed');
    expect(await reasonOf(tree({ after: here.id }))).toBe('feed.cursor_malformed');
    expect(await reasonOf(tree({ sort: 'best', after: a.id }))).toBe('feed.cursor_malformed');
    expect(await reasonOf(tree({ root_id: here.id }))).toBe('comment.unknown');
    expect(await reasonOf(tree({ post_id: forum.id }))).toBe('post.unknown');
  });
});
