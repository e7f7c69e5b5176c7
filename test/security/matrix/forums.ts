import type { Cells, FixtureRow, ModuleMatrix, Person, Persona } from './cells.ts';
import { closedToEverybody } from './cells.ts';
import { id, idOf } from './people.ts';

/**
 * The forums of the little world:
 *
 * | forum   |                                                                                          |
 * |---------|------------------------------------------------------------------------------------------|
 * | open    | public, of the owner                                                                     |
 * | vault   | not public, of the owner                                                                 |
 * | club    | not public, of the stranger; the member is subscribed                                    |
 * | council | not public, of the stranger; the owner persona moderates it                              |
 * | elders  | public, from class 5 on                                                                  |
 * | shunned | public; the member is banned there                                                       |
 * | closed  | public, of the owner, deleted                                                            |
 */
const forumIds = {
  open: id(0x101),
  vault: id(0x102),
  club: id(0x103),
  council: id(0x104),
  elders: id(0x105),
  shunned: id(0x106),
  closed: id(0x107),
};
type ForumName = keyof typeof forumIds;
const forumNames = ['open', 'vault', 'club', 'council', 'elders', 'shunned', 'closed'] as const;

const forumOwner: Readonly<Record<ForumName, Person>> = {
  open: 'owner',
  vault: 'owner',
  club: 'stranger',
  council: 'stranger',
  elders: 'stranger',
  shunned: 'stranger',
  closed: 'owner',
};

/** Who may read which forum, and with it everything that is read "as the forum". */
const readable = {
  anonymous: ['open', 'shunned'],
  owner: ['open', 'vault', 'council', 'shunned'],
  member: ['open', 'club'],
} as const;

/** Read by whoever may read the forum, by moderators and administrators whole; written by functions only. */
const asForum: Readonly<Record<Persona, Cells>> = {
  anonymous: [readable.anonymous, 'denied', 'denied', 'denied'],
  owner: [readable.owner, 'denied', 'denied', 'denied'],
  member: [readable.member, 'denied', 'denied', 'denied'],
  moderator: ['all', 'denied', 'denied', 'denied'],
  admin: ['all', 'denied', 'denied', 'denied'],
  banned: [readable.anonymous, 'denied', 'denied', 'denied'],
};

function inEveryForum(
  first: number,
  values: (forum: ForumName) => Record<string, unknown>,
): readonly FixtureRow[] {
  return forumNames.map((forum, index) => ({
    label: forum,
    belongsTo: forumOwner[forum],
    values: { id: id(first + index), forum_id: forumIds[forum], ...values(forum) },
  }));
}

const longAgo = '2026-01-01';
const yesterday = new Date(Date.now() - 86_400_000).toISOString();

interface FixturePost {
  readonly label: string;
  readonly id: string;
  readonly forum: ForumName;
  readonly author: Person;
  readonly deletedAt?: string;
}

function deletedPost(
  number: number,
  label: string,
  forum: ForumName,
  author: Person,
  deletedAt = yesterday,
): FixturePost {
  return { label, id: id(number), forum, author, deletedAt };
}

const posts: readonly FixturePost[] = [
  ...forumNames.map((forum, index) => ({
    label: forum,
    id: id(0x131 + index),
    forum,
    author: forumOwner[forum],
  })),
  deletedPost(0x141, 'own, deleted yesterday', 'shunned', 'owner'),
  deletedPost(0x142, 'own, deleted long ago', 'shunned', 'owner', longAgo),
  deletedPost(0x143, 'of another, deleted', 'shunned', 'stranger'),
  deletedPost(0x144, 'deleted, where the owner moderates', 'council', 'stranger'),
  deletedPost(0x145, 'deleted, in a forum of the owner', 'vault', 'stranger'),
];

/** Deleted posts that whoever owns or moderates their forum still reads. */
const moderatedPosts = ['deleted, where the owner moderates', 'deleted, in a forum of the owner'];

const readablePosts = {
  anonymous: readable.anonymous,
  owner: [...readable.owner, 'own, deleted yesterday', ...moderatedPosts],
  member: readable.member,
} as const;

/** Read by whoever may read the post. */
const asPost: Readonly<Record<Persona, Cells>> = {
  anonymous: [readablePosts.anonymous, 'denied', 'denied', 'denied'],
  owner: [readablePosts.owner, 'denied', 'denied', 'denied'],
  member: [readablePosts.member, 'denied', 'denied', 'denied'],
  moderator: ['all', 'denied', 'denied', 'denied'],
  admin: ['all', 'denied', 'denied', 'denied'],
  banned: [readablePosts.anonymous, 'denied', 'denied', 'denied'],
};

function onEveryPost(
  values: (post: (typeof posts)[number]) => Record<string, unknown>,
): readonly FixtureRow[] {
  return posts.map((post) => ({
    label: post.label,
    belongsTo: post.author,
    values: { post_id: post.id, ...values(post) },
  }));
}

const [openPost] = posts;
if (openPost === undefined) throw new Error('the world has no post');

const comments: readonly FixtureRow[] = [
  ...posts.map((post, index) => ({
    label: post.label,
    belongsTo: 'stranger' as const,
    values: {
      id: id(0x151 + index),
      post_id: post.id,
      author_id: idOf('stranger'),
      path: [id(0x151 + index)],
      content: 'Well said.',
    },
  })),
  {
    label: 'tombstone',
    belongsTo: 'owner',
    values: {
      id: id(0x161),
      post_id: openPost.id,
      author_id: idOf('owner'),
      path: [id(0x161)],
      content: '',
      deleted_at: longAgo,
    },
  },
];

const commentId = id(0x151);

