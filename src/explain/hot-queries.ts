/**
 * The queries that a community asks all day, as the API asks them: each with who asks, and with parameters that are
 * taken from the data, the largest case first. `stoa explain` runs them.
 */
export interface HotQuery {
  /** Dotted: module and what is read. */
  readonly name: string;
  readonly module: string;
  readonly description: string;
  readonly persona: 'member' | 'visitor';
  /** One row of texts, read as the owner; `user_id` is who asks. No row: there is no such case in this database. */
  readonly parameters: string;
  /** `:name` stands for a parameter. */
  readonly query: string;
}

const busiestForum = `
  select forum_id::text
  from forums.posts
  where deleted_at is null
  group by forum_id
  order by count(*) desc
  limit 1`;

const anyMember = `
  select id::text as user_id
  from core.users
  where is_active and not is_system
  order by member_number desc nulls last
  limit 1`;

const busiestConversation = `
  select participant.conversation_id::text, participant.user_id::text
  from messaging.conversation_participants as participant
  join messaging.conversations as conversation on conversation.id = participant.conversation_id
  where participant.left_at is null
  order by conversation.last_seq desc, participant.user_id
  limit 1`;

export const hotQueries: readonly HotQuery[] = [
  {
    name: 'forums.hot',
    module: 'forums',
    description: 'The first page of the busiest forum, hottest first.',
    persona: 'visitor',
    parameters: busiestForum,
    query: `select id, title, score, hot_rank from forums.posts
      where forum_id = :forum_id::uuid and deleted_at is null order by hot_rank desc, id desc limit 25`,
  },
  {
    name: 'forums.new',
    module: 'forums',
    description: 'The first page of the busiest forum, newest first.',
    persona: 'visitor',
    parameters: busiestForum,
    query: `select id, title, score from forums.posts
      where forum_id = :forum_id::uuid and deleted_at is null order by id desc limit 25`,
  },
  {
    name: 'forums.deep_page',
    module: 'forums',
    description: 'A page in the middle of the busiest forum, by its cursor.',
    persona: 'visitor',
    parameters: `
      select forum_id::text, id::text as cursor
      from forums.posts
      where forum_id = (select forum_id from forums.posts group by forum_id order by count(*) desc limit 1)
      order by id
      offset (select count(*) / 2 from forums.posts as every where every.forum_id = (
        select forum_id from forums.posts group by forum_id order by count(*) desc limit 1
      ))
      limit 1`,
    query: `select id, title from forums.posts
      where forum_id = :forum_id::uuid and deleted_at is null and id < :cursor::uuid order by id desc limit 25`,
  },
  {
    name: 'forums.comments',
    module: 'forums',
    description: 'The first comments of the post that has most.',
    persona: 'visitor',
    parameters: 'select post_id::text from forums.comments group by post_id order by count(*) desc limit 1',
    query: `select id, content, score from forums.comments
      where post_id = :post_id::uuid and parent_id is null order by score desc, id desc limit 25`,
  },
  {
    name: 'messaging.feed',
    module: 'messaging',
    description: 'The newest messages of the longest conversation.',
    persona: 'member',
    parameters: busiestConversation,
    query: `select id, sender_id, content from messaging.messages
      where conversation_id = :conversation_id::uuid order by conversation_id, id desc limit 50`,
  },
  {
    name: 'messaging.conversations',
    module: 'messaging',
    description: 'The conversations of whoever has most of them.',
    persona: 'member',
    parameters: `
      select user_id::text
      from messaging.conversation_participants
      where left_at is null
      group by user_id
      order by count(*) desc
      limit 1`,
    query:
      'select id, name, last_message_at from messaging.conversations order by last_message_at desc limit 25',
  },
  {
    name: 'groups.feed',
    module: 'groups',
    description: 'The newest messages of the busiest channel, for a member of its group.',
    persona: 'member',
    parameters: `
      select channel.id::text as channel_id, member.user_id::text
      from groups.channels as channel
      join groups.group_members as member on member.group_id = channel.group_id
      where channel.deleted_at is null and not channel.is_private
      order by channel.last_seq desc, member.user_id
      limit 1`,
    query: `select id, sender_id, content from groups.channel_messages
      where channel_id = :channel_id::uuid order by channel_id, id desc limit 50`,
  },
  {
    name: 'notifications.newest',
    module: 'notifications',
    description: 'The newest notifications of whoever has most of them.',
    persona: 'member',
    parameters:
      'select user_id::text from notifications.notifications group by user_id order by count(*) desc limit 1',
    query: 'select id, type, title from notifications.notifications order by id desc limit 25',
  },
  {
    name: 'social.friends',
    module: 'social',
    description: 'The friends of whoever has most of them.',
    persona: 'member',
    parameters:
      'select user_id::text from social.friend_edges group by user_id order by count(*) desc limit 1',
    query: 'select friend_id, since from social.friends where user_id = :user_id::uuid limit 50',
  },
  {
    name: 'social.suggestions',
    module: 'social',
    description: 'Suggestions for whoever has most friends.',
    persona: 'member',
    parameters:
      'select user_id::text from social.friend_edges group by user_id order by count(*) desc limit 1',
    query: 'select user_id, mutual_count from social.suggest_friends(10)',
  },
  {
    name: 'tracker.browse',
    module: 'tracker',
    description: 'The newest torrents.',
    persona: 'member',
    parameters: anyMember,
    query: 'select id, name, size_bytes from tracker.torrents order by id desc limit 25',
  },
  {
    name: 'governance.open',
    module: 'governance',
    description: 'The newest proposals.',
    persona: 'member',
    parameters: anyMember,
    query: 'select id, title, status from governance.proposals order by id desc limit 25',
  },
];
