import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Collection, type Person, type Scene, scene, type Torrent } from './catalogue_scene.ts';

let world: Scene;
let owner: Person;
let other: Person;
let moderator: Person;
const torrents: Torrent[] = [];
beforeAll(async () => {
  world = await scene();
  [owner, other, moderator] = [await world.person(), await world.person(), await world.person('moderator')];
  const category = await world.category();
  for (let index = 0; index < 4; index += 1) torrents.push(await world.listed(owner, category, moderator));
});

const make = (more: Record<string, unknown> = {}): Promise<Collection> =>
  owner.call<Collection>('create_collection', { name: 'Best of', ...more });
const add = (by: Person, collection: Collection, torrent: Torrent | undefined, note?: string) =>
  by.call('add_item', { collection_id: collection.id, torrent_id: torrent?.id, ...(note ? { note } : {}) });
const remove = (by: Person, collection: Collection, torrent: Torrent | undefined) =>
  by.call('remove_item', { collection_id: collection.id, torrent_id: torrent?.id });
const now = (collection: Collection) =>
  world.one<Collection>('select * from tracker.collections where id = $1', [collection.id]);
const order = async (collection: Collection): Promise<string[]> =>
  (
    await other.read<{ torrent_id: string }>(
      'select torrent_id from tracker.collection_items where collection_id = $1 order by position, torrent_id',
      [collection.id],
    )
  ).map((row) => row.torrent_id);

describe('a playlist', () => {
  it('is filled by its owner and staff, in order', async () => {
    const playlist = await make();
    await add(owner, playlist, torrents[0], 'Start here');
    await add(moderator, playlist, torrents[1]);
    expect(await reasonOf(add(other, playlist, torrents[2]))).toBe('collection.not_owner');
    expect(await reasonOf(add(owner, playlist, torrents[0]))).toBe('collection.duplicate');
    expect(await order(playlist)).toEqual([torrents[0]?.id, torrents[1]?.id]);
    expect((await now(playlist)).item_count).toBe(2);
    expect(await reasonOf(remove(other, playlist, torrents[0]))).toBe('collection.not_owner');
    expect(await remove(owner, playlist, torrents[0])).toEqual({ remove_item: true });
    expect(await remove(owner, playlist, torrents[0])).toEqual({ remove_item: false });
    expect((await now(playlist)).item_count).toBe(1);
  });

  it('may be private, and is then seen by its owner and staff alone', async () => {
    const playlist = await make({ is_public: false });
    await add(owner, playlist, torrents[0]);
    const seen = (by: Person) =>
      by.read(
        'select torrent_id from tracker.collection_items join tracker.collections as c on c.id = collection_id where c.id = $1',
        [playlist.id],
      );
    expect(await seen(owner)).toHaveLength(1);
    expect(await seen(moderator)).toHaveLength(1);
    expect(await seen(other)).toEqual([]);
    expect(await reasonOf(other.call('subscribe_collection', { collection_id: playlist.id }))).toBe(
      'collection.unknown',
    );
    expect(await reasonOf(add(other, playlist, torrents[1]))).toBe('collection.unknown');
  });

  it('holds listed torrents only, and not more than the setting says', async () => {
    const playlist = await make();
    const waiting = await world.upload(owner, torrents[0]?.category_id ?? 0);
    expect(await reasonOf(add(owner, playlist, waiting))).toBe('torrent.unknown');
    await world.during('tracker.items_per_collection', '1', async () => {
      await add(owner, playlist, torrents[0]);
      expect(await reasonOf(add(owner, playlist, torrents[1]))).toBe('collection.full');
    });
  });

  it('is put into another order, of all that it holds', async () => {
    const playlist = await make();
    for (const torrent of torrents.slice(0, 3)) await add(owner, playlist, torrent);
    const ids = torrents.slice(0, 3).map(({ id }) => id);
    const reorder = (torrentIds: readonly (string | null)[]) =>
      owner.call('reorder_items', { collection_id: playlist.id, torrent_ids: torrentIds });
    await reorder([...ids].reverse());
    expect(await order(playlist)).toEqual([...ids].reverse());
    for (const wrong of [ids.slice(1), [...ids, ids[0] ?? null], [...ids.slice(1), null], []]) {
      expect(await reasonOf(reorder(wrong))).toBe('collection.order_invalid');
    }
  });
});

