import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Person, type Scene, scene, type Torrent } from './catalogue_scene.ts';

let world: Scene;
let uploader: Person;
let reader: Person;
let moderator: Person;
let admin: Person;
/** music > albums, music > singles; films */
const categories: Record<string, number> = {};
const torrents: Record<string, Torrent> = {};
beforeAll(async () => {
  world = await scene();
  [uploader, reader, moderator, admin] = [
    await world.person(),
    await world.person(),
    await world.person('moderator'),
    await world.person('admin'),
  ];
  categories['music'] = await world.category('music');
  categories['albums'] = await world.category('albums', categories['music']);
  categories['singles'] = await world.category('singles', categories['music']);
  categories['films'] = await world.category('films');
  const add = async (
    name: string,
    category: string,
    tags: readonly string[],
    description = '',
  ): Promise<void> => {
    torrents[name] = await world.listed(uploader, categories[category] ?? 0, moderator, {
      name,
      tags,
      description,
      metainfo: JSON.stringify(
        world.metainfo({ files: [{ path: `${name}/100%_live.flac`, size_bytes: 5 }] }),
      ),
    });
  };
  await add('Blue Train', 'albums', ['jazz', '1950s'], 'A quintet');
  await add('Kind of Blue', 'albums', ['jazz']);
  await add('So What', 'singles', ['jazz', '1950s']);
  await add('Metropolis', 'films', ['silent']);
  await moderator.call('set_freeleech', { torrent_id: torrents['Metropolis']?.id });
  await moderator.call('set_freeleech', {
    torrent_id: torrents['So What']?.id,
    until: new Date(Date.now() + 3_600_000),
  });
  await world.db.query(
    `update tracker.torrent_statistics as figures
     set seeders = place.n % 3, times_completed = 10 - place.n
     from (select id, row_number() over (order by id)::int as n from tracker.torrents) as place
     where place.id = figures.torrent_id`,
  );
});

const names = async (by: Person, procedure: string, args: Record<string, unknown> = {}): Promise<string[]> =>
  (await by.list<Torrent>(procedure, args)).map(({ name }) => name);
const browse = (args: Record<string, unknown> = {}, by: Person = reader) => names(by, 'browse', args);

