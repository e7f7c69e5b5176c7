import { beforeAll, describe, expect, it } from 'vitest';
import { type Forum, type Person, type Scene, scene } from './scene.ts';

/** Every index that a page of the design names must serve what it is there for, under row-level security. */
let world: Scene;
let reader: Person;
let visitor: Person;
let forum: Forum;
const at: Record<string, string> = {};

beforeAll(async () => {
  world = await scene();
  const owner = await world.person('admin');
  [reader, visitor] = [await world.person(), world.visitor()];
  for (let index = 0; index < 30; index += 1) forum = await world.forum(owner, `plan-${index}`);
  await world.db.query(`
    insert into core.users (username, class_id, role)
    select 'reader_' || n, class.id, class.role
    from generate_series(1, 150) as n, core.user_classes as class
    where class.is_default`);
  const people = `(select id, row_number() over (order by member_number) - 1 as n from core.users where username like 'reader%')`;
  const places = `(select id, row_number() over (order by slug) - 1 as n from forums.forums)`;
  const idOf = (moment: string): string =>
    `(left(core.uuidv7_floor(${moment})::text, 19) || right(gen_random_uuid()::text, 17))::uuid`;
  await world.db.query(`
    insert into forums.categories (forum_id, name, slug)
    select id, 'C' || n, 'c' || n from forums.forums, generate_series(1, 60) as n;
    insert into forums.flairs (forum_id, name)
    select id, 'F' || n from forums.forums, generate_series(1, 6) as n;

    insert into forums.posts (
      id, forum_id, author_id, category_id, flair_id, title, content,
      upvote_count, downvote_count, score, inserted_at, last_activity_at, is_pinned, pinned_at, deleted_at
    )
    select ${idOf('made.moment')}, made.forum_id, person.id,
      (select id from forums.categories as c where c.forum_id = made.forum_id and c.slug = 'c' || made.n / 30 % 4 + 1),
      case when made.n % 11 = 0 then (select id from forums.flairs as f where f.forum_id = made.forum_id and f.name = 'F' || made.n % 6 + 1) end,
      'Title word' || made.n % 500, repeat(md5(made.n::text) || ' ', 6),
      made.up, made.down, made.up - made.down, made.moment, made.moment + made.n % 50 * interval '1 hour',
      made.n % 97 = 0, case when made.n % 97 = 0 then made.moment end,
      case when made.n % 53 = 0 then made.moment + interval '1 hour' end
    from (
      select step.n, place.id as forum_id, now() - step.n * interval '9 minutes' as moment,
        step.n * 7919 % 400 as up, step.n * 104729 % 60 as down, step.n * 31 % 150 as writer
      from generate_series(1, 12000) as step (n)
      join ${places} as place on place.n = step.n % 30
    ) as made
    join ${people} as person on person.n = made.writer;

    insert into forums.comments (id, post_id, author_id, parent_id, depth, path, content, upvote_count, score, inserted_at, deleted_at)
    select tree.id, tree.post_id, tree.author_id, null, 0, array[tree.id],
      case when tree.n % 41 = 0 then '' else 'Comment word' || tree.n % 300 end,
      tree.n * 31 % 20, tree.n * 31 % 20, tree.moment, case when tree.n % 41 = 0 then tree.moment end
    from (
      select numbered.n, post.id as post_id, person.id as author_id, now() - numbered.n * interval '1 minute' as moment,
        ${idOf("now() - numbered.n * interval '1 minute'")} as id
      from (select id, row_number() over (order by id desc) as place from forums.posts limit 60) as post
      cross join generate_series(1, 120) as step
      cross join lateral (select (post.place * 120 + step)::integer as n) as numbered
      join ${people} as person on person.n = numbered.n % 150
    ) as tree;
    insert into forums.comments (id, post_id, author_id, parent_id, depth, path, content)
    select reply.id, root.post_id, root.author_id, root.id, 1, array[root.id, reply.id], 'Reply'
    from (select *, row_number() over () as n from forums.comments) as root
    cross join lateral (select core.uuidv7() as id, root.n) as reply
    where root.n % 2 = 0;

    insert into forums.post_votes (post_id, user_id, direction)
    select post.id, person.id, 1
    from (select id, row_number() over (order by id) as n from forums.posts limit 2000) as post
    join ${people} as person on (person.n + post.n) % 10 = 0;
    insert into forums.comment_votes (comment_id, user_id, direction)
    select comment.id, person.id, 1
    from (select id, row_number() over (order by id) as n from forums.comments limit 2000) as comment
    join ${people} as person on (person.n + comment.n) % 10 = 0;
    insert into forums.subscriptions (user_id, forum_id)
    select person.id, place.id from ${people} as person join ${places} as place on (person.n + place.n) % 3 = 0;
    insert into forums.post_subscriptions (user_id, post_id)
    select person.id, post.id
    from ${people} as person
    join (select id, row_number() over (order by id) as n from forums.posts) as post on (person.n + post.n) % 150 = 0;
    insert into forums.moderators (forum_id, user_id, permissions)
    select place.id, person.id, 1 from ${people} as person join ${places} as place on (person.n + place.n) % 5 = 0;
    insert into forums.bans (forum_id, user_id, reason, starts_at, banned_until)
    select place.id, person.id, 'Noise', now() - step.n * interval '2 days', now() - step.n * interval '2 days' + interval '1 day'
    from ${people} as person join ${places} as place on (person.n + 1) % 30 = place.n, generate_series(1, 60) as step (n);

    insert into forums.forums (name, slug, owner_id, parent_id, min_read_class_id, min_post_class_id, subscriber_count, deleted_at)
    select 'Many ' || step.n, 'many-' || step.n, person.id,
      case when step.n % 5 = 0 then (select id from forums.forums where slug = 'plan-' || step.n % 30) end,
      case when step.n % 100 = 0 then 5 end, case when step.n % 100 = 0 then 6 end, step.n,
      case when step.n % 50 = 0 then now() - interval '40 days' end
    from generate_series(1, 2000) as step (n)
    join ${people} as person on person.n = step.n % 150;
    analyze`);

  const { rows } = await world.db.query<Record<string, string>>(
    `select post.id as post_id, post.author_id, post.category_id, post.flair_id
     from forums.posts as post
     where forum_id = $1 and category_id is not null and flair_id is not null and deleted_at is null
     order by id desc limit 1`,
    [forum.id],
  );
  Object.assign(at, rows[0], { forum_id: forum.id });
  const { rows: talks } = await world.db.query<Record<string, string>>(
    `select comment.post_id as talk_id, comment.id as comment_id
     from forums.comments as comment join forums.posts as post on post.id = comment.post_id
     where comment.parent_id is null and comment.reply_count > 0 and post.deleted_at is null limit 1`,
  );
  Object.assign(at, talks[0]);
});

