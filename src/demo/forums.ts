import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';
import type { Person } from './people.ts';
import { answersOf, phrase, topicOf } from './talk.ts';

/** Beside the three forums of the base. The demo account owns the first. */
const demoForums = [
  {
    slug: 'home-cooking',
    name: 'Home cooking',
    description: 'What is on the stove, and why it went wrong.',
    layout: 'threaded',
    categories: ['Recipes', 'Tools', 'Questions'],
    flairs: ['Solved', 'Photo', 'Cheap'],
  },
  {
    slug: 'city-cycling',
    name: 'City cycling',
    description: 'A board for those who ride to work.',
    layout: 'flat',
    categories: ['Routes', 'Repairs'],
    flairs: ['Warning', 'Photo'],
  },
] as const;

interface ForumPlan {
  readonly id: string;
  readonly slug: string;
  readonly isFlat: boolean;
  readonly categories: readonly string[];
  readonly flairs: readonly string[];
}

interface PostRow {
  readonly id: string;
  readonly forum_id: string;
  readonly author_id: string;
  readonly category_id: string | null;
  readonly flair_id: string | null;
  readonly type: string;
  readonly title: string;
  readonly content: string;
  readonly link_url: string | null;
  readonly inserted_at: Date;
}

interface CommentRow {
  readonly id: string;
  readonly post_id: string;
  readonly author_id: string;
  readonly parent_id: string | null;
  readonly depth: number;
  readonly path: readonly string[];
  readonly content: string;
  readonly inserted_at: Date;
}

interface VoteRow {
  readonly subject_id: string;
  readonly user_id: string;
  readonly direction: number;
}

export interface ForumCounts {
  readonly forums: number;
  readonly posts: number;
  readonly comments: number;
  readonly votes: number;
  readonly subscriptions: number;
}

const hourMs = 3_600_000;
const historyHours = 28 * 24;

async function makeForums(client: ClientBase, people: readonly Person[]): Promise<void> {
  for (const [index, forum] of demoForums.entries()) {
    await client.query(
      `with made as (
         insert into forums.forums (slug, name, description, layout, owner_id)
         values ($1, $2, $3, $4, $5)
         returning id
       ),
       sections as (
         insert into forums.categories (forum_id, name, slug, position)
         select made.id, section.name, lower(section.name), section.place - 1
         from made, unnest($6::text[]) with ordinality as section (name, place)
       )
       insert into forums.flairs (forum_id, name, position)
       select made.id, label.name, label.place - 1
       from made, unnest($7::text[]) with ordinality as label (name, place)`,
      [
        forum.slug,
        forum.name,
        forum.description,
        forum.layout,
        people[index]?.id,
        forum.categories,
        forum.flairs,
      ],
    );
  }
  // Two people who help out: one may delete and lock, the other may also appoint.
  await client.query(
    `insert into forums.moderators (forum_id, user_id, permissions, appointed_by)
     select forum.id, helper.id, helper.permissions, forum.owner_id
     from forums.forums as forum, unnest($1::uuid[], $2::bigint[]) as helper (id, permissions)
     where forum.slug = any ($3)`,
    [people.slice(2, 4).map((person) => person.id), [3, 511], demoForums.map((forum) => forum.slug)],
  );
}

async function readForums(client: ClientBase): Promise<ForumPlan[]> {
  const slugs = ['announcements', 'general', 'help', ...demoForums.map((forum) => forum.slug)];
  const { rows } = await client.query<ForumPlan>(
    `select forum.id, forum.slug, forum.layout = 'flat' as "isFlat",
       array(select category.id from forums.categories as category where category.forum_id = forum.id order by category.position) as categories,
       array(select flair.id from forums.flairs as flair where flair.forum_id = forum.id order by flair.position) as flairs
     from forums.forums as forum
     where forum.slug = any ($1)
     order by array_position($1, forum.slug::text)`,
    [slugs],
  );
  return rows;
}

/** How many of the posts a forum gets. */
const shares: Readonly<Record<string, number>> = {
  announcements: 0.04,
  general: 0.3,
  help: 0.12,
  'home-cooking': 0.34,
  'city-cycling': 0.2,
};

