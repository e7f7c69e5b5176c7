import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Forum, type Person, type Post, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let member: Person;
let staff: Person;
beforeAll(async () => {
  world = await scene();
  [owner, member, staff] = [await world.person(), await world.person(), await world.person('moderator')];
});

async function sees(person: Person, forum: Forum): Promise<boolean> {
  const rows = await person.read('select id from forums.forums where id = $1', [forum.id]);
  const listed = await person.read<{ id: string }>('select forums.my_readable_forum_ids() as id');
  expect(listed.some((row) => row.id === forum.id)).toBe(rows.length === 1);
  return rows.length === 1;
}

async function seesPost(person: Person, post: Post): Promise<boolean> {
  return (await person.read('select id from forums.posts where id = $1', [post.id])).length === 1;
}

describe('a public forum', () => {
  it('is read by everybody, with what is in it', async () => {
    const forum = await world.forum(owner, 'agora');
    const post = await world.post(owner, forum);
    const comment = await world.comment(owner, post);
    for (const person of [world.visitor(), member, owner, staff]) {
      expect(await sees(person, forum)).toBe(true);
      expect(await seesPost(person, post)).toBe(true);
      expect(await person.read('select id from forums.comments where id = $1', [comment.id])).toHaveLength(1);
    }
  });
});

describe('a private forum', () => {
  let forum: Forum;
  let post: Post;
  beforeAll(async () => {
    forum = await world.forum(await world.person(), 'back-room', { is_public: false });
    post = await world.post(world.acting('owner', forum.owner_id, 'stoa_member'), forum);
  });

  it('is read by its owner, moderators, subscribers and staff alone', async () => {
    expect(await sees(world.visitor(), forum)).toBe(false);
    expect(await sees(member, forum)).toBe(false);
    expect(await seesPost(member, post)).toBe(false);
    expect(await reasonOf(member.call('subscribe', { forum_id: forum.id }))).toBe('forum.unknown');
    expect(await reasonOf(member.call('vote_post', { post_id: post.id, direction: 1 }))).toBe('post.unknown');
    expect(await reasonOf(member.call('create_comment', { post_id: post.id, content: 'Hi' }))).toBe(
      'post.unknown',
    );
    expect(await sees(staff, forum)).toBe(true);

    const host = world.acting('owner', forum.owner_id, 'stoa_member');
    const moderator = await world.person();
    await host.call('appoint_moderator', { forum_id: forum.id, user_id: moderator.id, permissions: 0 });
    expect(await seesPost(moderator, post)).toBe(true);
  });

  it('admits people whom a moderator with APPOINT lets in, and loses those who leave or are put out', async () => {
    const host = world.acting('owner', forum.owner_id, 'stoa_member');
    const guest = await world.person();
    expect(await reasonOf(member.call('admit_subscriber', { forum_id: forum.id, user_id: member.id }))).toBe(
      'forum.unknown',
    );
    await host.call('admit_subscriber', { forum_id: forum.id, user_id: guest.id });
    await host.call('admit_subscriber', { forum_id: forum.id, user_id: guest.id });
    expect(await seesPost(guest, post)).toBe(true);
    await world.comment(guest, post);

    expect(await host.call('remove_subscriber', { forum_id: forum.id, user_id: guest.id })).toEqual({
      remove_subscriber: true,
    });
    expect(await seesPost(guest, post)).toBe(false);
    expect(await guest.read('select id from forums.comments where post_id = $1', [post.id])).toEqual([]);

    await host.call('admit_subscriber', { forum_id: forum.id, user_id: guest.id });
    await guest.call('unsubscribe', { forum_id: forum.id });
    expect(await sees(guest, forum)).toBe(false);
  });

  it('does not let people into a public forum, or past a block', async () => {
    const host = await world.person();
    const open = await world.forum(host, 'open-house');
    const closed = await world.forum(host, 'closed-house', { is_public: false });
    expect(await reasonOf(host.call('admit_subscriber', { forum_id: open.id, user_id: member.id }))).toBe(
      'forum.not_allowed',
    );
    expect(await reasonOf(host.call('remove_subscriber', { forum_id: open.id, user_id: member.id }))).toBe(
      'forum.not_allowed',
    );
    await world.db.query('insert into social.blocks (blocker_id, blocked_id) values ($1, $2)', [
      member.id,
      host.id,
    ]);
    expect(await reasonOf(host.call('admit_subscriber', { forum_id: closed.id, user_id: member.id }))).toBe(
      'user.unknown',
    );
  });
});