describe('the catalogue', () => {
  it('lists what is approved, the newest first', async () => {
    await world.upload(uploader, categories['films'] ?? 0, { name: 'Waits' });
    expect(await browse()).toEqual(['Metropolis', 'So What', 'Kind of Blue', 'Blue Train']);
    expect(await browse({ sort: 'oldest' })).toEqual(['Blue Train', 'Kind of Blue', 'So What', 'Metropolis']);
  });

  it('is narrowed to a category and what stands under it', async () => {
    expect(await browse({ category_id: categories['music'] })).toEqual([
      'So What',
      'Kind of Blue',
      'Blue Train',
    ]);
    expect(await browse({ category_id: categories['music'], sort: 'oldest' })).toEqual([
      'Blue Train',
      'Kind of Blue',
      'So What',
    ]);
    expect(await browse({ category_id: categories['singles'] })).toEqual(['So What']);
    expect(await reasonOf(browse({ category_id: 99_999 }))).toBe('torrent_category.unknown');
  });

  it('is narrowed to all of several tags, and to what is free', async () => {
    expect(await browse({ tags: ['jazz'] })).toEqual(['So What', 'Kind of Blue', 'Blue Train']);
    expect(await browse({ tags: ['JAZZ', '1950s', 'jazz'] })).toEqual(['So What', 'Blue Train']);
    expect(await browse({ tags: ['jazz', 'nobody.knows'] })).toEqual([]);
    expect(await browse({ tags: [] })).toHaveLength(4);
    expect(await browse({ is_freeleech: true })).toEqual(['Metropolis', 'So What']);
    expect(await browse({ is_freeleech: true, tags: ['jazz'], category_id: categories['music'] })).toEqual([
      'So What',
    ]);
    await world.db.query('update tracker.torrents set freeleech_until = now() where id = $1', [
      torrents['So What']?.id,
    ]);
    expect(await browse({ is_freeleech: true })).toEqual(['Metropolis']);
    expect(await reasonOf(browse({ tags: Array.from({ length: 11 }, (_, n) => `t${n}`) }))).toBe(
      'tag.too_many',
    );
  });

  it('is sorted by seeders and by completions', async () => {
    expect(await browse({ sort: 'completed' })).toEqual([
      'Blue Train',
      'Kind of Blue',
      'So What',
      'Metropolis',
    ]);
    expect((await browse({ sort: 'seeders' }))[0]).toBe('Kind of Blue');
    expect(await browse({ sort: 'completed', category_id: categories['music'], tags: ['1950s'] })).toEqual([
      'Blue Train',
      'So What',
    ]);
    expect(await reasonOf(browse({ sort: 'best' }))).toBe('torrent.sort_unknown');
    expect(await reasonOf(browse({ sort: null }))).toBe('torrent.sort_unknown');
  });

  it.each([
    ['newest', (torrent: Torrent) => torrent.id],
    ['oldest', (torrent: Torrent) => torrent.id],
    ['seeders', (torrent: Torrent, figures: { seeders: number }) => `${figures.seeders}:${torrent.id}`],
    [
      'completed',
      (torrent: Torrent, figures: { times_completed: number }) => `${figures.times_completed}:${torrent.id}`,
    ],
  ] as const)('sorted by %s is turned page by page without a gap', async (sort, place) => {
    for (const category of [undefined, categories['music']]) {
      const args = { sort, ...(category === undefined ? {} : { category_id: category }) };
      const whole = await browse(args);
      const paged: string[] = [];
      for (let after: string | undefined; ; ) {
        const [next] = await reader.list<Torrent>('browse', {
          ...args,
          first: 1,
          ...(after ? { after } : {}),
        });
        if (!next) break;
        paged.push(next.name);
        const figures = await world.one<{ seeders: number; times_completed: number }>(
          'select seeders, times_completed from tracker.torrent_statistics where torrent_id = $1',
          [next.id],
        );
        after = place(next, figures);
      }
      expect(paged).toEqual(whole);
    }
  });

  it.each([
    ['newest', 'x'],
    ['newest', '1:00000000-0000-7000-8000-000000000000'],
    ['seeders', '00000000-0000-7000-8000-000000000000'],
    ['seeders', '9999999999:00000000-0000-7000-8000-000000000000'],
    ['completed', 'x:00000000-0000-7000-8000-000000000000'],
  ])('sorted by %s does not continue after %s', async (sort, after) => {
    expect(await reasonOf(browse({ sort, after }))).toBe('torrent.cursor_malformed');
  });

  it('is open to visitors as the setting says, without files and comments', async () => {
    const visitor = world.visitor();
    expect(await browse({}, visitor)).toHaveLength(4);
    expect(await visitor.read('select id from tracker.torrents')).toHaveLength(4);
    for (const table of ['torrent_files', 'comments', 'requests', 'collections']) {
      await expect(visitor.read(`select 1 from tracker.${table}`)).rejects.toMatchObject({ code: '42501' });
    }
    await world.during('tracker.public_catalogue', 'false', async () => {
      expect(await browse({}, visitor)).toEqual([]);
      expect(await names(visitor, 'search', { query: 'blue' })).toEqual([]);
      for (const table of ['torrents', 'torrent_statistics', 'torrent_tag_assignments', 'torrent_metadata']) {
        expect(await visitor.read(`select 1 from tracker.${table}`)).toEqual([]);
      }
      expect(await browse()).toHaveLength(4);
    });
  });
});

describe('the search', () => {
  const search = (query: string, more: Record<string, unknown> = {}) =>
    names(reader, 'search', { query, ...more });

  it('finds words of the title before words of the description', async () => {
    expect(await search('blue')).toEqual(['Kind of Blue', 'Blue Train']);
    expect(await search('quintet')).toEqual(['Blue Train']);
    expect(await search('blue -kind')).toEqual(['Blue Train']);
    expect(await search('"blue train"')).toEqual(['Blue Train']);
    expect(await search('metropolis or "so what"')).toEqual(['Metropolis', 'So What']);
    expect(await search('...')).toEqual([]);
  });

  it('is narrowed as the catalogue is', async () => {
    expect(await search('blue', { category_id: categories['singles'] })).toEqual([]);
    expect(await search('blue', { tags: ['1950S'] })).toEqual(['Blue Train']);
    expect(await search('blue', { tags: ['nobody.knows'] })).toEqual([]);
    expect(await search('metropolis or blue', { is_freeleech: true })).toEqual(['Metropolis']);
    expect(await search('waits')).toEqual([]);
  });

  it('refuses what is no query', async () => {
    expect(await reasonOf(search(' '))).toBe('input.empty');
    expect(await reasonOf(search('x'.repeat(501)))).toBe('input.too_long');
    expect(await reasonOf(search('x', { category_id: 99_999 }))).toBe('torrent_category.unknown');
  });

  it('finds torrents by the names of their files, taking % and _ for what they are', async () => {
    const files = (query: string) => names(reader, 'search_files', { query });
    expect(await files('TRAIN/100%_')).toEqual(['Blue Train']);
    expect(await files('100%_live')).toHaveLength(4);
    expect(await files('blue_train')).toEqual([]);
    expect(await reasonOf(files('ab'))).toBe('torrent.query_too_short');
    expect(await reasonOf(files(''))).toBe('input.empty');
  });
});