interface Plan {
  /** Every node of the tree, for example "Index Scan using posts_hot_idx". */
  readonly nodes: string[];
  /** Blocks that were read, found in memory or not. */
  readonly blocks: number;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

/** `:name` in a query stands for the value of `at`. The second run counts: the first also fills caches. */
async function planOf(person: Person | 'superuser', query: string): Promise<Plan> {
  const values: string[] = [];
  const text = query.replace(/(?<!:):(\w+)/g, (_, name: string) => {
    values.push(at[name] ?? '');
    return `$${values.length}::${/key$/.test(name) ? 'float8' : /_at$/.test(name) ? 'timestamptz' : 'uuid'}`;
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

const columns = 'id, forum_id, title, content, score, hot_rank, comment_count, inserted_at';

describe.each(['stoa_member', 'stoa_anonymous'])('a page of a feed, as %s', (role) => {
  const who = (): Person => (role === 'stoa_member' ? reader : visitor);
  const feeds: [feed: string, index: string, condition: string, order: string, after: string, key: string][] =
    [
      [
        'hot',
        'posts_hot_idx',
        'forum_id = :forum_id',
        'hot_rank desc, id desc',
        '(hot_rank, id) < (:sort_key, :last_id)',
        'hot_rank::text',
      ],
      ['new', 'posts_new_idx', 'forum_id = :forum_id', 'id desc', 'id < :last_id', '0::text'],
      [
        'top',
        'posts_top_idx',
        'forum_id = :forum_id',
        'score desc, id desc',
        '(score, id) < (:sort_key::integer, :last_id)',
        'score::text',
      ],
      [
        'active',
        'posts_active_idx',
        'forum_id = :forum_id',
        'last_activity_at desc, id desc',
        '(last_activity_at, id) < (:moment_at, :last_id)',
        'last_activity_at::text',
      ],
      [
        'hot over all forums',
        'posts_all_hot_idx',
        'true',
        'hot_rank desc, id desc',
        '(hot_rank, id) < (:sort_key, :last_id)',
        'hot_rank::text',
      ],
      ['new over all forums', 'posts_pkey', 'true', 'id desc', 'id < :last_id', '0::text'],
    ];

  it.each(feeds)(
    '%s uses %s, without a sort, and as cheaply deep down as at the top',
    async (_, index, condition, order, after, key) => {
      const from = `select ${columns} from forums.posts where ${condition} and deleted_at is null`;
      const start = await planOf(who(), `${from} order by ${order} limit 26`);
      expect(indexes(start)).toContain(index);

      const rows = await who().read<{ id: string; key: string }>(
        `select id, ${key} as key from forums.posts where ${condition.replace(':forum_id', '$1')} and ($1::uuid is not null) and deleted_at is null
       order by ${order} offset 250 limit 1`,
        [forum.id],
      );
      Object.assign(at, { last_id: rows[0]?.id, sort_key: rows[0]?.key, moment_at: rows[0]?.key });
      const deep = await planOf(who(), `${from} and ${after} order by ${order} limit 26`);
      expect(indexes(deep)).toContain(index);

      for (const plan of [start, deep]) {
        expect(sorted(plan)).toEqual([]);
        expect(scanned(plan)).toEqual([]);
      }
      const listing = await planOf(who(), 'select forums.my_readable_forum_ids()');
      expect(start.blocks - listing.blocks).toBeLessThan(80);
      expect(deep.blocks - listing.blocks).toBeLessThan(80);
    },
  );
});

describe('a member reads', () => {
  const paths: [path: string, index: string, query: string, mayPickNext?: boolean][] = [
    [
      'the pinned posts above a feed',
      'posts_pinned_idx',
      `select ${columns} from forums.posts where forum_id = :forum_id and is_pinned and deleted_at is null `,
    ],
    [
      'the posts of one author',
      'posts_author_idx',
      `select ${columns} from forums.posts where author_id = :author_id order by id desc limit 25`,
    ],
    [
      'the posts of one section',
      'posts_category_idx',
      `select ${columns} from forums.posts where forum_id = :forum_id and category_id = :category_id order by id desc limit 25`,
    ],
    [
      'the posts with a label',
      'posts_flair_idx',
      `select ${columns} from forums.posts where forum_id = :forum_id and flair_id = :flair_id`,
    ],
    ['one post', 'posts_pkey', `select ${columns} from forums.posts where id = :post_id`],
    ['a forum by its address', 'forums_slug_key', `select id from forums.forums where slug = 'plan-3'`],
    [
      'the forums under one',
      'forums_parent_idx',
      `select id from forums.forums where parent_id = :forum_id order by position limit 25`,
    ],
    [
      'the forums of one owner',
      'forums_owner_idx',
      `select id from forums.forums where owner_id = :author_id`,
    ],
    [
      'the directory of forums',
      'forums_public_idx',
      `select id from forums.forums where is_public and deleted_at is null order by subscriber_count desc, id desc limit 25`,
    ],
    [
      'a section by its address',
      'categories_forum_slug_key',
      `select id from forums.categories where forum_id = :forum_id and slug = 'c3'`,
    ],
    [
      'the tree of comments',
      'comments_tree_idx',
      `select id, content from forums.comments where post_id = :talk_id order by path limit 50`,
    ],
    [
      'the best answers to a comment',
      'comments_best_idx',
      `select id, content from forums.comments where post_id = :talk_id and parent_id = :comment_id order by score desc, id limit 25`,
    ],
    [
      'the best comments at the top level',
      'comments_best_idx',
      `select id, content from forums.comments where post_id = :talk_id and parent_id is null order by parent_id, score desc, id limit 25`,
    ],
    [
      'the newest comments of a post',
      'comments_post_id_key',
      `select id, content from forums.comments where post_id = :talk_id order by id desc limit 25`,
    ],
    [
      'the comments of one author',
      'comments_author_idx',
      `select id, content from forums.comments where author_id = :author_id order by id desc limit 25`,
    ],
    ['one comment', 'comments_pkey', `select id, content from forums.comments where id = :comment_id`],
  ];

  it.each(paths)('%s by %s', async (_, index, query) => {
    const plan = await planOf(reader, query);
    expect(indexes(plan)).toContain(index);
    expect(scanned(plan)).toEqual([]);
    if (/order by/.test(query)) expect(sorted(plan)).toEqual([]);
  });

  it.each<[string, string, string]>([
    [
      'votes on the posts of a page',
      'post_votes_user_idx',
      'select direction from forums.post_votes where user_id = (select core.current_user_id()) and post_id = any (array(select id from forums.posts where forum_id = :forum_id order by id desc limit 25))',
    ],
    ['votes on comments', 'comment_votes_user_idx', 'select comment_id, direction from forums.comment_votes'],
    ['subscriptions', 'subscriptions_pkey', 'select forum_id from forums.subscriptions'],
    ['followed posts', 'post_subscriptions_pkey', 'select post_id from forums.post_subscriptions'],
  ])('their own %s by %s', async (_, index, query) => {
    const member = world.acting('reader', at['author_id'], 'stoa_member');
    const plan = await planOf(member, query);
    expect(indexes(plan)).toContain(index);
    expect(scanned(plan)).toEqual([]);
  });
});

describe('what runs without row-level security', () => {
  it.each<[string, string, string]>([
    [
      'search over posts',
      'posts_search_idx',
      `select id from forums.posts where search @@ websearch_to_tsquery('english', 'word7') and deleted_at is null`,
    ],
    [
      'search over comments',
      'comments_search_idx',
      `select id from forums.comments where to_tsvector('english', content) @@ websearch_to_tsquery('english', 'word7') and deleted_at is null`,
    ],
    [
      'the purge of posts',
      'posts_purge_idx',
      `select id from forums.posts where deleted_at < now() - interval '60 days'`,
    ],
    [
      'the purge of comments',
      'comments_purge_idx',
      `select id from forums.comments where deleted_at < now() - interval '3 days'`,
    ],
    [
      'the purge of forums',
      'forums_purge_idx',
      `select id from forums.forums where deleted_at < now() - interval '30 days'`,
    ],
    [
      'the bans of one person',
      'bans_user_idx',
      `select id from forums.bans where user_id = :author_id order by forum_id, starts_at desc`,
    ],
    [
      'the votes on a post',
      'post_votes_pkey',
      'select direction from forums.post_votes where post_id = :post_id',
    ],
    [
      'the votes on a comment',
      'comment_votes_pkey',
      'select direction from forums.comment_votes where comment_id = :comment_id',
    ],
    [
      'the forums that one moderates',
      'moderators_user_idx',
      `select forum_id from forums.moderators where user_id = :author_id`,
    ],
    [
      'the followers of a forum',
      'subscriptions_forum_idx',
      `select user_id from forums.subscriptions where forum_id = :forum_id`,
    ],
    [
      'the followers of a post',
      'post_subscriptions_post_idx',
      `select user_id from forums.post_subscriptions where post_id = :post_id`,
    ],
    ['the bans of a forum', 'bans_forum_idx', `select id from forums.bans where forum_id = :forum_id`],
    [
      'forums for a class of readers',
      'forums_read_class_idx',
      'select id from forums.forums where min_read_class_id = 5',
    ],
    [
      'forums for a class of writers',
      'forums_post_class_idx',
      'select id from forums.forums where min_post_class_id = 6',
    ],
  ])('%s uses %s', async (_, index, query) => {
    const plan = await planOf('superuser', query);
    expect(indexes(plan)).toContain(index);
    expect(scanned(plan)).toEqual([]);
  });
});
