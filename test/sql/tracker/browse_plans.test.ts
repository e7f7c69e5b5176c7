import { beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Scene, scene } from './catalogue_scene.ts';

/** Every index of the catalogue must serve what it is there for, under row-level security where people read. */
let world: Scene;
let reader: Person;
let visitor: Person;
const at: Record<string, string | number> = {};

beforeAll(async () => {
  world = await scene();
  const moderator = await world.person('moderator');
  [reader, visitor] = [await world.person(), world.visitor()];
  await world.db.query(`
    insert into core.users (username, class_id, role)
    select 'reader_' || n, class.id, class.role
    from generate_series(1, 40) as n, core.user_classes as class
    where class.is_default`);
  const people = `(select id, row_number() over (order by member_number) - 1 as n from core.users where username like 'reader%')`;
  const numbered = (table: string, order = 'id'): string =>
    `(select *, row_number() over (order by ${order}) - 1 as n from tracker.${table})`;
  const idAt = (moment: string): string =>
    `(left(core.uuidv7_floor(${moment})::text, 19) || right(gen_random_uuid()::text, 17))::uuid`;
  // Counters are given, not counted: triggers would take longer than everything else here.
  await world.db.query(`
    set local session_replication_role = replica;
    insert into tracker.categories (name, slug, parent_id)
    select 'Top ' || n, 'top-' || n, null from generate_series(1, 4) as n;
    insert into tracker.categories (name, slug, parent_id)
    select top.name || '.' || n, top.slug || '-' || n, top.id
    from tracker.categories as top, generate_series(1, 15) as n;
    insert into tracker.categories (name, slug, parent_id)
    select 'Rare ' || n, 'rare-' || n, 4 from generate_series(1, 1500) as n;

    insert into tracker.torrents (
      id, info_hash, info_hash_v2, name, description, category_id, uploader_id, is_anonymous, size_bytes, file_count, piece_length,
      moderation_status, approved_at, is_freeleech, freeleech_until, deleted_at, inserted_at
    )
    select ${idAt('made.moment')}, decode(md5('a' || made.n) || left(md5('b' || made.n), 8), 'hex'),
      case when made.n % 40 = 0 then sha256(made.n::text::bytea) end,
      'Name word' || made.n % 700, repeat(md5(made.n::text) || ' ', 12), category.id, person.id, made.n % 20 = 0, made.n, 1, 16384,
      case when made.n % 100 = 0 then 'pending' else 'approved' end, made.moment, made.n % 50 = 1,
      case when made.n % 100 = 1 then made.moment + interval '1 year' end,
      case when made.n % 97 = 0 then made.moment end, made.moment
    from (select n, now() - n * interval '7 minutes' as moment from generate_series(1, 6000) as n) as made
    join ${numbered('categories')} as category on category.n = 4 + made.n % 60
    join ${people} as person on person.n = made.n * 31 % 40
    order by made.n desc;
    insert into tracker.torrent_statistics (torrent_id, seeders, times_completed)
    select torrent.id, torrent.n * 7919 % 300, torrent.n * 104729 % 900 from ${numbered('torrents')} as torrent;
    insert into tracker.torrent_files (torrent_id, position, path, size_bytes)
    select id, place, name || '/' || repeat('disc ', 30) || place || '.flac', 1 from tracker.torrents, generate_series(0, 1) as place;
    insert into tracker.torrent_moderation (torrent_id, moderator_id, action)
    select id, case when n % 10 = 0 then '${moderator.id}'::uuid end, 'submitted' from ${numbered('torrents')} as t;
    insert into tracker.torrent_metadata (torrent_id, provider, external_id, data, fetched_at)
    select id, 'tmdb', (n / 3)::text, jsonb_build_object('genre', n % 500), case when n % 200 <> 0 then now() end
    from ${numbered('torrents')} as t;

    insert into tracker.tags (name, usage_count) select 'tag' || n, n from generate_series(1, 1500) as n;
    insert into tracker.torrent_tag_assignments (torrent_id, tag_id, assigned_by)
    select torrent.id, tag.id, case when torrent.n % 50 = 0 then person.id end
    from ${numbered('torrents')} as torrent
    cross join lateral (values (torrent.n % 40), (torrent.n * 7 % 40)) as choice (n)
    join ${numbered('tags')} as tag on tag.n = choice.n
    join ${people} as person on person.n = torrent.n % 40
    on conflict do nothing;
    insert into tracker.torrent_tag_votes (torrent_id, tag_id, user_id, value)
    select worn.torrent_id, worn.tag_id, person.id, 1
    from (select *, row_number() over () as n from tracker.torrent_tag_assignments limit 6000) as worn
    join ${people} as person on person.n = worn.n % 40;

    insert into tracker.requests (id, requester_id, category_id, title, description, status, vote_count, total_bounty, filled_at, filled_by, filled_torrent_id, confirmed_at, expires_at)
    select ${idAt('made.moment')}, person.id, category.id, 'Wanted ' || made.n, repeat(md5(made.n::text), 15),
      case when made.n % 90 = 0 then 'fill_proposed' when made.n % 3 = 0 then 'filled' else 'pending' end,
      made.n % 80, made.n % 1000,
      case when made.n % 3 = 0 then made.moment end, case when made.n % 3 = 0 then person.id end,
      case when made.n % 3 = 0 then torrent.id end, case when made.n % 3 = 0 and made.n % 90 <> 0 then made.moment end,
      case when made.n % 10 = 1 then made.moment + interval '30 days' end
    from (select n, now() - n * interval '11 minutes' as moment from generate_series(1, 4000) as n) as made
    join ${numbered('categories')} as category on category.n = 4 + made.n % 60
    join ${numbered('torrents')} as torrent on torrent.n = made.n
    join ${people} as person on person.n = made.n % 40
    order by made.n desc;
    insert into tracker.request_votes (request_id, user_id)
    select request.id, person.id from ${numbered('requests')} as request join ${people} as person on (person.n + request.n) % 10 = 0;

    insert into tracker.collections (owner_id, name, description, is_public, subscriber_count, deleted_at)
    select person.id, 'List ' || n.n, repeat(md5(n.n::text), 15), n.n % 9 <> 0, n.n, case when n.n % 50 = 0 then now() - interval '40 days' end
    from generate_series(1, 3000) as n (n) join ${people} as person on person.n = n.n % 40;
    insert into tracker.collection_items (collection_id, torrent_id, position, added_by)
    select list.id, torrent.id, torrent.n, case when torrent.n % 20 = 0 then person.id end
    from ${numbered('collections')} as list
    cross join generate_series(0, 4) as step (n)
    join ${numbered('torrents')} as torrent on torrent.n = list.n + step.n
    join ${people} as person on person.n = list.n % 40;
    insert into tracker.collection_subscriptions (user_id, collection_id)
    select person.id, list.id from ${numbered('collections')} as list join ${people} as person on (person.n + list.n) % 10 = 0;

    insert into tracker.comments (torrent_id, request_id, collection_id, author_id, content, deleted_at, deleted_by)
    select case when place.n % 3 = 0 then torrent.id end, case when place.n % 3 = 1 then request.id end,
      case when place.n % 3 = 2 then list.id end, person.id, 'Said ' || place.n,
      case when place.n % 60 = 0 then now() - interval '40 days' end, case when place.n % 60 = 0 then person.id end
    from generate_series(1, 6000) as place (n)
    join ${numbered('torrents')} as torrent on torrent.n = place.n % 200
    join ${numbered('requests')} as request on request.n = place.n % 200
    join ${numbered('collections')} as list on list.n = place.n % 200
    join ${people} as person on person.n = place.n % 40;
    select gin_clean_pending_list('tracker.torrent_files_name_trgm_idx'), gin_clean_pending_list('tracker.torrents_search_idx');
    analyze`);
  const { rows } = await world.db.query(`
    select torrent.id as torrent_id, torrent.category_id as category_number, torrent.uploader_id as person_id,
      (select tag_id from tracker.torrent_tag_assignments as worn where worn.torrent_id = torrent.id limit 1) as tag_id,
      (select id from tracker.requests order by id desc limit 1) as request_id,
      (select collection_id from tracker.comments where collection_id is not null and deleted_at is null limit 1) as collection_id,
      (select request_id from tracker.comments where request_id is not null and deleted_at is null limit 1) as talk_id,
      (select torrent_id from tracker.comments where torrent_id is not null and deleted_at is null limit 1) as talked_id,
      (select id from tracker.comments where deleted_at is null limit 1) as comment_id
    from tracker.torrents as torrent
    where torrent.moderation_status = 'approved' and torrent.deleted_at is null and torrent.is_anonymous = false
    order by torrent.id desc limit 1`);
  Object.assign(at, rows[0]);
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

interface Plan {
  /** Every node of the tree, for example "Index Scan using torrents_browse_idx". */
  readonly nodes: string[];
  readonly blocks: number;
}

/** `:name` stands for the value of `at`. The second run counts: the first also fills caches. */
async function planOf(person: Person | 'superuser', query: string): Promise<Plan> {
  const values: unknown[] = [];
  const text = query.replace(/(?<![:\w]):([a-z]\w*)/g, (_, name: string) => {
    values.push(at[name] ?? null);
    return `$${values.length}::${name.endsWith('_number') ? 'integer' : 'uuid'}`;
  });
  const explain = `explain (analyze, buffers, format json) ${text}`;
  const run = async (): Promise<PlanNode> => {
    const rows =
      person === 'superuser'
        ? (await world.db.query(explain, values)).rows
        : await person.read(explain, values);
    return rows[0]?.['QUERY PLAN'][0].Plan;
  };
  await run();
  const root = await run();
  const nodes: string[] = [];
  const visit = (node: PlanNode): void => {
    const on = node['Index Name']
      ? ` using ${node['Index Name']}`
      : node['Relation Name']
        ? ` on ${node['Relation Name']}`
        : '';
    nodes.push(`${node['Node Type']}${on}`);
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(root);
  return { nodes, blocks: root['Shared Hit Blocks'] + root['Shared Read Blocks'] };
}

const sorted = (plan: Plan): string[] => plan.nodes.filter((node) => /Sort/.test(node));
const scanned = (plan: Plan): string[] => plan.nodes.filter((node) => /^Seq Scan/.test(node));
const indexes = (plan: Plan): string[] =>
  plan.nodes.flatMap((node) => /^(?:Index|Bitmap Index).* using (\S+)/.exec(node)?.[1] ?? []);

const listed = `moderation_status = 'approved' and is_active and deleted_at is null`;
const columns = 'id, name, category_id, size_bytes, public_uploader_id, inserted_at';

describe.each([
  ['a member', () => reader],
  ['a visitor', () => visitor],
] as const)('%s reads', (_, who) => {
  it.each([
    [
      'the newest',
      'torrents_recent_idx|torrents_pkey',
      `select ${columns} from tracker.torrents where ${listed} order by id desc limit 25`,
    ],
    [
      'a category',
      'torrents_browse_idx',
      `select ${columns} from tracker.torrents where ${listed} and category_id = :category_number order by id desc limit 25`,
    ],
    [
      'what is free',
      'torrents_freeleech_idx',
      `select ${columns} from tracker.torrents where ${listed} and is_freeleech order by id desc limit 25`,
    ],
    [
      'the uploads of a person',
      'torrents_public_uploader_idx',
      `select ${columns} from tracker.torrents where public_uploader_id = :person_id order by id desc limit 25`,
    ],
    // For a visitor the policy implies the condition of the smaller index.
    [
      'one torrent',
      'torrents_pkey|torrents_recent_idx',
      `select ${columns} from tracker.torrents where id = :torrent_id`,
    ],
    [
      'the torrent of a hash',
      'torrents_info_hash_key',
      `select ${columns} from tracker.torrents where info_hash = '\\x00'`,
    ],
    [
      'the tags of a torrent',
      'torrent_tag_assignments_pkey',
      'select tag_id, score from tracker.torrent_tag_assignments where torrent_id = :torrent_id',
    ],
    [
      'the torrents of a tag',
      'torrent_tag_assignments_tag_idx',
      'select torrent_id from tracker.torrent_tag_assignments where tag_id = :tag_id order by torrent_id desc limit 25',
    ],
    [
      'the tag cloud',
      'tags_usage_idx',
      'select id, name from tracker.tags order by usage_count desc, id limit 25',
    ],
    ['a tag by its name', 'tags_name_key', `select id from tracker.tags where name = 'tag7'`],
    [
      'the figures of a torrent',
      'torrent_statistics_pkey',
      'select seeders from tracker.torrent_statistics where torrent_id = :torrent_id',
    ],
    [
      'the best seeded',
      'torrent_statistics_seeders_idx',
      'select torrent_id from tracker.torrent_statistics order by seeders desc, torrent_id desc limit 25',
    ],
    [
      'the most completed',
      'torrent_statistics_completed_idx',
      'select torrent_id from tracker.torrent_statistics order by times_completed desc, torrent_id desc limit 25',
    ],
    [
      'the torrents of one work',
      'torrent_metadata_external_idx',
      `select torrent_id from tracker.torrent_metadata where provider = 'tmdb' and external_id = '77'`,
    ],
    [
      'what is known of a torrent',
      'torrent_metadata_pkey',
      'select title from tracker.torrent_metadata where torrent_id = :torrent_id',
    ],
    [
      'the categories under one',
      'categories_parent_idx',
      'select id from tracker.categories where parent_id = 1',
    ],
    [
      'a category by its address',
      'categories_slug_key',
      `select id from tracker.categories where slug = 'top-1-7'`,
    ],
  ])('%s by %s', async (_path, index, query) => {
    const plan = await planOf(who(), query);
    expect(indexes(plan).filter((name) => index.split('|').includes(name))).not.toEqual([]);
    expect(scanned(plan)).toEqual([]);
    if (/order by/.test(query)) expect(sorted(plan)).toEqual([]);
  });
});

describe('a member reads', () => {
  it.each([
    [
      'the files of a torrent',
      'torrent_files_pkey',
      'select path from tracker.torrent_files where torrent_id = :torrent_id',
    ],
    [
      'the best paid requests',
      'requests_open_bounty_idx',
      `select id from tracker.requests where status = 'pending' order by total_bounty desc, id desc limit 25`,
    ],
    [
      'the most wanted requests',
      'requests_open_votes_idx',
      `select id from tracker.requests where status = 'pending' order by vote_count desc, id desc limit 25`,
    ],
    [
      'the requests of a category',
      'requests_category_idx',
      'select id from tracker.requests where category_id = :category_number order by id desc limit 25',
    ],
    [
      'the requests of a person',
      'requests_requester_idx',
      'select id from tracker.requests where requester_id = :person_id order by id desc limit 25',
    ],
    [
      'what somebody filled',
      'requests_filled_by_idx',
      'select id from tracker.requests where filled_by = :person_id',
    ],
    [
      'what a torrent fills',
      'requests_torrent_idx',
      'select id from tracker.requests where filled_torrent_id = :torrent_id',
    ],
    [
      'the directory of collections',
      'collections_popular_idx',
      'select id from tracker.collections where is_public and deleted_at is null order by subscriber_count desc, id limit 25',
    ],
    [
      'the collections of a person',
      'collections_owner_idx',
      'select id from tracker.collections where owner_id = :person_id order by id limit 25',
    ],
    [
      'what is in a collection',
      'collection_items_order_idx',
      'select torrent_id from tracker.collection_items where collection_id = :collection_id order by position, torrent_id limit 25',
    ],
    [
      'the collections that a torrent is in',
      'collection_items_torrent_idx',
      'select collection_id from tracker.collection_items where torrent_id = :torrent_id',
    ],
    [
      'the comments on a torrent',
      'comments_torrent_idx',
      'select id, content from tracker.comments where torrent_id = :talked_id order by id limit 25',
    ],
    [
      'the comments on a request',
      'comments_request_idx',
      'select id, content from tracker.comments where request_id = :talk_id order by id limit 25',
    ],
    [
      'the comments on a collection',
      'comments_collection_idx',
      'select id, content from tracker.comments where collection_id = :collection_id order by id limit 25',
    ],
    [
      'the comments of a person',
      'comments_author_idx',
      'select id, content from tracker.comments where author_id = :person_id order by id limit 25',
    ],
    ['one comment', 'comments_pkey', 'select content from tracker.comments where id = :comment_id'],
  ])('%s by %s', async (_path, index, query) => {
    const plan = await planOf(reader, query);
    expect(indexes(plan)).toContain(index);
    expect(scanned(plan)).toEqual([]);
    if (/order by/.test(query)) expect(sorted(plan)).toEqual([]);
  });

  it.each([
    ['votes on tags', 'torrent_tag_votes_user_idx', 'select tag_id, value from tracker.torrent_tag_votes'],
    ['votes for requests', 'request_votes_user_idx', 'select request_id from tracker.request_votes'],
    [
      'subscriptions',
      'collection_subscriptions_pkey',
      'select collection_id from tracker.collection_subscriptions',
    ],
  ])('their own %s by %s', async (_path, index, query) => {
    const plan = await planOf(world.acting(String(at['person_id']), 'stoa_member'), query);
    expect(indexes(plan)).toContain(index);
    expect(scanned(plan)).toEqual([]);
  });

  it('the history of their own torrents by torrent_moderation_torrent_idx', async () => {
    const plan = await planOf(
      world.acting(String(at['person_id']), 'stoa_member'),
      'select action from tracker.torrent_moderation where torrent_id = :torrent_id order by id limit 25',
    );
    expect(indexes(plan)).toContain('torrent_moderation_torrent_idx');
    expect(scanned(plan)).toEqual([]);
  });
});

describe('what runs without row-level security', () => {
  it.each([
    [
      'the search',
      'torrents_search_idx',
      `select id from tracker.torrents where search @@ websearch_to_tsquery('simple', 'word7') and ${listed}`,
    ],
    [
      'the search for files',
      'torrent_files_name_trgm_idx',
      `select torrent_id from tracker.torrent_files where path ilike '%zzq%'`,
    ],
    [
      'the backlog',
      'torrents_pending_idx',
      `select id from tracker.torrents where moderation_status = 'pending' order by id limit 25`,
    ],
    [
      'somebody’s uploads',
      'torrents_uploader_idx',
      'select id from tracker.torrents where uploader_id = :person_id order by id desc limit 25',
    ],
    [
      'the end of free downloads',
      'torrents_freeleech_end_idx',
      `select id from tracker.torrents where freeleech_until <= now()`,
    ],
    [
      'the purge of torrents',
      'torrents_purge_idx',
      `select id from tracker.torrents where deleted_at < now() - interval '30 days'`,
    ],
    [
      'an announce of version 2',
      'torrents_info_hash_v2_short_idx',
      `select id from tracker.torrents where substring(info_hash_v2 from 1 for 20) = '\\x00' and info_hash_v2 is not null`,
    ],
    ['a hybrid', 'torrents_info_hash_v2_key', `select id from tracker.torrents where info_hash_v2 = '\\x00'`],
    [
      'containment in what is known',
      'torrent_metadata_data_idx',
      `select torrent_id from tracker.torrent_metadata where data @> '{"genre": 7}'`,
    ],
    [
      'what is to be fetched',
      'torrent_metadata_stale_idx',
      'select torrent_id from tracker.torrent_metadata where fetched_at is null order by torrent_id limit 25',
    ],
    [
      'what a moderator decided',
      'torrent_moderation_moderator_idx',
      'select id from tracker.torrent_moderation where moderator_id = :person_id',
    ],
    [
      'who put tags on',
      'torrent_tag_assignments_by_idx',
      'select torrent_id from tracker.torrent_tag_assignments where assigned_by = :person_id',
    ],
    [
      'lapsed requests',
      'requests_expiry_idx',
      `select id from tracker.requests where status = 'pending' and expires_at <= now() - interval '2 days' order by expires_at limit 1`,
    ],
    [
      'fills without an answer',
      'requests_confirmation_idx',
      `select id from tracker.requests where status = 'fill_proposed' and filled_at <= now() - interval '72 hours' order by filled_at limit 1`,
    ],
    [
      'the purge of collections',
      'collections_purge_idx',
      `select id from tracker.collections where deleted_at < now() - interval '30 days'`,
    ],
    [
      'who follows a collection',
      'collection_subscriptions_collection_idx',
      'select user_id from tracker.collection_subscriptions where collection_id = :collection_id',
    ],
    [
      'the purge of comments',
      'comments_purge_idx',
      `select id from tracker.comments where deleted_at < now() - interval '30 days'`,
    ],
  ])('%s uses %s', async (_path, index, query) => {
    const plan = await planOf('superuser', query);
    expect(indexes(plan)).toContain(index);
    expect(scanned(plan)).toEqual([]);
  });
});

describe('a page of tracker.browse', () => {
  it.each([
    ['the newest', '', 400],
    ['the oldest', `p_sort => 'oldest'`, 400],
    ['a category', 'p_category_id => :category_number', 400],
    ['a category with fifteen under it', 'p_category_id => 1', 1500],
    ['what is free', 'p_is_freeleech => true', 500],
    ['the best seeded', `p_sort => 'seeders'`, 500],
    ['the most completed', `p_sort => 'completed'`, 500],
    ['a tag', `p_tags => array['tag7']`, 1500],
  ])('of %s reads a bounded part of six thousand torrents, deep down too', async (_path, args, most) => {
    const call = (more: string) =>
      `select id from tracker.browse(${[args, more].filter((part) => part !== '').join(', ')})`;
    const start = await planOf(reader, call(''));
    expect(start.blocks).toBeLessThan(most);

    const key = { seeders: 'seeders', completed: 'times_completed' }[
      /seeders|completed/.exec(args)?.[0] ?? ''
    ];
    const { after } = await world.one<{ after: string }>(
      key === undefined
        ? 'select id::text as after from tracker.torrents order by id offset 3000 limit 1'
        : `select ${key} || ':' || torrent_id as after from tracker.torrent_statistics order by ${key}, torrent_id offset 3000 limit 1`,
    );
    const deep = await planOf(reader, call(`p_after => '${after}'`));
    expect(deep.blocks).toBeLessThan(most);
  });
});