describe('a lowest class', () => {
  const withClass = async (slug: string): Promise<Person> => {
    const person = await world.person();
    await world.db.query(
      `update core.users set (class_id, role) = (select id, role from core.user_classes where slug = $2) where id = $1`,
      [person.id, slug],
    );
    return person;
  };

  it('for reading hides the forum from lower classes and visitors', async () => {
    const forum = await world.forum(owner, 'elders');
    const post = await world.post(owner, forum);
    await world.db.query(
      `update forums.forums set min_read_class_id = (select id from core.user_classes where slug = 'veteran') where id = $1`,
      [forum.id],
    );
    expect(await sees(world.visitor(), forum)).toBe(false);
    expect(await sees(member, forum)).toBe(false);
    expect(await reasonOf(member.call('follow_post', { post_id: post.id }))).toBe('post.unknown');
    const veteran = await withClass('veteran');
    expect(await sees(veteran, forum)).toBe(true);
    await veteran.call('follow_post', { post_id: post.id });
    expect(await sees(staff, forum)).toBe(true);
  });

  it('for writing lets lower classes read and vote, but not post or comment', async () => {
    const host = await world.person();
    const forum = await world.forum(host, 'lectern');
    const post = await world.post(host, forum);
    await world.db.query(
      `update forums.forums set min_post_class_id = (select id from core.user_classes where slug = 'elite') where id = $1`,
      [forum.id],
    );
    expect(await reasonOf(world.post(member, forum))).toBe('forum.class_too_low');
    expect(await reasonOf(world.comment(member, post))).toBe('forum.class_too_low');
    await member.call('vote_post', { post_id: post.id, direction: 1 });
    await world.comment(await withClass('elite'), post);
    await world.post(host, forum, 'The owner is exempt');
  });
});

describe('a ban from a forum', () => {
  it('hides the forum from the banned person, who may read it as a visitor', async () => {
    const host = await world.person();
    const forum = await world.forum(host, 'peaceful');
    const rascal = await world.person();
    const post = await world.post(rascal, forum);
    const comment = await world.comment(rascal, post);
    await host.call('ban_from_forum', { forum_id: forum.id, user_id: rascal.id, reason: 'Noise' });

    expect(await sees(rascal, forum)).toBe(false);
    expect(await seesPost(rascal, post)).toBe(false);
    expect(await sees(world.visitor(), forum)).toBe(true);
    const attempts: [string, Record<string, unknown>][] = [
      ['create_post', { forum_id: forum.id, title: 'Again' }],
      ['create_comment', { post_id: post.id, content: 'Again' }],
      ['vote_post', { post_id: post.id, direction: -1 }],
      ['vote_comment', { comment_id: comment.id, direction: 1 }],
      ['edit_post', { post_id: post.id, content: 'Again' }],
      ['edit_comment', { comment_id: comment.id, content: 'Again' }],
      ['delete_post', { post_id: post.id }],
      ['follow_post', { post_id: post.id }],
      ['subscribe', { forum_id: forum.id }],
      ['record_view', { post_id: post.id }],
    ];
    for (const [procedure, args] of attempts) {
      expect(await reasonOf(rascal.call(procedure, args)), procedure).toBe('forum.banned');
    }
  });

  it('ends by itself when its time is over', async () => {
    const host = await world.person();
    const forum = await world.forum(host, 'forgiving');
    const rascal = await world.person();
    await host.call('ban_from_forum', {
      forum_id: forum.id,
      user_id: rascal.id,
      reason: 'Noise',
      until: new Date(Date.now() + 3_600_000),
    });
    expect(await sees(rascal, forum)).toBe(false);
    await world.db.query(
      `update forums.bans set starts_at = now() - interval '2 days', banned_until = now() - interval '1 second' where user_id = $1`,
      [rascal.id],
    );
    expect(await sees(rascal, forum)).toBe(true);
    await world.post(rascal, forum);
  });
});

