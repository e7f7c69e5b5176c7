import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';
import type { Person } from './people.ts';
import { insertRows } from './rows.ts';
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

async function makeForums(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  now: Date,
): Promise<void> {
  const started = new Date(now.getTime() - (historyHours + 24) * hourMs);
  for (const [index, forum] of demoForums.entries()) {
    const id = chance.idAt(started);
    const owner = people[index % people.length];
    await insertRows(client, 'forums.forums', [
      {
        id,
        slug: forum.slug,
        name: forum.name,
        description: forum.description,
        layout: forum.layout,
        position: 3 + index,
        owner_id: owner?.id,
        inserted_at: started,
      },
    ]);
    await insertRows(
      client,
      'forums.categories',
      forum.categories.map((name, position) => ({
        id: chance.idAt(started),
        forum_id: id,
        name,
        slug: name.toLowerCase(),
        position,
        inserted_at: started,
      })),
    );
    await insertRows(
      client,
      'forums.flairs',
      forum.flairs.map((name, position) => ({
        id: chance.idAt(started),
        forum_id: id,
        name,
        position,
        inserted_at: started,
      })),
    );
    // Two people who help out: one may delete and lock, the other may also appoint.
    await insertRows(
      client,
      'forums.moderators',
      people.slice(2, 4).map((person, place) => ({
        forum_id: id,
        user_id: person.id,
        permissions: [3, 511][place],
        appointed_by: owner?.id,
        appointed_at: started,
      })),
    );
  }
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

/** The demo account has something in its bell: the last answers to its posts, an entry for each post. */
async function ringBell(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  posts: readonly PostRow[],
  comments: readonly CommentRow[],
): Promise<void> {
  const [visitor] = people;
  const own = posts.filter((post) => post.author_id === visitor?.id);
  const answers = new Map<string, CommentRow[]>(own.map((post) => [post.id, []]));
  for (const comment of comments) {
    if (comment.author_id !== visitor?.id) answers.get(comment.post_id)?.push(comment);
  }
  const answered = own.flatMap((post) => {
    const newest = answers.get(post.id)?.at(-1);
    return newest ? [{ post, newest, amount: answers.get(post.id)?.length ?? 0 }] : [];
  });
  const latest = answered
    .sort((one, other) => one.newest.inserted_at.getTime() - other.newest.inserted_at.getTime())
    .slice(-20)
    .map((entry) => ({ ...entry, id: chance.idAt(entry.newest.inserted_at) }));
  await insertRows(
    client,
    'notifications.notifications',
    latest.map(({ post, newest, amount, id }) => ({
      user_id: post.author_id,
      id,
      actor_id: newest.author_id,
      type: 'forum_comment',
      title:
        `${people.find((person) => person.id === newest.author_id)?.displayName} commented on ${post.title}`.slice(
          0,
          255,
        ),
      body: newest.content.slice(0, 200),
      data: { forum_id: post.forum_id, post_id: post.id, comment_id: newest.id },
      group_key: `post:${post.id}:comments`,
      count: amount,
      inserted_at: newest.inserted_at,
      updated_at: newest.inserted_at,
    })),
  );
  await insertRows(
    client,
    'notifications.open_groups',
    latest.map(({ post, newest, id }) => ({
      user_id: post.author_id,
      group_key: `post:${post.id}:comments`,
      notification_id: id,
      inserted_at: newest.inserted_at,
      updated_at: newest.inserted_at,
    })),
  );
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
  await makeForums(client, chance, people, now);
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

  await insertRows(
    client,
    'forums.posts',
    posts.map((post) => ({ ...post, updated_at: post.inserted_at, last_activity_at: post.inserted_at })),
  );
  const polls = posts.filter((post) => post.type === 'poll');
  await insertRows(
    client,
    'forums.polls',
    polls.map((post) => ({ post_id: post.id, multiple_choice: false, inserted_at: post.inserted_at })),
  );
  await insertRows(
    client,
    'forums.poll_options',
    polls.flatMap((post) =>
      ['Yes', 'No', 'It depends'].map((label, position) => ({ post_id: post.id, position, label })),
    ),
  );
  await insertRows(
    client,
    'forums.poll_votes',
    polls.flatMap((post) =>
      chance.several(people, 5 + chance.below(30)).map((person) => ({
        post_id: post.id,
        user_id: person.id,
        position: chance.below(3),
        inserted_at: now,
      })),
    ),
  );
  await insertRows(
    client,
    'forums.comments',
    comments.map((comment) => ({ ...comment, updated_at: comment.inserted_at })),
  );
  const cast = (subject: 'post_id' | 'comment_id', votes: readonly VoteRow[]): object[] =>
    votes.map(({ subject_id, ...vote }) => ({
      [subject]: subject_id,
      ...vote,
      inserted_at: now,
      updated_at: now,
    }));
  await insertRows(client, 'forums.post_votes', cast('post_id', postVotes));
  await insertRows(client, 'forums.comment_votes', cast('comment_id', commentVotes));
  const subscriptions = people.flatMap((person, index) =>
    forums
      .filter(() => index === 0 || chance.next() < 0.6)
      .map((forum) => ({ user_id: person.id, forum_id: forum.id, inserted_at: now })),
  );
  await insertRows(client, 'forums.subscriptions', subscriptions);
  await insertRows(
    client,
    'forums.post_subscriptions',
    posts.map((post) => ({ user_id: post.author_id, post_id: post.id, inserted_at: post.inserted_at })),
  );
  // The newest announcement stays on top.
  await client.query(
    `update forums.posts set is_pinned = true, pinned_at = inserted_at
     where id = (select last_post_id from forums.forums where slug = 'announcements')`,
  );
  await ringBell(client, chance, people, posts, comments);
  return {
    forums: forums.length,
    posts: posts.length,
    comments: comments.length,
    votes: postVotes.length + commentVotes.length,
    subscriptions: subscriptions.length,
  };
}