function inventPost(chance: Chance, forum: ForumPlan, author: Person, moment: Date): PostRow {
  const topic = topicOf(forum.slug);
  const subject = chance.pick(topic.subjects);
  const kind = chance.next();
  const isLink = kind < 0.2;
  const sentences = chance.several(topic.bodies, 1 + chance.below(4));
  return {
    id: chance.idAt(moment),
    forum_id: forum.id,
    author_id: author.id,
    category_id: forum.categories.length > 0 && chance.next() < 0.7 ? chance.pick(forum.categories) : null,
    flair_id: forum.flairs.length > 0 && chance.next() < 0.25 ? chance.pick(forum.flairs) : null,
    type: isLink ? 'link' : kind > 0.97 && forum.slug !== 'announcements' ? 'poll' : 'text',
    title: phrase(chance.pick(topic.titles), subject),
    content: isLink ? '' : sentences.map((sentence) => phrase(sentence, subject)).join(' '),
    link_url: isLink
      ? `https://${chance.pick(topic.sites)}/${subject.replace(/[^a-z0-9]+/g, '-')}/${1 + chance.below(900)}`
      : null,
    inserted_at: moment,
  };
}

/** A discussion that goes on for some hours, half of it answers to answers. */
function inventComments(
  chance: Chance,
  forum: ForumPlan,
  post: PostRow,
  people: readonly Person[],
  amount: number,
  now: Date,
): CommentRow[] {
  const topic = topicOf(forum.slug);
  const comments: CommentRow[] = [];
  let moment = post.inserted_at.getTime();
  for (let index = 0; index < amount; index += 1) {
    moment += 60_000 + chance.next() * chance.next() * 5 * hourMs;
    if (moment > now.getTime()) break;
    const at = new Date(moment);
    const id = chance.idAt(at);
    const parent =
      !forum.isFlat && comments.length > 0 && chance.next() < 0.55 ? chance.pick(comments) : undefined;
    const isNested = parent !== undefined && parent.depth < 8;
    comments.push({
      id,
      post_id: post.id,
      author_id: chance.pick(people).id,
      parent_id: isNested ? parent.id : null,
      depth: isNested ? parent.depth + 1 : 0,
      path: isNested ? [...parent.path, id] : [id],
      content: chance
        .several(answersOf(topic), 1 + chance.below(2))
        .map((sentence) => phrase(sentence, chance.pick(topic.subjects)))
        .join(' '),
      inserted_at: at,
    });
  }
  return comments;
}

function inventVotes(
  chance: Chance,
  subject: string,
  author: string,
  people: readonly Person[],
  amount: number,
  approval: number,
): VoteRow[] {
  const voters = chance.several(
    people.filter((person) => person.id !== author),
    amount,
  );
  return [
    { subject_id: subject, user_id: author, direction: 1 },
    ...voters.map((person) => ({
      subject_id: subject,
      user_id: person.id,
      direction: chance.next() < approval ? 1 : -1,
    })),
  ];
}

/** In pieces, so that no statement carries more than some megabytes. */
async function insertAll(client: ClientBase, statement: string, rows: readonly object[]): Promise<number> {
  const atOnce = 5_000;
  for (let start = 0; start < rows.length; start += atOnce) {
    await client.query(statement, [JSON.stringify(rows.slice(start, start + atOnce))]);
  }
  return rows.length;
}

/**
 * Five forums with the posts, comments and votes of four weeks. Rows are written in bulk, so the triggers of the
 * tables keep the counters.
 */