describe('what deletion leaves readable', () => {
  it('is a post for its author, its moderators and staff', async () => {
    const host = await world.person();
    const forum = await world.forum(host, 'erasers');
    const author = await world.person();
    const post = await world.post(author, forum);
    const comment = await world.comment(member, post);
    await author.call('delete_post', { post_id: post.id });

    expect(await seesPost(author, post)).toBe(true);
    expect(await seesPost(host, post)).toBe(true);
    expect(await seesPost(staff, post)).toBe(true);
    expect(await seesPost(member, post)).toBe(false);
    expect(await seesPost(world.visitor(), post)).toBe(false);
    expect(await member.read('select id from forums.comments where id = $1', [comment.id])).toEqual([]);
    expect(await author.read('select id from forums.comments where id = $1', [comment.id])).toEqual([]);
    expect(await host.read('select id from forums.comments where id = $1', [comment.id])).toHaveLength(1);

    await world.db.query(`update forums.posts set deleted_at = now() - interval '31 days' where id = $1`, [
      post.id,
    ]);
    expect(await seesPost(author, post)).toBe(false);
  });

  it('is nothing of the text of a comment, for any role and in any table', async () => {
    const forum = await world.forum(await world.person(), 'secrets');
    const author = await world.person();
    const post = await world.post(author, forum);
    const comment = await world.comment(author, post, undefined, 'The password is swordfish');
    await world.comment(author, post, comment, 'An answer');
    await author.call('delete_comment', { comment_id: comment.id });
    const admin = await world.person('admin');
    for (const person of [world.visitor(), member, author, staff, admin]) {
      expect(await person.read('select content from forums.comments where id = $1', [comment.id])).toEqual([
        { content: '' },
      ]);
      await expect(person.read('select * from forums.removed_texts')).rejects.toThrow('permission denied');
      expect(JSON.stringify(await person.list('comment_tree', { post_id: post.id }))).not.toContain(
        'swordfish',
      );
      expect(await person.list('search_comments', { query: 'swordfish' })).toEqual([]);
    }
    expect(await staff.call('removed_comment_text', { comment_id: comment.id })).toEqual({
      removed_comment_text: 'The password is swordfish',
    });
    expect(await reasonOf(author.call('removed_comment_text', { comment_id: comment.id }))).toBe(
      'forum.not_allowed',
    );
    expect(await reasonOf(staff.call('removed_comment_text', { comment_id: post.id }))).toBe(
      'comment.unknown',
    );
  });
});

describe('private facts', () => {
  it('are read by the person they concern', async () => {
    const forum = await world.forum(await world.person(), 'privacy');
    const author = world.acting('owner', forum.owner_id, 'stoa_member');
    const post = await author.call<Post>('create_post', {
      forum_id: forum.id,
      title: 'Poll',
      type: 'poll',
      poll_options: ['a', 'b'],
    });
    const comment = await world.comment(author, post);
    await author.call('vote_comment', { comment_id: comment.id, direction: 1 });
    await author.list('vote_poll', { post_id: post.id, positions: [1] });

    for (const table of [
      'post_votes',
      'comment_votes',
      'poll_votes',
      'subscriptions',
      'post_subscriptions',
    ]) {
      const text = `select user_id from forums.${table} where user_id = $1`;
      expect((await author.read(text, [author.id])).length, table).toBeGreaterThan(0);
      expect(await member.read(text, [author.id]), table).toEqual([]);
      expect(await staff.read(text, [author.id]), table).toEqual([]);
      await expect(world.visitor().read(text, [author.id]), table).rejects.toThrow('permission denied');
    }
    const mine = 'select forums.posts_my_vote(post) as vote from forums.posts as post where id = $1';
    expect(await author.read(mine, [post.id])).toEqual([{ vote: 1 }]);
    expect(await member.read(mine, [post.id])).toEqual([{ vote: 0 }]);
    expect(
      await author.read(
        'select forums.comments_my_vote(comment) as vote from forums.comments as comment where id = $1',
        [comment.id],
      ),
    ).toEqual([{ vote: 1 }]);
  });
});