describe('categories', () => {
  const create = (slug: string, parentId?: number, more: Record<string, unknown> = {}) =>
    admin.call<{ id: number }>('create_category', {
      name: slug,
      slug,
      ...(parentId ? { parent_id: parentId } : {}),
      ...more,
    });
  const change = (id: number, patch: Record<string, unknown>, by: Person = admin) =>
    by.call('update_category', { category_id: id, patch });

  it('are made and changed by administrators, and audited', async () => {
    const { id } = await create('books', undefined, { position: 7, icon_url: 'https://e.org/b.png' });
    await change(id, {
      name: 'Books',
      position: 2,
      metadata_provider: 'tmdb',
      icon_url: null,
      is_active: false,
    });
    expect(
      await world.one(
        'select name, position, metadata_provider, icon_url, is_active from tracker.categories where id = $1',
        [id],
      ),
    ).toEqual({
      name: 'Books',
      position: 2,
      metadata_provider: 'tmdb',
      icon_url: null,
      is_active: false,
    });
    expect(
      await world.one(`select count(*)::int from audit.logs where resource_key = $1`, [
        JSON.stringify({ id }),
      ]),
    ).toEqual({ count: 2 });
    expect(await world.visitor().read('select id from tracker.categories where id = $1', [id])).toEqual([]);
    await expect(change(id, { name: 'x' }, moderator)).rejects.toMatchObject({ code: '42501' });
  });

  it('nest four levels deep and never in a circle', async () => {
    const chain: number[] = [];
    for (const slug of ['one', 'two', 'three', 'four']) chain.push((await create(slug, chain.at(-1))).id);
    expect(await reasonOf(create('five', chain[3]))).toBe('torrent_category.too_deep');
    expect(await reasonOf(change(chain[0] ?? 0, { parent_id: chain[2] }))).toBe('torrent_category.too_deep');
    expect(await reasonOf(change(chain[0] ?? 0, { parent_id: chain[0] }))).toBe('torrent_category.too_deep');
    const above = await create('zero');
    expect(await reasonOf(change(chain[0] ?? 0, { parent_id: above.id }))).toBe('torrent_category.too_deep');
    await change(chain[3] ?? 0, { parent_id: null });
    await change(chain[0] ?? 0, { parent_id: above.id });
  });

  // tracker.lock_category_tree: without it the second move does not see the first, and left, right and far go round.
  it('do not close a circle when two are moved at once', async () => {
    const [left, far] = [await create('left'), await create('far')];
    const right = await create('right', far.id);
    const seen = await world.behind(
      admin,
      'stoa_admin',
      `select tracker.update_category(${left.id}, '{"parent_id": ${right.id}}')`,
      [() => change(far.id, { parent_id: left.id })],
    );
    expect(seen).toEqual(['torrent_category.too_deep']);
  });

  // The same lock, taken before the rows in tracker.update_category: two that each hold a row and wait for the tree
  // would lock each other out, and one would be killed.
  it('are moved at once without a deadlock', async () => {
    const [elsewhere, first, second] = [
      await create('elsewhere'),
      await create('first'),
      await create('second'),
    ];
    const seen = await world.behind(
      admin,
      'stoa_admin',
      `select tracker.update_category(${elsewhere.id}, '{"parent_id": ${categories['films']}}')`,
      [() => change(first.id, { parent_id: second.id }), () => change(second.id, { parent_id: first.id })],
    );
    expect(seen.sort()).toEqual(['done', 'torrent_category.too_deep']);
  });

  it.each([
    [{ slug: 'Two Words' }, 'input.malformed'],
    [{ slug: null }, 'input.malformed'],
    [{ slug: 'music' }, 'torrent_category.slug_taken'],
    [{ icon_url: 'javascript:x' }, 'input.malformed'],
    [{ metadata_provider: 'imdb' }, 'input.malformed'],
    [{ parent_id: 99_999 }, 'torrent_category.unknown'],
    [{ parent_id: 'x' }, 'input.malformed'],
    [{ position: null }, 'input.malformed'],
    [{ is_active: null }, 'input.malformed'],
    [{ name: '' }, 'input.empty'],
    [{ id: 1 }, 'input.unknown_key'],
  ])('are not changed to %j', async (patch, reason) => {
    expect(await reasonOf(change(categories['films'] ?? 0, patch))).toBe(reason);
  });

  it('are not made twice, nor under what is not there', async () => {
    expect(await reasonOf(create('music'))).toBe('torrent_category.slug_taken');
    expect(await reasonOf(create('anything', 99_999))).toBe('torrent_category.unknown');
    expect(await reasonOf(change(99_999, { name: 'x' }))).toBe('torrent_category.unknown');
  });
});