/** Rows of these people, one each. */
function of(
  people: readonly Person[],
  values: (person: Person) => Record<string, unknown>,
): readonly FixtureRow[] {
  return people.map((person) => ({
    label: person,
    belongsTo: person,
    values: { user_id: idOf(person), ...values(person) },
  }));
}

const voters: readonly Person[] = ['owner', 'moderator', 'admin', 'banned', 'stranger'];

/** Each sees what is theirs, administrators see all. */
const ownOrAdministrator: Readonly<Record<Persona, Cells>> = {
  anonymous: ['denied', 'denied', 'denied', 'denied'],
  owner: ['own', 'denied', 'denied', 'denied'],
  member: ['none', 'denied', 'denied', 'denied'],
  moderator: ['own', 'denied', 'denied', 'denied'],
  admin: ['all', 'denied', 'denied', 'denied'],
  banned: ['denied', 'denied', 'denied', 'denied'],
};

export const forums: ModuleMatrix = {
  'forums.forums': {
    rows: forumNames.map((forum) => ({
      label: forum,
      belongsTo: forumOwner[forum],
      values: {
        id: forumIds[forum],
        name: forum,
        slug: forum,
        owner_id: idOf(forumOwner[forum]),
        is_public: !['vault', 'club', 'council'].includes(forum),
        min_read_class_id: forum === 'elders' ? 5 : null,
        deleted_at: forum === 'closed' ? yesterday : null,
      },
    })),
    cells: asForum,
  },

  'forums.categories': {
    rows: inEveryForum(0x111, () => ({ name: 'General', slug: 'general' })),
    cells: asForum,
  },

  'forums.flairs': { rows: inEveryForum(0x121, () => ({ name: 'Question' })), cells: asForum },

  'forums.moderators': {
    rows: forumNames.map((forum) => ({
      label: forum,
      values: {
        forum_id: forumIds[forum],
        user_id: idOf(forum === 'council' ? 'owner' : 'friend'),
        permissions: 511,
      },
    })),
    cells: asForum,
  },

  'forums.subscriptions': {
    rows: [
      {
        label: 'the member, to the club',
        belongsTo: 'member',
        values: { user_id: idOf('member'), forum_id: forumIds.club },
      },
      ...(['owner', 'moderator', 'stranger'] as const).map((person) => ({
        label: `${person}, to open`,
        belongsTo: person,
        values: { user_id: idOf(person), forum_id: forumIds.open },
      })),
    ],
    cells: { ...ownOrAdministrator, member: ['own', 'denied', 'denied', 'denied'] },
  },

  'forums.bans': {
    rows: [
      {
        label: 'of the member, in shunned',
        belongsTo: 'member',
        values: { id: id(0x171), forum_id: forumIds.shunned, user_id: idOf('member'), reason: 'Spam.' },
      },
      {
        label: 'of the stranger, in the council',
        belongsTo: 'stranger',
        values: { id: id(0x172), forum_id: forumIds.council, user_id: idOf('stranger'), reason: 'Spam.' },
      },
    ],
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: [['of the stranger, in the council'], 'denied', 'denied', 'denied'],
      member: ['own', 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'forums.posts': {
    rows: posts.map((post) => ({
      label: post.label,
      belongsTo: post.author,
      values: {
        id: post.id,
        forum_id: forumIds[post.forum],
        author_id: idOf(post.author),
        title: post.label,
        content: 'Common ground.',
        deleted_at: post.deletedAt ?? null,
      },
    })),
    cells: asPost,
  },

  'forums.post_attachments': {
    rows: onEveryPost(() => ({ upload_id: id(0x61) })),
    cells: asPost,
  },

  'forums.polls': { rows: onEveryPost(() => ({})), cells: asPost },

  'forums.poll_options': { rows: onEveryPost(() => ({ position: 0, label: 'Yes' })), cells: asPost },

  'forums.poll_votes': {
    rows: of(voters, () => ({ post_id: openPost.id, position: 0 })),
    cells: { ...ownOrAdministrator, admin: ['own', 'denied', 'denied', 'denied'] },
  },

  'forums.comments': {
    rows: comments,
    cells: {
      anonymous: [[...readable.anonymous, 'tombstone'], 'denied', 'denied', 'denied'],
      owner: [[...readable.owner, ...moderatedPosts, 'tombstone'], 'denied', 'denied', 'denied'],
      member: [[...readable.member, 'tombstone'], 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: [[...readable.anonymous, 'tombstone'], 'denied', 'denied', 'denied'],
    },
  },

  'forums.removed_texts': {
    rows: [
      {
        label: 'text of the tombstone',
        belongsTo: 'owner',
        values: { comment_id: id(0x161), content: 'Regretted.' },
      },
    ],
    cells: closedToEverybody,
  },

  'forums.post_votes': {
    rows: of(voters, () => ({ post_id: openPost.id, direction: 1 })),
    cells: ownOrAdministrator,
  },

  'forums.comment_votes': {
    rows: of(voters, () => ({ comment_id: commentId, direction: 1 })),
    cells: ownOrAdministrator,
  },

  'forums.post_subscriptions': {
    rows: of(voters, () => ({ post_id: openPost.id })),
    cells: ownOrAdministrator,
  },

  'forums.post_view_deltas': {
    rows: [{ label: 'view', values: { post_id: openPost.id } }],
    cells: closedToEverybody,
  },

  'forums.imported_posts': {
    rows: [
      {
        label: 'origin',
        values: {
          post_id: openPost.id,
          source: 'reddit',
          external_id: 't3_1',
          upvote_count: 0,
          downvote_count: 0,
        },
      },
    ],
    cells: closedToEverybody,
  },
};