describe('a collage', () => {
  it('is filled by everybody, each of whom takes out what is theirs', async () => {
    const collage = await make({ kind: 'collage' });
    await add(other, collage, torrents[0]);
    await add(owner, collage, torrents[1]);
    expect(await reasonOf(remove(other, collage, torrents[1]))).toBe('collection.not_owner');
    await remove(other, collage, torrents[0]);
    await add(other, collage, torrents[2]);
    await remove(owner, collage, torrents[2]);
    expect(await order(collage)).toEqual([torrents[1]?.id]);
  });

  it('is always public', async () => {
    for (const args of [{ kind: 'collage', is_public: false }, { kind: 'mixtape' }, { kind: null }]) {
      expect(await reasonOf(make(args))).toBe('collection.kind_invalid');
    }
    const collage = await make({ kind: 'collage' });
    expect(
      await reasonOf(
        owner.call('update_collection', { collection_id: collage.id, patch: { is_public: false } }),
      ),
    ).toBe('collection.kind_invalid');
  });
});

describe('a collection', () => {
  it('that is locked stays as it is', async () => {
    const collage = await make({ kind: 'collage' });
    await add(owner, collage, torrents[0]);
    await owner.call('update_collection', { collection_id: collage.id, patch: { is_locked: true } });
    expect(await reasonOf(add(other, collage, torrents[1]))).toBe('collection.locked');
    expect(await reasonOf(remove(owner, collage, torrents[0]))).toBe('collection.locked');
    expect(
      await reasonOf(
        owner.call('reorder_items', { collection_id: collage.id, torrent_ids: [torrents[0]?.id] }),
      ),
    ).toBe('collection.locked');
  });

  it('is changed and deleted by its owner and staff', async () => {
    const playlist = await make();
    const change = (by: Person, patch: Record<string, unknown>) =>
      by.call('update_collection', { collection_id: playlist.id, patch });
    expect(await reasonOf(change(other, { name: 'Mine' }))).toBe('collection.not_owner');
    expect(await reasonOf(change(owner, { kind: 'collage' }))).toBe('input.unknown_key');
    expect(await reasonOf(change(owner, { is_public: 'no' }))).toBe('input.malformed');
    expect(await reasonOf(change(owner, { name: null }))).toBe('input.empty');
    expect(await change(owner, { name: 'Rest of', description: 'What is left' })).toMatchObject({
      name: 'Rest of',
    });
    await change(moderator, { name: 'Decent' });
    const drop = (by: Person) => by.call('delete_collection', { collection_id: playlist.id });
    expect(await reasonOf(drop(other))).toBe('collection.not_owner');
    await drop(moderator);
    expect(await reasonOf(drop(owner))).toBe('collection.unknown');
    expect(await world.auditOf(playlist.id)).toEqual(['update_collection', 'delete_collection']);
    expect(await world.bell(owner)).toContain('Your collection was deleted: Decent');
  });

  it('is followed, seen, and left', async () => {
    const playlist = await make();
    const first = await other.call<{ last_seen_at: Date }>('subscribe_collection', {
      collection_id: playlist.id,
    });
    const again = await other.call<{ last_seen_at: Date }>('subscribe_collection', {
      collection_id: playlist.id,
    });
    expect(again.last_seen_at.getTime()).toBeGreaterThan(first.last_seen_at.getTime());
    expect((await now(playlist)).subscriber_count).toBe(1);
    const leave = () => other.call('unsubscribe_collection', { collection_id: playlist.id });
    expect(await leave()).toEqual({ unsubscribe_collection: true });
    expect(await leave()).toEqual({ unsubscribe_collection: false });
    expect((await now(playlist)).subscriber_count).toBe(0);
  });
});
