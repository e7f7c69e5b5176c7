import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import {
  type Collection,
  type Comment,
  type Person,
  type Scene,
  scene,
  type Torrent,
} from './catalogue_scene.ts';

let world: Scene;
let author: Person;
let other: Person;
let moderator: Person;
let torrent: Torrent;
const subjects: Record<string, string> = {};
beforeAll(async () => {
  world = await scene();
  [author, other, moderator] = [await world.person(), await world.person(), await world.person('moderator')];
  const category = await world.category();
  torrent = await world.listed(other, category, moderator);
  await world.give(other, 500);
  Object.assign(subjects, {
    torrent: torrent.id,
    request: (await world.request(other, category, 100)).id,
    collection: (await other.call<Collection>('create_collection', { name: 'List' })).id,
  });
});

const say = (type: string, content = 'Well said', by: Person = author, more: Record<string, unknown> = {}) =>
  by.call<Comment>('comment', { subject_type: type, subject_id: subjects[type], content, ...more });
const count = async (type: string): Promise<number> => {
  const from = {
    torrent: 'tracker.torrent_statistics where torrent_id',
    request: 'tracker.requests where id',
    collection: 'tracker.collections where id',
  }[type];
  return (
    await world.one<{ comment_count: number }>(`select comment_count from ${from} = $1`, [subjects[type]])
  ).comment_count;
};

describe.each(['torrent', 'request', 'collection'])('a comment on a %s', (type) => {
  it('is read by members, counted, and told to whose it is', async () => {
    const before = await count(type);
    const comment = await say(type);
    expect(await count(type)).toBe(before + 1);
    expect(await other.read('select content from tracker.comments where id = $1', [comment.id])).toEqual([
      { content: 'Well said' },
    ]);
    expect((await world.bell(other)).some((title) => title.startsWith('Somebody commented on '))).toBe(true);
    await expect(world.visitor().read('select id from tracker.comments')).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('is edited and deleted by its author; staff deletes, with a reason', async () => {
    const before = await count(type);
    const comment = await say(type);
    const edit = (by: Person) =>
      by.call<Comment>('edit_comment', { comment_id: comment.id, content: 'Better said' });
    expect(await edit(author)).toMatchObject({ content: 'Better said', edited_at: expect.any(Date) });
    for (const by of [other, moderator]) expect(await reasonOf(edit(by))).toBe('torrent_comment.not_author');
    expect(await reasonOf(other.call('delete_comment', { comment_id: comment.id }))).toBe(
      'torrent_comment.not_author',
    );
    await moderator.call('delete_comment', { comment_id: comment.id, reason: 'Rude' });
    expect(await count(type)).toBe(before);
    expect(await other.read('select id from tracker.comments where id = $1', [comment.id])).toEqual([]);
    expect(await reasonOf(edit(author))).toBe('torrent_comment.unknown');
    expect(await world.auditOf(comment.id)).toEqual(['delete_comment']);
    const own = await say(type);
    await author.call('delete_comment', { comment_id: own.id });
    expect(await world.auditOf(own.id)).toEqual([]);
    await world.db.query('delete from tracker.comments where id = any ($1)', [[own.id, comment.id]]);
    expect(await count(type)).toBe(before);
  });

  it('goes with what it is about out of sight', async () => {
    const comment = await say(type);
    const hidden = {
      torrent: 'update tracker.torrents set is_active = $2 where id = $1',
      collection: 'update tracker.collections set is_public = $2 where id = $1',
    }[type];
    if (hidden === undefined) return expect(type).toBe('request');
    await world.db.query(hidden, [subjects[type], false]);
    const seen = (by: Person) => by.read('select id from tracker.comments where id = $1', [comment.id]);
    expect(await seen(author)).toEqual([]);
    expect(await seen(other)).toHaveLength(1);
    expect(await reasonOf(say(type))).toBe(`${type}.unknown`);
    await world.db.query(hidden, [subjects[type], true]);
  });
});

describe('a comment', () => {
  it('with a key is made once', async () => {
    const first = await say('torrent', 'Once', author, { key: 'c' });
    expect((await say('torrent', 'Once', author, { key: 'c' })).id).toBe(first.id);
  });

  it('has a text of bounded length, and a subject that exists', async () => {
    expect(await reasonOf(say('torrent', ' '))).toBe('input.empty');
    expect(await reasonOf(say('torrent', 'x'.repeat(10_001)))).toBe('input.too_long');
    expect(await reasonOf(say('forum'))).toBe('torrent_comment.subject_unknown');
    subjects['nothing'] = '00000000-0000-7000-8000-000000000000';
    for (const type of ['torrent', 'request', 'collection']) {
      expect(
        await reasonOf(
          author.call('comment', { subject_type: type, subject_id: subjects['nothing'], content: 'x' }),
        ),
      ).toBe(`${type}.unknown`);
    }
  });

  it('is not for somebody who may not post', async () => {
    const barred = await world.person();
    await world.db.query(`insert into core.user_restrictions values ($1, 'posting', 'infinity')`, [
      barred.id,
    ]);
    expect(await reasonOf(say('torrent', 'x', barred))).toBe('account.activity_barred');
  });
});

describe('a report', () => {
  it.each(['torrent', 'torrent_comment', 'torrent_request', 'torrent_collection'])(
    'about a %s can be filed and acted on',
    async (type) => {
      await world.give(other, 100);
      const listed = await world.listed(other, torrent.category_id, moderator);
      const made: Record<string, () => Promise<{ id: string }>> = {
        torrent: async () => listed,
        torrent_comment: () => say('torrent', 'Rude', other),
        torrent_request: () => world.request(other, torrent.category_id, 100),
        torrent_collection: () => other.call<Collection>('create_collection', { name: 'Rude' }),
      };
      const subject = (await made[type]?.())?.id;
      const [report] = await author.read<{ id: string; subject_user_id: string }>(
        `select * from moderation.file_report(p_type => $1, p_subject_id => $2, p_reason => 'abuse')`,
        [type, subject],
      );
      expect(report?.subject_user_id).toBe(other.id);
      await moderator.read(
        `select moderation.resolve_report(p_report_id => $1, p_action => 'removed', p_reason => 'Rude')`,
        [report?.id],
      );
      const table = {
        torrent: 'torrents where deleted_at is not null and',
        torrent_comment: 'comments where deleted_at is not null and',
        torrent_request: `requests where status = 'cancelled' and`,
        torrent_collection: 'collections where deleted_at is not null and',
      }[type];
      expect(await world.one(`select count(*)::int from tracker.${table} id = $1`, [subject])).toEqual({
        count: 1,
      });
    },
  );

  it('about an upload without a name does not give the name away', async () => {
    const secret = await world.listed(other, torrent.category_id, moderator, { is_anonymous: true });
    const [report] = await author.read(
      `select * from moderation.file_report(p_type => 'torrent', p_subject_id => $1, p_reason => 'dupe')`,
      [secret.id],
    );
    expect(report).toMatchObject({ subject_user_id: null });
    expect(JSON.stringify(report)).not.toContain(other.id);
  });
});