export async function fillForums(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  options: { readonly posts: number; readonly now: Date },
): Promise<ForumCounts> {
  const { now } = options;
  await makeForums(client, people);
  const forums = await readForums(client);
  const staff = people.slice(0, 4);

  const posts: PostRow[] = [];
  const comments: CommentRow[] = [];
  const postVotes: VoteRow[] = [];
  const commentVotes: VoteRow[] = [];
  for (const forum of forums) {
    const amount = Math.max(1, Math.round(options.posts * (shares[forum.slug] ?? 0)));
    for (let index = 0; index < amount; index += 1) {
      // More of them lately: the community grows.
      const ageHours = historyHours * chance.next() ** 1.5;
      const moment = new Date(now.getTime() - ageHours * hourMs - 60_000);
      const author = chance.pick(forum.slug === 'announcements' ? staff : people);
      const post = inventPost(chance, forum, author, moment);
      posts.push(post);
      const attention = chance.attention();
      const approval = chance.next() < 0.06 ? 0.2 : 0.88;
      postVotes.push(...inventVotes(chance, post.id, author.id, people, Math.round(attention * 6), approval));
      for (const comment of inventComments(
        chance,
        forum,
        post,
        people,
        Math.min(60, Math.round(attention * 3)),
        now,
      )) {
        comments.push(comment);
        commentVotes.push(
          ...inventVotes(
            chance,
            comment.id,
            comment.author_id,
            people,
            Math.round(chance.attention()),
            0.8,
          ).slice(1),
        );
      }
    }
  }

  await insertAll(
    client,
    `insert into forums.posts
       (id, forum_id, author_id, category_id, flair_id, type, title, content, link_url, inserted_at, updated_at, last_activity_at)
     select id, forum_id, author_id, category_id, flair_id, type, title, content, link_url, inserted_at, inserted_at, inserted_at
     from jsonb_to_recordset($1) as post
       (id uuid, forum_id uuid, author_id uuid, category_id uuid, flair_id uuid, type text, title text, content text,
        link_url text, inserted_at timestamptz)`,
    posts,
  );
  const polls = posts.filter((post) => post.type === 'poll').map((post) => ({ post_id: post.id }));
  await insertAll(
    client,
    `insert into forums.polls (post_id) select post_id from jsonb_to_recordset($1) as poll (post_id uuid)`,
    polls,
  );
  await insertAll(
    client,
    `insert into forums.poll_options (post_id, position, label)
     select poll.post_id, option.position - 1, option.label
     from jsonb_to_recordset($1) as poll (post_id uuid),
       unnest(array['Yes', 'No', 'It depends']) with ordinality as option (label, position)`,
    polls,
  );
  await insertAll(
    client,
    `insert into forums.poll_votes (post_id, user_id, position)
     select post_id, user_id, position from jsonb_to_recordset($1) as ballot (post_id uuid, user_id uuid, position smallint)`,
    polls.flatMap(({ post_id }) =>
      chance
        .several(people, 5 + chance.below(30))
        .map((person) => ({ post_id, user_id: person.id, position: chance.below(3) })),
    ),
  );
  await insertAll(
    client,
    `insert into forums.comments
       (id, post_id, author_id, parent_id, depth, path, content, inserted_at, updated_at)
     select id, post_id, author_id, parent_id, depth, path, content, inserted_at, inserted_at
     from jsonb_to_recordset($1) as comment
       (id uuid, post_id uuid, author_id uuid, parent_id uuid, depth smallint, path uuid[], content text,
        inserted_at timestamptz)`,
    comments,
  );
  await insertAll(
    client,
    `insert into forums.post_votes (post_id, user_id, direction)
     select subject_id, user_id, direction
     from jsonb_to_recordset($1) as vote (subject_id uuid, user_id uuid, direction smallint)`,
    postVotes,
  );
  await insertAll(
    client,
    `insert into forums.comment_votes (comment_id, user_id, direction)
     select subject_id, user_id, direction
     from jsonb_to_recordset($1) as vote (subject_id uuid, user_id uuid, direction smallint)`,
    commentVotes,
  );
  const subscriptions = people.flatMap((person, index) =>
    forums
      .filter(() => index === 0 || chance.next() < 0.6)
      .map((forum) => ({ user_id: person.id, forum_id: forum.id })),
  );
  await insertAll(
    client,
    `insert into forums.subscriptions (user_id, forum_id)
     select user_id, forum_id from jsonb_to_recordset($1) as subscription (user_id uuid, forum_id uuid)`,
    subscriptions,
  );
  await insertAll(
    client,
    `insert into forums.post_subscriptions (user_id, post_id)
     select author_id, id from jsonb_to_recordset($1) as post (author_id uuid, id uuid)`,
    posts,
  );
  // The newest announcement stays on top.
  await client.query(
    `update forums.posts set is_pinned = true, pinned_at = inserted_at
     where id = (select last_post_id from forums.forums where slug = 'announcements')`,
  );
  // The demo account has something in its bell.
  await client.query(
    `select notifications.notify(
       post.author_id, 'forum_comment', author.display_name || ' commented on ' || post.title, left(comment.content, 200),
       jsonb_build_object('forum_id', post.forum_id, 'post_id', post.id, 'comment_id', comment.id),
       comment.author_id, 'post:' || post.id || ':comments'
     )
     from forums.posts as post
     join forums.comments as comment on comment.post_id = post.id and comment.author_id <> post.author_id
     join core.users as author on author.id = comment.author_id
     where post.author_id = $1
     order by comment.id desc
     limit 20`,
    [people[0]?.id],
  );
  return {
    forums: forums.length,
    posts: posts.length,
    comments: comments.length,
    votes: postVotes.length + commentVotes.length,
    subscriptions: subscriptions.length,
  };
}
