import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Person, type Scene, scene, type Torrent } from './catalogue_scene.ts';

let world: Scene;
let uploader: Person;
let tagger: Person;
let voter: Person;
let moderator: Person;
let torrent: Torrent;
beforeAll(async () => {
  world = await scene();
  [uploader, tagger, voter, moderator] = [
    await world.person(),
    await world.person(),
    await world.person(),
    await world.person('moderator'),
  ];
  torrent = await world.listed(uploader, await world.category(), moderator);
});

const tag = async (name: string, by: Person = tagger): Promise<string> =>
  (await by.call<{ tag_id: string }>('tag_torrent', { torrent_id: torrent.id, tag: name })).tag_id;
const vote = (by: Person, tagId: string, value: number) =>
  by.call<{ score: number; is_removed: boolean }>('vote_tag', {
    torrent_id: torrent.id,
    tag_id: tagId,
    value,
  });
const worn = async (): Promise<string[]> =>
  (
    await voter.read<{ name: string }>(
      `select tag.name from tracker.torrent_tag_assignments join tracker.tags as tag on tag.id = tag_id
       where torrent_id = $1 order by 1`,
      [torrent.id],
    )
  ).map(({ name }) => name);

describe('a tag', () => {
  it('is put on in its canonical form, once, and counted', async () => {
    const id = await tag('Science  Fiction');
    expect(await tag('science_fiction', voter)).toBe(id);
    expect(await world.one('select name, usage_count from tracker.tags where id = $1', [id])).toEqual({
      name: 'science.fiction',
      usage_count: 1,
    });
  });

  it('does not tell members who put it there', async () => {
    await tag('whose');
    const again = (by: Person) => by.call('tag_torrent', { torrent_id: torrent.id, tag: 'whose' });
    expect(await again(voter)).toMatchObject({ assigned_by: null });
    expect(await again(tagger)).toMatchObject({ assigned_by: tagger.id });
    expect(await again(moderator)).toMatchObject({ assigned_by: tagger.id });
  });

  it.each([
    ['-lead', 'tag.malformed'],
    ['naïve', 'tag.malformed'],
    ['a,b', 'tag.malformed'],
    [' ', 'input.empty'],
    ['x'.repeat(51), 'input.too_long'],
  ])('of the form %j is refused', async (name, reason) => {
    expect(await reasonOf(tag(name))).toBe(reason);
  });

  it('is not put on what one may not see, or what is deleted', async () => {
    const waiting = await world.upload(uploader, torrent.category_id);
    const put = (by: Person) => reasonOf(by.call('tag_torrent', { torrent_id: waiting.id, tag: 'x' }));
    expect(await put(tagger)).toBe('torrent.unknown');
    await uploader.call('delete_torrent', { torrent_id: waiting.id });
    expect(await put(uploader)).toBe('torrent.deleted');
  });

  it('is taken off by its uploader, by staff, and by who put it there while nobody likes it', async () => {
    const untag = (by: Person, tagId: string) =>
      by.call('untag_torrent', { torrent_id: torrent.id, tag_id: tagId });
    const id = await tag('mine');
    expect(await reasonOf(untag(voter, id))).toBe('tag.not_allowed');
    await vote(voter, id, 1);
    expect(await reasonOf(untag(tagger, id))).toBe('tag.not_allowed');
    await vote(voter, id, 0);
    expect(await untag(tagger, id)).toEqual({ untag_torrent: true });
    expect(await untag(tagger, id)).toEqual({ untag_torrent: false });
    for (const by of [uploader, moderator])
      expect(await untag(by, await tag('mine'))).toEqual({ untag_torrent: true });
    expect(await world.one(`select usage_count from tracker.tags where name = 'mine'`)).toEqual({
      usage_count: 0,
    });
  });
});

describe('a vote on a tag', () => {
  it('counts once for each person, changes, and is taken back', async () => {
    const id = await tag('voted');
    expect(await vote(voter, id, 1)).toEqual({ score: 1, is_removed: false });
    expect(await vote(voter, id, 1)).toEqual({ score: 1, is_removed: false });
    expect(await vote(voter, id, -1)).toEqual({ score: -1, is_removed: false });
    expect(await vote(tagger, id, 1)).toEqual({ score: 0, is_removed: false });
    expect(await vote(voter, id, 0)).toEqual({ score: 1, is_removed: false });
    expect(await reasonOf(vote(voter, id, 2))).toBe('tag.vote_invalid');
    expect(await reasonOf(vote(voter, '00000000-0000-7000-8000-000000000000', 1))).toBe('tag.unknown');
  });

  it('that brings it to the limit takes it off', async () => {
    const id = await tag('unfit');
    const voters = await world.people(5);
    const seen: boolean[] = [];
    for (const person of voters) seen.push((await vote(person, id, -1)).is_removed);
    expect(seen).toEqual([false, false, false, false, true]);
    expect(await worn()).not.toContain('unfit');
    expect(
      await world.one('select count(*)::int from tracker.torrent_tag_votes where tag_id = $1', [id]),
    ).toEqual({
      count: 0,
    });
  });
});

describe('staff', () => {
  it('renames a tag, but not to one that is there', async () => {
    const [id] = [await tag('scifi'), await tag('taken')];
    expect(await reasonOf(moderator.call('rename_tag', { tag_id: id, name: 'taken' }))).toBe('tag.taken');
    await moderator.call('rename_tag', { tag_id: id, name: 'Sci-Fi' });
    expect(await worn()).toContain('sci-fi');
    expect(await world.auditOf(id)).toEqual(['rename_tag']);
    await expect(voter.call('rename_tag', { tag_id: id, name: 'x' })).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('merges one tag into another, with its votes', async () => {
    const [from, into] = [await tag('merge-from'), await tag('merge-into')];
    const second = await world.listed(uploader, torrent.category_id, moderator, { tags: ['merge-from'] });
    await vote(voter, from, 1);
    await vote(tagger, from, 1);
    await vote(tagger, into, -1);
    const merged = await moderator.call('merge_tags', { from_id: from, into_id: into });
    expect(merged).toMatchObject({ name: 'merge-into', usage_count: 2 });
    const { rows } = await world.db.query(
      'select torrent_id, score from tracker.torrent_tag_assignments where tag_id = any ($1) order by torrent_id',
      [[from, into]],
    );
    expect(rows).toEqual([
      { torrent_id: torrent.id, score: 0 },
      { torrent_id: second.id, score: 0 },
    ]);
    expect(await reasonOf(moderator.call('merge_tags', { from_id: from, into_id: into }))).toBe(
      'tag.unknown',
    );
    expect(await reasonOf(moderator.call('merge_tags', { from_id: into, into_id: into }))).toBe(
      'tag.unknown',
    );
  });

  it('deletes a tag from everywhere', async () => {
    const id = await tag('unwanted');
    await moderator.call('delete_tag', { tag_id: id });
    expect(await worn()).not.toContain('unwanted');
    expect(await reasonOf(moderator.call('delete_tag', { tag_id: id }))).toBe('tag.unknown');
    expect(await world.auditOf(id)).toEqual(['delete_tag']);
  });
});
