-- Why: forums: boards that may nest, posts that are voted on, trees of comments,
-- polls, labels, moderators with their own powers and bans, and the origin of posts that were imported.
-- Lock order of everything in this module, in functions and in triggers alike: forum, then posts by id, then comments
-- by id, then what hangs on them (options, votes); rows of one kind are always locked in the order of their keys.
-- Locks: none on anything that holds data. Back: drops the schema with all forums in it.

-- Up Migration

create schema forums;
comment on schema forums is 'Forums: posts with votes, trees of comments, polls, labels, subscriptions, moderators and bans.';

grant usage on schema forums to stoa_anonymous, stoa_worker;

-- Object: forums/functions/hot_rank.sql
create or replace function forums.hot_rank(p_score integer, p_at timestamptz)
returns double precision
language sql
immutable
parallel safe
begin atomic
  select case
    when p_score = 0 then 0::double precision
    else sign(p_score::double precision) * (
      ln(abs(p_score::double precision)) / 0.69314718055994530942::double precision
      + extract(epoch from (p_at at time zone 'UTC'))::double precision / 43200
    )
  end;
end;

comment on function forums.hot_rank(integer, timestamptz) is
  E'@internal\nThe key of the hot feed: its order is that of score / 2^(age / 12 hours), but it does not depend on the present moment, so an index can hold it. For a positive score log2(score) + epoch / 43200, mirrored for a negative one, 0 for 0. The half-life is a constant: changing it rewrites forums.posts.';

revoke all on function forums.hot_rank(integer, timestamptz) from public;
grant execute on function forums.hot_rank(integer, timestamptz) to stoa_anonymous, stoa_worker;

-- End of objects

create table forums.forums (
  id uuid not null default core.uuidv7(),
  parent_id uuid,
  name varchar(100) not null,
  slug varchar(100) not null,
  description text,
  icon_url text,
  banner_url text,
  custom_css text,
  owner_id uuid not null,
  layout text not null default 'threaded',
  position integer not null default 0,
  is_public boolean not null default true,
  is_nsfw boolean not null default false,
  auto_upvote_own boolean not null default true,
  min_read_class_id smallint,
  min_post_class_id smallint,
  subscriber_count integer not null default 0,
  post_count integer not null default 0,
  last_post_id uuid,
  last_post_at timestamptz,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint forums_pkey primary key (id),
  constraint forums_parent_id_fkey foreign key (parent_id) references forums.forums (id) on delete restrict,
  constraint forums_owner_id_fkey foreign key (owner_id) references core.users (id) on delete restrict,
  constraint forums_min_read_class_id_fkey foreign key (min_read_class_id) references core.user_classes (id) on delete restrict,
  constraint forums_min_post_class_id_fkey foreign key (min_post_class_id) references core.user_classes (id) on delete restrict,
  constraint forums_slug_key unique (slug),
  constraint forums_slug_check check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  constraint forums_layout_check check (layout in ('threaded', 'flat')),
  constraint forums_counts_check check (subscriber_count >= 0 and post_count >= 0),
  constraint forums_parent_check check (parent_id is null or parent_id <> id),
  constraint forums_custom_css_check check (octet_length(custom_css) <= 262144)
);

comment on table forums.forums is
  E'@name forum\nA forum: a place for posts. It may stand under another forum, as the boards of a bulletin board do.';
comment on column forums.forums.id is 'Time-ordered identifier.';
comment on column forums.forums.parent_id is 'The forum that encloses this one.';
comment on column forums.forums.name is 'The name people see.';
comment on column forums.forums.slug is 'The name in addresses: lower-case letters, digits and hyphens.';
comment on column forums.forums.description is 'What the forum is about.';
comment on column forums.forums.icon_url is 'Picture shown beside the name.';
comment on column forums.forums.banner_url is 'Picture shown above the forum.';
comment on column forums.forums.custom_css is E'@behavior -*\nStyle of the forum, checked against an allow-list and confined to the forum when it was saved. Served through the field theme while the owner is premium.';
comment on column forums.forums.owner_id is 'Who owns the forum.';
comment on column forums.forums.layout is 'threaded: votes and a tree of comments; flat: a bulletin board in order of time.';
comment on column forums.forums.position is 'Place among the forums of one parent.';
comment on column forums.forums.is_public is 'Listed, and readable by anybody.';
comment on column forums.forums.is_nsfw is 'For adults.';
comment on column forums.forums.auto_upvote_own is 'A new post starts with the up-vote of its author, so that it can rise in the hot feed.';
comment on column forums.forums.min_read_class_id is 'The lowest account class that may read here; null = everybody.';
comment on column forums.forums.min_post_class_id is 'The lowest account class that may write here; null = every member.';
comment on column forums.forums.subscriber_count is 'How many subscribe. Kept by a trigger on subscriptions.';
comment on column forums.forums.post_count is 'How many live posts there are. Kept by triggers on posts.';
comment on column forums.forums.last_post_id is 'The newest live post. A position, not a reference: it may point at a purged post until the next repair.';
comment on column forums.forums.last_post_at is 'When the newest live post was made.';
comment on column forums.forums.deleted_at is 'When the forum was deleted; purged 30 days later.';
comment on column forums.forums.inserted_at is 'When the row was made.';
comment on column forums.forums.updated_at is 'When the row was last changed.';

create index forums_parent_idx on forums.forums (parent_id, position);
comment on index forums.forums_parent_idx is 'The forums under one, in order; supports the foreign key.';
create index forums_owner_idx on forums.forums (owner_id);
comment on index forums.forums_owner_idx is 'The forums of one owner; supports the foreign key.';
create index forums_public_idx on forums.forums (subscriber_count desc, id desc) where is_public and deleted_at is null;
comment on index forums.forums_public_idx is E'@order POPULAR\nThe directory of public forums, the most followed first.';
create index forums_read_class_idx on forums.forums (min_read_class_id) where min_read_class_id is not null;
comment on index forums.forums_read_class_idx is 'Supports the foreign key to user classes.';
create index forums_post_class_idx on forums.forums (min_post_class_id) where min_post_class_id is not null;
comment on index forums.forums_post_class_idx is 'Supports the foreign key to user classes.';
create index forums_purge_idx on forums.forums (deleted_at) where deleted_at is not null;
comment on index forums.forums_purge_idx is 'Deleted forums that are due for purging.';

comment on index forums.forums_pkey is 'One forum by its identifier.';
comment on index forums.forums_slug_key is 'One forum by its address.';
comment on constraint forums_slug_check on forums.forums is 'Fit for an address, lower-case by construction.';
comment on constraint forums_layout_check on forums.forums is 'The layouts that exist.';
comment on constraint forums_counts_check on forums.forums is 'A count is never negative.';
comment on constraint forums_parent_check on forums.forums is 'No forum encloses itself; longer circles are refused by a trigger.';
comment on constraint forums_custom_css_check on forums.forums is 'A style has an end.';

alter table forums.forums enable row level security;

create table forums.categories (
  id uuid not null default core.uuidv7(),
  forum_id uuid not null,
  name varchar(100) not null,
  slug varchar(100) not null,
  color integer,
  position integer not null default 0,
  inserted_at timestamptz not null default now(),
  constraint categories_pkey primary key (id),
  constraint categories_forum_id_fkey foreign key (forum_id) references forums.forums (id) on delete cascade,
  constraint categories_forum_id_key unique (forum_id, id),
  constraint categories_forum_slug_key unique (forum_id, slug),
  constraint categories_color_check check (color between 0 and 16777215),
  constraint categories_slug_check check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
);

comment on table forums.categories is
  E'@name forum_category\nA section of one forum.';
comment on column forums.categories.id is 'Time-ordered identifier.';
comment on column forums.categories.forum_id is 'The forum.';
comment on column forums.categories.name is 'The name people see.';
comment on column forums.categories.slug is 'The name in addresses.';
comment on column forums.categories.color is '24-bit RGB.';
comment on column forums.categories.position is 'Place among the sections.';
comment on column forums.categories.inserted_at is 'When the row was made.';

comment on index forums.categories_pkey is 'One section by its identifier.';
comment on index forums.categories_forum_id_key is 'Target of the composite foreign key of posts.';
comment on index forums.categories_forum_slug_key is 'One section by its address; the sections of a forum.';
comment on constraint categories_color_check on forums.categories is '24 bits.';
comment on constraint categories_slug_check on forums.categories is 'Fit for an address.';

alter table forums.categories enable row level security;

create table forums.flairs (
  id uuid not null default core.uuidv7(),
  forum_id uuid not null,
  name varchar(64) not null,
  text_color integer,
  background_color integer,
  mod_only boolean not null default false,
  position integer not null default 0,
  inserted_at timestamptz not null default now(),
  constraint flairs_pkey primary key (id),
  constraint flairs_forum_id_fkey foreign key (forum_id) references forums.forums (id) on delete cascade,
  constraint flairs_forum_id_key unique (forum_id, id),
  constraint flairs_forum_name_key unique (forum_id, name),
  constraint flairs_text_color_check check (text_color between 0 and 16777215),
  constraint flairs_background_color_check check (background_color between 0 and 16777215)
);

comment on table forums.flairs is
  E'@name flair\nA label that posts of one forum can wear.';
comment on column forums.flairs.id is 'Time-ordered identifier.';
comment on column forums.flairs.forum_id is 'The forum.';
comment on column forums.flairs.name is 'The label.';
comment on column forums.flairs.text_color is '24-bit RGB of the letters.';
comment on column forums.flairs.background_color is '24-bit RGB behind the letters.';
comment on column forums.flairs.mod_only is 'Only moderators may put it on a post.';
comment on column forums.flairs.position is 'Place among the labels.';
comment on column forums.flairs.inserted_at is 'When the row was made.';

comment on index forums.flairs_pkey is 'One label by its identifier.';
comment on index forums.flairs_forum_id_key is 'Target of the composite foreign key of posts.';
comment on index forums.flairs_forum_name_key is 'The labels of a forum; no label twice.';
comment on constraint flairs_text_color_check on forums.flairs is '24 bits.';
comment on constraint flairs_background_color_check on forums.flairs is '24 bits.';

alter table forums.flairs enable row level security;

create table forums.posts (
  id uuid not null default core.uuidv7(),
  forum_id uuid not null,
  author_id uuid,
  category_id uuid,
  flair_id uuid,
  type text not null default 'text',
  title varchar(300) not null,
  content text not null default '',
  content_format varchar(20) not null default 'markdown',
  link_url text,
  is_nsfw boolean not null default false,
  score integer not null default 0,
  upvote_count integer not null default 0,
  downvote_count integer not null default 0,
  hot_rank double precision not null generated always as (forums.hot_rank(score, inserted_at)) stored,
  comment_count integer not null default 0,
  view_count integer not null default 0,
  is_pinned boolean not null default false,
  pinned_at timestamptz,
  is_locked boolean not null default false,
  locked_reason varchar(300),
  last_comment_id uuid,
  last_comment_at timestamptz,
  last_activity_at timestamptz not null default now(),
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by uuid,
  search tsvector not null generated always as (setweight(to_tsvector('english'::regconfig, title), 'A') operator(pg_catalog.||) setweight(to_tsvector('english'::regconfig, content), 'B')) stored,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint posts_pkey primary key (id),
  constraint posts_forum_id_fkey foreign key (forum_id) references forums.forums (id) on delete cascade,
  constraint posts_author_id_fkey foreign key (author_id) references core.users (id) on delete set null,
  constraint posts_deleted_by_fkey foreign key (deleted_by) references core.users (id) on delete set null,
  constraint posts_category_fkey foreign key (forum_id, category_id) references forums.categories (forum_id, id) on delete set null (category_id),
  constraint posts_flair_fkey foreign key (forum_id, flair_id) references forums.flairs (forum_id, id) on delete set null (flair_id),
  constraint posts_type_check check (type in ('text', 'link', 'image', 'poll')),
  constraint posts_format_check check (content_format in ('markdown', 'bbcode', 'plain')),
  constraint posts_link_check check (
    (type = 'link') = (link_url is not null)
    and (link_url is null or link_url ~ '^https?://')
  ),
  constraint posts_title_check check (char_length(btrim(title)) > 0),
  constraint posts_length_check check (char_length(content) <= 40000),
  constraint posts_score_check check (score = upvote_count - downvote_count and upvote_count >= 0 and downvote_count >= 0),
  constraint posts_counts_check check (comment_count >= 0 and view_count >= 0),
  constraint posts_pin_check check (is_pinned = (pinned_at is not null))
) with (fillfactor = 80);

comment on table forums.posts is
  E'@name post\nA post: a text, a link, pictures or a poll that opens a discussion.';
comment on column forums.posts.id is 'Time-ordered identifier.';
comment on column forums.posts.forum_id is 'The forum.';
comment on column forums.posts.author_id is 'Who wrote it; null after an import without authors.';
comment on column forums.posts.category_id is 'The section, of the same forum.';
comment on column forums.posts.flair_id is 'The label, of the same forum.';
comment on column forums.posts.type is 'text, link, image or poll.';
comment on column forums.posts.title is 'The headline.';
comment on column forums.posts.content is 'The body.';
comment on column forums.posts.content_format is 'Markup of the body: markdown, bbcode or plain.';
comment on column forums.posts.link_url is 'The address that a link post points at.';
comment on column forums.posts.is_nsfw is 'For adults.';
comment on column forums.posts.score is 'Up-votes minus down-votes.';
comment on column forums.posts.upvote_count is 'Up-votes. Kept by a trigger on votes; starts from the recorded origin of an imported post.';
comment on column forums.posts.downvote_count is 'Down-votes. Kept by a trigger on votes; starts from the recorded origin of an imported post.';
comment on column forums.posts.hot_rank is 'Key of the hot feed; does not change with time. See forums.hot_rank.';
comment on column forums.posts.comment_count is 'Live comments. Kept by triggers on comments.';
comment on column forums.posts.view_count is 'Views, folded in every minute.';
comment on column forums.posts.is_pinned is 'Held at the top of the forum.';
comment on column forums.posts.pinned_at is 'When it was pinned: the order among the pinned.';
comment on column forums.posts.is_locked is 'No new comments, except by moderators.';
comment on column forums.posts.locked_reason is 'Why, shown with the lock.';
comment on column forums.posts.last_comment_id is 'The newest live comment. A position, not a reference.';
comment on column forums.posts.last_comment_at is 'When the newest live comment was written.';
comment on column forums.posts.last_activity_at is 'When the post was made or last commented on; flat boards are sorted by it.';
comment on column forums.posts.edited_at is 'When title or body were last edited.';
comment on column forums.posts.deleted_at is 'When the post was deleted; it can be restored for 30 days, then it is purged.';
comment on column forums.posts.deleted_by is 'Who deleted it.';
comment on column forums.posts.search is 'Title and body, prepared for full-text search.';
comment on column forums.posts.inserted_at is 'When the row was made.';
comment on column forums.posts.updated_at is 'When title, body, section, label, pin, lock or deletion last changed. Set by the procedures: with a row trigger before update, PostgreSQL would compute the search document anew on every vote.';

create index posts_hot_idx on forums.posts (forum_id, hot_rank desc, id desc) where deleted_at is null;
comment on index forums.posts_hot_idx is E'@order HOT\nThe hot feed of a forum, paged by keyset.';
create index posts_new_idx on forums.posts (forum_id, id desc);
comment on index forums.posts_new_idx is E'@order NEW live\nThe new feed of a forum (the few deleted rows are filtered), and the window of its top feed; supports the foreign key.';
create index posts_top_idx on forums.posts (forum_id, score desc, id desc) where deleted_at is null;
comment on index forums.posts_top_idx is E'@order TOP\nThe top feed of a forum, paged by keyset.';
create index posts_active_idx on forums.posts (forum_id, last_activity_at desc, id desc) where deleted_at is null;
comment on index forums.posts_active_idx is E'@order ACTIVE\nThe active feed of a forum: flat boards, the last commented first.';
create index posts_pinned_idx on forums.posts (forum_id, pinned_at desc) where is_pinned and deleted_at is null;
comment on index forums.posts_pinned_idx is 'The pinned posts above the feed of a forum.';
create index posts_all_hot_idx on forums.posts (hot_rank desc, id desc) where deleted_at is null;
comment on index forums.posts_all_hot_idx is E'@order HOT\nThe hot feed over all forums.';
create index posts_author_idx on forums.posts (author_id, id desc);
comment on index forums.posts_author_idx is E'@order NEW live\nThe posts of one author, newest first; supports the foreign key.';
create index posts_category_idx on forums.posts (forum_id, category_id, id desc) where category_id is not null;
comment on index forums.posts_category_idx is E'@order NEW live\nThe feed of one section; supports the foreign key.';
create index posts_flair_idx on forums.posts (forum_id, flair_id) where flair_id is not null;
comment on index forums.posts_flair_idx is 'The posts that wear a label; supports the foreign key.';
create index posts_deleted_by_idx on forums.posts (deleted_by) where deleted_by is not null;
comment on index forums.posts_deleted_by_idx is 'Supports the foreign key to the account that deleted.';
create index posts_purge_idx on forums.posts (deleted_at) where deleted_at is not null;
comment on index forums.posts_purge_idx is 'Deleted posts that are due for purging.';
create index posts_search_idx on forums.posts using gin (search) where deleted_at is null;
comment on index forums.posts_search_idx is 'Full-text search over posts, through forums.search.';

-- A section and a label belong to one forum. Unless told so, the planner multiplies both conditions, expects a
-- thirtieth of the rows (with 30 forums) and sorts them instead of walking posts_category_idx.
create statistics forums.posts_of_forum_stats (dependencies) on forum_id, category_id, flair_id from forums.posts;
comment on statistics forums.posts_of_forum_stats is 'A section, or a label, determines the forum.';

comment on index forums.posts_pkey is E'@order NEW backward live\nOne post by its identifier; the new feed over all forums.';
comment on constraint posts_category_fkey on forums.posts is E'@isIndexed\nA post stands in a section of its own forum.';
comment on constraint posts_flair_fkey on forums.posts is E'@isIndexed\nA post wears a label of its own forum.';
comment on constraint posts_type_check on forums.posts is 'The kinds that exist.';
comment on constraint posts_format_check on forums.posts is 'The markups that exist.';
comment on constraint posts_link_check on forums.posts is 'A link post carries a web address, no other post does.';
comment on constraint posts_title_check on forums.posts is 'A title has at least one character.';
comment on constraint posts_length_check on forums.posts is 'A body has an end.';
comment on constraint posts_score_check on forums.posts is 'The score is what the two counts say.';
comment on constraint posts_counts_check on forums.posts is 'A count is never negative.';
comment on constraint posts_pin_check on forums.posts is 'A pinned post says since when.';

alter table forums.posts enable row level security;

create table forums.post_attachments (
  post_id uuid not null,
  position smallint not null default 0,
  upload_id uuid not null,
  caption varchar(300),
  inserted_at timestamptz not null default now(),
  constraint post_attachments_pkey primary key (post_id, position),
  constraint post_attachments_post_id_fkey foreign key (post_id) references forums.posts (id) on delete cascade,
  constraint post_attachments_upload_id_fkey foreign key (upload_id) references media.uploads (id) on delete restrict
);

comment on table forums.post_attachments is
  E'@name post_attachment\nA picture of a post.';
comment on column forums.post_attachments.post_id is 'The post.';
comment on column forums.post_attachments.position is 'Place among the pictures.';
comment on column forums.post_attachments.upload_id is 'The stored file.';
comment on column forums.post_attachments.caption is 'Text under the picture.';
comment on column forums.post_attachments.inserted_at is 'When the row was made.';

create index post_attachments_upload_idx on forums.post_attachments (upload_id);
comment on index forums.post_attachments_upload_idx is 'Where a file is used; supports the foreign key.';

comment on index forums.post_attachments_pkey is 'The pictures of a post, in order.';

alter table forums.post_attachments enable row level security;

create table forums.polls (
  post_id uuid not null,
  multiple_choice boolean not null default false,
  closes_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint polls_pkey primary key (post_id),
  constraint polls_post_id_fkey foreign key (post_id) references forums.posts (id) on delete cascade
);

comment on table forums.polls is
  E'@name poll\nThe settings of a poll post.';
comment on column forums.polls.post_id is 'The post, of type poll.';
comment on column forums.polls.multiple_choice is 'Several options may be chosen.';
comment on column forums.polls.closes_at is 'When voting ends; null = never.';
comment on column forums.polls.inserted_at is 'When the row was made.';

comment on index forums.polls_pkey is 'The poll of a post.';

alter table forums.polls enable row level security;

create table forums.poll_options (
  post_id uuid not null,
  position smallint not null,
  label varchar(200) not null,
  vote_count integer not null default 0,
  constraint poll_options_pkey primary key (post_id, position),
  constraint poll_options_post_id_fkey foreign key (post_id) references forums.polls (post_id) on delete cascade,
  constraint poll_options_position_check check (position between 0 and 19 and vote_count >= 0)
);

comment on table forums.poll_options is
  E'@name poll_option\nOne choice of a poll.';
comment on column forums.poll_options.post_id is 'The poll.';
comment on column forums.poll_options.position is 'Its number, from 0 to 19.';
comment on column forums.poll_options.label is 'The text of the choice.';
comment on column forums.poll_options.vote_count is 'How many chose it. Kept by a trigger on ballots.';

comment on index forums.poll_options_pkey is 'The options of a poll, in order.';
comment on constraint poll_options_position_check on forums.poll_options is 'At most 20 options, and a count is never negative.';

alter table forums.poll_options enable row level security;

create table forums.poll_votes (
  post_id uuid not null,
  user_id uuid not null,
  position smallint not null,
  inserted_at timestamptz not null default now(),
  constraint poll_votes_pkey primary key (post_id, user_id, position),
  constraint poll_votes_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint poll_votes_option_fkey foreign key (post_id, position) references forums.poll_options (post_id, position) on delete cascade
);

comment on table forums.poll_votes is
  E'@name poll_vote\nA ballot: one option that one person chose in a poll.';
comment on column forums.poll_votes.post_id is 'The poll.';
comment on column forums.poll_votes.user_id is 'Who voted.';
comment on column forums.poll_votes.position is 'The option.';
comment on column forums.poll_votes.inserted_at is 'When the row was made.';

create index poll_votes_option_idx on forums.poll_votes (post_id, position);
comment on index forums.poll_votes_option_idx is 'The ballots for one option; supports the foreign key.';
create index poll_votes_user_idx on forums.poll_votes (user_id);
comment on index forums.poll_votes_user_idx is 'The ballots of one person; supports the foreign key.';

comment on index forums.poll_votes_pkey is 'The ballots that one person cast in a poll.';

alter table forums.poll_votes enable row level security;

create table forums.comments (
  id uuid not null default core.uuidv7(),
  post_id uuid not null,
  author_id uuid,
  parent_id uuid,
  depth smallint not null default 0,
  path uuid[] not null,
  content text not null,
  content_format varchar(20) not null default 'markdown',
  score integer not null default 0,
  upvote_count integer not null default 0,
  downvote_count integer not null default 0,
  reply_count integer not null default 0,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by uuid,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint comments_pkey primary key (id),
  constraint comments_post_id_key unique (post_id, id),
  constraint comments_post_id_fkey foreign key (post_id) references forums.posts (id) on delete cascade,
  constraint comments_author_id_fkey foreign key (author_id) references core.users (id) on delete set null,
  constraint comments_deleted_by_fkey foreign key (deleted_by) references core.users (id) on delete set null,
  constraint comments_parent_fkey foreign key (post_id, parent_id) references forums.comments (post_id, id) on delete no action,
  constraint comments_depth_check check (depth between 0 and 50 and cardinality(path) = depth + 1),
  constraint comments_root_check check ((depth = 0) = (parent_id is null)),
  constraint comments_format_check check (content_format in ('markdown', 'bbcode', 'plain')),
  constraint comments_score_check check (
    score = upvote_count - downvote_count
    and upvote_count >= 0
    and downvote_count >= 0
    and reply_count >= 0
  ),
  constraint comments_length_check check (char_length(content) <= 10000),
  constraint comments_tombstone_check check (deleted_at is null or content = '')
) with (fillfactor = 85);

comment on table forums.comments is
  E'@name comment\nA comment on a post, or a reply to another comment.';
comment on column forums.comments.id is 'Time-ordered identifier.';
comment on column forums.comments.post_id is 'The post.';
comment on column forums.comments.author_id is 'Who wrote it.';
comment on column forums.comments.parent_id is 'The comment that this one answers, of the same post; null = top level.';
comment on column forums.comments.depth is 'How deep in the tree: 0 is the top level, at most 50.';
comment on column forums.comments.path is 'The identifiers from the top-level comment down to this one: ordering by it walks the tree in reading order.';
comment on column forums.comments.content is 'The text; empty on a tombstone.';
comment on column forums.comments.content_format is 'Markup of the text: markdown, bbcode or plain.';
comment on column forums.comments.score is 'Up-votes minus down-votes.';
comment on column forums.comments.upvote_count is 'Up-votes. Kept by a trigger on votes.';
comment on column forums.comments.downvote_count is 'Down-votes. Kept by a trigger on votes.';
comment on column forums.comments.reply_count is 'Live direct replies. Kept by triggers on comments.';
comment on column forums.comments.edited_at is 'When the text was last edited.';
comment on column forums.comments.deleted_at is 'When it was deleted: the row stays as a tombstone, the text is out of reach.';
comment on column forums.comments.deleted_by is 'Who deleted it.';
comment on column forums.comments.inserted_at is 'When the row was made.';
comment on column forums.comments.updated_at is 'When the row was last changed.';

create index comments_tree_idx on forums.comments (post_id, path);
comment on index forums.comments_tree_idx is E'@order TREE unique\nThe whole tree of a post in reading order, and a sub-tree by its prefix.';
create index comments_best_idx on forums.comments (post_id, parent_id, score desc, id);
comment on index forums.comments_best_idx is E'@order BEST\nThe answers to one comment (or the top level), the best first; supports the foreign key to the parent.';
create index comments_author_idx on forums.comments (author_id, id desc);
comment on index forums.comments_author_idx is E'@order NEW live\nThe comments of one author, newest first; supports the foreign key.';
create index comments_deleted_by_idx on forums.comments (deleted_by) where deleted_by is not null;
comment on index forums.comments_deleted_by_idx is 'Supports the foreign key to the account that deleted.';
create index comments_purge_idx on forums.comments (deleted_at) where deleted_at is not null;
comment on index forums.comments_purge_idx is 'Tombstones that are due for purging.';
create index comments_search_idx on forums.comments using gin (to_tsvector('english'::regconfig, content)) where deleted_at is null;
comment on index forums.comments_search_idx is 'Full-text search over comments, through forums.search_comments.';

create statistics forums.comments_of_post_stats (dependencies) on post_id, parent_id from forums.comments;
comment on statistics forums.comments_of_post_stats is 'A parent determines the post.';

comment on index forums.comments_pkey is 'One comment by its identifier.';
comment on index forums.comments_post_id_key is E'@order NEW backward live\nThe comments of a post, newest first; target of the composite foreign key of replies.';
comment on constraint comments_parent_fkey on forums.comments is E'@foreignFieldName replies\nA reply belongs to the post of the comment that it answers.';
comment on constraint comments_depth_check on forums.comments is 'A bounded tree, so that a path fits into an index.';
comment on constraint comments_root_check on forums.comments is 'Only the top level has no parent.';
comment on constraint comments_format_check on forums.comments is 'The markups that exist.';
comment on constraint comments_score_check on forums.comments is 'The score is what the two counts say.';
comment on constraint comments_length_check on forums.comments is 'A text has an end.';
comment on constraint comments_tombstone_check on forums.comments is 'A deleted comment says nothing.';

alter table forums.comments enable row level security;

create table forums.removed_texts (
  comment_id uuid not null,
  content text not null,
  removed_at timestamptz not null default now(),
  constraint removed_texts_pkey primary key (comment_id),
  constraint removed_texts_comment_id_fkey foreign key (comment_id) references forums.comments (id) on delete cascade
);

comment on table forums.removed_texts is
  'The text of a deleted comment, out of reach of every client, so that a moderator can judge it and a deletion can be undone for 30 days. No role of the API has a grant here.';
comment on column forums.removed_texts.comment_id is 'The tombstone.';
comment on column forums.removed_texts.content is 'What it said.';
comment on column forums.removed_texts.removed_at is 'When it was removed; gone 30 days later.';

create index removed_texts_purge_idx on forums.removed_texts (removed_at);
comment on index forums.removed_texts_purge_idx is 'Texts that are due for purging.';

comment on index forums.removed_texts_pkey is 'The text of one tombstone.';

alter table forums.removed_texts enable row level security;

create table forums.post_votes (
  post_id uuid not null,
  user_id uuid not null,
  direction smallint not null,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint post_votes_pkey primary key (post_id, user_id),
  constraint post_votes_post_id_fkey foreign key (post_id) references forums.posts (id) on delete cascade,
  constraint post_votes_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint post_votes_direction_check check (direction in (-1, 1))
);

comment on table forums.post_votes is
  E'@name post_vote\nThe vote of one person on one post. No row = no vote.';
comment on column forums.post_votes.post_id is 'The post.';
comment on column forums.post_votes.user_id is 'Who voted.';
comment on column forums.post_votes.direction is '1 up, -1 down.';
comment on column forums.post_votes.inserted_at is 'When the row was made.';
comment on column forums.post_votes.updated_at is 'When the row was last changed.';

create index post_votes_user_idx on forums.post_votes (user_id, post_id);
comment on index forums.post_votes_user_idx is 'My votes on the posts of a page; supports the foreign key.';

comment on index forums.post_votes_pkey is 'The vote of one person on one post; the votes of a post.';
comment on constraint post_votes_direction_check on forums.post_votes is 'Up or down.';

alter table forums.post_votes enable row level security;

create table forums.comment_votes (
  comment_id uuid not null,
  user_id uuid not null,
  direction smallint not null,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint comment_votes_pkey primary key (comment_id, user_id),
  constraint comment_votes_comment_id_fkey foreign key (comment_id) references forums.comments (id) on delete cascade,
  constraint comment_votes_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint comment_votes_direction_check check (direction in (-1, 1))
);

comment on table forums.comment_votes is
  E'@name comment_vote\nThe vote of one person on one comment. No row = no vote.';
comment on column forums.comment_votes.comment_id is 'The comment.';
comment on column forums.comment_votes.user_id is 'Who voted.';
comment on column forums.comment_votes.direction is '1 up, -1 down.';
comment on column forums.comment_votes.inserted_at is 'When the row was made.';
comment on column forums.comment_votes.updated_at is 'When the row was last changed.';

create index comment_votes_user_idx on forums.comment_votes (user_id, comment_id);
comment on index forums.comment_votes_user_idx is 'My votes on the comments of a page; supports the foreign key.';

comment on index forums.comment_votes_pkey is 'The vote of one person on one comment; the votes of a comment.';
comment on constraint comment_votes_direction_check on forums.comment_votes is 'Up or down.';

alter table forums.comment_votes enable row level security;

create table forums.moderators (
  forum_id uuid not null,
  user_id uuid not null,
  permissions bigint not null default 0,
  appointed_by uuid,
  appointed_at timestamptz not null default now(),
  constraint moderators_pkey primary key (forum_id, user_id),
  constraint moderators_forum_id_fkey foreign key (forum_id) references forums.forums (id) on delete cascade,
  constraint moderators_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint moderators_appointed_by_fkey foreign key (appointed_by) references core.users (id) on delete set null,
  constraint moderators_permissions_check check (permissions >= 0)
);

comment on table forums.moderators is
  E'@name forum_moderator\nA moderator of one forum and what they may do there.';
comment on column forums.moderators.forum_id is 'The forum.';
comment on column forums.moderators.user_id is 'The moderator.';
comment on column forums.moderators.permissions is 'Bits: 0 DELETE, 1 LOCK, 2 PIN, 3 FLAIR, 4 BAN, 5 EDIT_FORUM, 6 MANAGE_CATEGORIES, 7 MANAGE_FLAIRS, 8 APPOINT.';
comment on column forums.moderators.appointed_by is 'Who appointed them.';
comment on column forums.moderators.appointed_at is 'When.';

create index moderators_user_idx on forums.moderators (user_id, forum_id);
comment on index forums.moderators_user_idx is 'The forums that one person moderates: policies ask this; supports the foreign key.';
create index moderators_appointed_by_idx on forums.moderators (appointed_by) where appointed_by is not null;
comment on index forums.moderators_appointed_by_idx is 'Supports the foreign key to the account that appointed.';

comment on index forums.moderators_pkey is 'The moderators of a forum.';
comment on constraint moderators_permissions_check on forums.moderators is 'A set of bits is not negative.';

alter table forums.moderators enable row level security;

create table forums.bans (
  id uuid not null default core.uuidv7(),
  forum_id uuid not null,
  user_id uuid not null,
  reason varchar(1000) not null,
  banned_by uuid,
  starts_at timestamptz not null default now(),
  banned_until timestamptz,
  lifted_at timestamptz,
  lifted_by uuid,
  lift_reason varchar(500),
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint bans_pkey primary key (id),
  constraint bans_forum_id_fkey foreign key (forum_id) references forums.forums (id) on delete cascade,
  constraint bans_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint bans_banned_by_fkey foreign key (banned_by) references core.users (id) on delete set null,
  constraint bans_lifted_by_fkey foreign key (lifted_by) references core.users (id) on delete set null,
  constraint bans_no_overlap exclude using gist (
    forum_id with =,
    user_id with =,
    tstzrange(starts_at, coalesce(lifted_at, banned_until, 'infinity'::timestamptz)) with &&
  ),
  constraint bans_times_check check (
    (banned_until is null or banned_until > starts_at)
    and (lifted_at is null or lifted_at >= starts_at)
  )
);

comment on table forums.bans is
  E'@name forum_ban\nA ban from one forum, with its history. A ban is in force between its start and its end, unless it was lifted; nothing has to switch it.';
comment on column forums.bans.id is 'Time-ordered identifier.';
comment on column forums.bans.forum_id is 'The forum.';
comment on column forums.bans.user_id is 'Who is banned.';
comment on column forums.bans.reason is 'Why, shown to the banned person.';
comment on column forums.bans.banned_by is 'Who banned.';
comment on column forums.bans.starts_at is 'From when.';
comment on column forums.bans.banned_until is 'Until when; null = for good.';
comment on column forums.bans.lifted_at is 'When it was ended early.';
comment on column forums.bans.lifted_by is 'Who ended it.';
comment on column forums.bans.lift_reason is 'Why it was ended.';
comment on column forums.bans.inserted_at is 'When the row was made.';
comment on column forums.bans.updated_at is 'When the row was last changed.';

create index bans_user_idx on forums.bans (user_id, forum_id, starts_at desc);
comment on index forums.bans_user_idx is 'Is this person banned here, and the history of one person; supports the foreign key.';
create index bans_forum_idx on forums.bans (forum_id, id desc);
comment on index forums.bans_forum_idx is 'The bans of a forum, newest first; supports the foreign key.';
create index bans_banned_by_idx on forums.bans (banned_by) where banned_by is not null;
comment on index forums.bans_banned_by_idx is 'Supports the foreign key to the account that banned.';
create index bans_lifted_by_idx on forums.bans (lifted_by) where lifted_by is not null;
comment on index forums.bans_lifted_by_idx is 'Supports the foreign key to the account that lifted.';

comment on index forums.bans_pkey is 'One ban by its identifier.';
comment on index forums.bans_no_overlap is 'At most one ban of a person in a forum at a time.';
comment on constraint bans_times_check on forums.bans is 'A ban ends after it starts.';

alter table forums.bans enable row level security;

create table forums.subscriptions (
  user_id uuid not null,
  forum_id uuid not null,
  notification_level text not null default 'none',
  inserted_at timestamptz not null default now(),
  constraint subscriptions_pkey primary key (user_id, forum_id),
  constraint subscriptions_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint subscriptions_forum_id_fkey foreign key (forum_id) references forums.forums (id) on delete cascade,
  constraint subscriptions_level_check check (notification_level in ('none', 'posts', 'all'))
);

comment on table forums.subscriptions is
  E'@name forum_subscription\nA person who follows a forum.';
comment on column forums.subscriptions.user_id is 'Who follows.';
comment on column forums.subscriptions.forum_id is 'The forum.';
comment on column forums.subscriptions.notification_level is 'none, posts or all.';
comment on column forums.subscriptions.inserted_at is 'When the row was made.';

create index subscriptions_forum_idx on forums.subscriptions (forum_id, user_id);
comment on index forums.subscriptions_forum_idx is 'Who follows a forum: fan-out and recount; supports the foreign key.';

comment on index forums.subscriptions_pkey is 'The forums that one person follows: policies ask this.';
comment on constraint subscriptions_level_check on forums.subscriptions is 'The levels that exist.';

alter table forums.subscriptions enable row level security;

create table forums.post_subscriptions (
  user_id uuid not null,
  post_id uuid not null,
  last_read_comment_id uuid,
  notify boolean not null default true,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint post_subscriptions_pkey primary key (user_id, post_id),
  constraint post_subscriptions_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint post_subscriptions_post_id_fkey foreign key (post_id) references forums.posts (id) on delete cascade
);

comment on table forums.post_subscriptions is
  E'@name post_subscription\nA person who follows one post, and how far they have read it.';
comment on column forums.post_subscriptions.user_id is 'Who follows.';
comment on column forums.post_subscriptions.post_id is 'The post.';
comment on column forums.post_subscriptions.last_read_comment_id is 'The last comment they have read. A position, not a reference.';
comment on column forums.post_subscriptions.notify is 'Ring the bell on new replies.';
comment on column forums.post_subscriptions.inserted_at is 'When the row was made.';
comment on column forums.post_subscriptions.updated_at is 'When the row was last changed.';

create index post_subscriptions_post_idx on forums.post_subscriptions (post_id);
comment on index forums.post_subscriptions_post_idx is 'Who follows a post: fan-out; supports the foreign key.';

comment on index forums.post_subscriptions_pkey is 'The posts that one person follows.';

alter table forums.post_subscriptions enable row level security;

create unlogged table forums.post_view_deltas (
  id bigint not null generated always as identity,
  post_id uuid not null,
  views integer not null default 1,
  inserted_at timestamptz not null default now(),
  constraint post_view_deltas_pkey primary key (id)
);

comment on table forums.post_view_deltas is
  'Views that are not yet counted into posts.view_count: reading a post appends here and never rewrites its wide row. Folded in every minute; a crash loses at most that minute.';
comment on column forums.post_view_deltas.id is 'Order of arrival.';
comment on column forums.post_view_deltas.post_id is 'The post. No foreign key: a reader must not lock the post.';
comment on column forums.post_view_deltas.views is 'How many.';
comment on column forums.post_view_deltas.inserted_at is 'When the row was made.';

comment on index forums.post_view_deltas_pkey is 'Views in order of arrival.';

alter table forums.post_view_deltas enable row level security;

create table forums.imported_posts (
  post_id uuid not null,
  source varchar(40) not null,
  external_id varchar(200) not null,
  upvote_count integer not null,
  downvote_count integer not null,
  reported_score integer,
  reported_upvote_count integer,
  reported_downvote_count integer,
  reported_comment_count integer,
  imported_at timestamptz not null default now(),
  constraint imported_posts_pkey primary key (post_id),
  constraint imported_posts_post_id_fkey foreign key (post_id) references forums.posts (id) on delete cascade,
  constraint imported_posts_source_key unique (source, external_id),
  constraint imported_posts_counts_check check (upvote_count >= 0 and downvote_count >= 0)
);

comment on table forums.imported_posts is
  'Where an imported post came from and the counters it brought. A recount of its votes is this origin plus the votes cast here.';
comment on column forums.imported_posts.post_id is 'The post.';
comment on column forums.imported_posts.source is 'The system it came from, for example reddit.';
comment on column forums.imported_posts.external_id is 'Its identifier there.';
comment on column forums.imported_posts.upvote_count is 'Up-votes carried into the counters.';
comment on column forums.imported_posts.downvote_count is 'Down-votes carried into the counters.';
comment on column forums.imported_posts.reported_score is 'The score as the source states it.';
comment on column forums.imported_posts.reported_upvote_count is 'Up-votes as the source states them.';
comment on column forums.imported_posts.reported_downvote_count is 'Down-votes as the source states them.';
comment on column forums.imported_posts.reported_comment_count is 'Comments as the source states them; they were not imported, so the post does not count them.';
comment on column forums.imported_posts.imported_at is 'When the import ran.';

comment on index forums.imported_posts_pkey is 'The origin of one post.';
comment on index forums.imported_posts_source_key is 'Has this been imported before?';
comment on constraint imported_posts_counts_check on forums.imported_posts is 'A count is never negative.';

alter table forums.imported_posts enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('forums.forums', 'B'),
  ('forums.categories', 'B'),
  ('forums.flairs', 'B'),
  ('forums.posts', 'B'),
  ('forums.post_attachments', 'B'),
  ('forums.polls', 'B'),
  ('forums.poll_options', 'B'),
  ('forums.poll_votes', 'B'),
  ('forums.comments', 'B'),
  ('forums.removed_texts', 'B'),
  ('forums.post_votes', 'B'),
  ('forums.comment_votes', 'B'),
  ('forums.moderators', 'B'),
  ('forums.bans', 'A'),
  ('forums.subscriptions', 'B'),
  ('forums.post_subscriptions', 'B'),
  ('forums.post_view_deltas', 'D'),
  ('forums.imported_posts', 'B');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('forums.forums', 'owner_id', 'keep', 'An account that owns a forum cannot be closed before it hands the forum over; the column then names somebody else.'),
  ('forums.posts', 'author_id', 'scrub', 'The thread belongs to those who answered: the post stays without its author.'),
  ('forums.posts', 'title', 'scrub', 'Written by the person; replaced, because other people''s comments hang on the post.'),
  ('forums.posts', 'content', 'scrub', 'Written by the person; blanked, because other people''s comments hang on the post.'),
  ('forums.posts', 'link_url', 'scrub', 'Chosen by the person; blanked with the post.'),
  ('forums.posts', 'deleted_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('forums.comments', 'author_id', 'keep', 'The comment becomes a tombstone in its tree, without text.'),
  ('forums.comments', 'content', 'scrub', 'Written by the person; the comment becomes a tombstone.'),
  ('forums.comments', 'deleted_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('forums.removed_texts', 'content', 'delete', 'Written by the person, and nobody may read it any more.'),
  ('forums.post_votes', 'user_id', 'keep', 'An impersonal fact that the counters rest on; points at the tombstone.'),
  ('forums.comment_votes', 'user_id', 'keep', 'An impersonal fact that the counters rest on; points at the tombstone.'),
  ('forums.poll_votes', 'user_id', 'keep', 'An impersonal fact that the counters rest on; points at the tombstone.'),
  ('forums.moderators', 'user_id', 'delete', 'A closed account moderates nothing.'),
  ('forums.moderators', 'appointed_by', 'keep', 'Who appointed: points at the tombstone.'),
  ('forums.bans', 'user_id', 'keep', 'Safety of the community: kept as long as the account''s tombstone.'),
  ('forums.bans', 'banned_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('forums.bans', 'lifted_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('forums.subscriptions', 'user_id', 'delete', 'What a person follows tells about them.'),
  ('forums.post_subscriptions', 'user_id', 'delete', 'What a person follows tells about them.');

insert into ops.retention_policies (name, target, predicate) values
  ('forums_removed_texts', 'forums.removed_texts', 'removed_at < :now - interval ''30 days'''),
  (
    'forums_comments',
    'forums.comments',
    'deleted_at < :now - interval ''30 days'' and not exists (select from forums.comments as reply where reply.post_id = target.post_id and reply.parent_id = target.id)'
  ),
  ('forums_posts', 'forums.posts', 'deleted_at < :now - interval ''30 days'''),
  (
    'forums_forums',
    'forums.forums',
    'deleted_at < :now - interval ''30 days'' and not exists (select from forums.forums as child where child.parent_id = target.id) and not exists (select from forums.posts as post where post.forum_id = target.id)'
  ),
  (
    'forums_posts_of_deleted_forums',
    'forums.posts',
    'forum_id in (select forum.id from forums.forums as forum where forum.deleted_at < :now - interval ''30 days'')'
  );

insert into core.settings (key, value, type, description, is_public) values
  ('forums.reserved_slugs', '["admin","all","api","active","home","hot","login","mod","moderators","new","popular","random","register","search","settings","submit","top"]', 'json', 'Addresses that no forum may take.', true),
  ('forums.owned_limit', '{"default":3,"supporter":10,"trusted_uploader":10,"veteran":10}', 'json', 'How many forums a member may own, by the machine name of the account class. Staff is not limited.', true),
  ('forums.new_account_days', '7', 'integer', 'An account younger than this waits between two posts.', true),
  ('forums.new_account_post_interval_seconds', '30', 'integer', 'How long a new account waits between two posts.', true),
  ('forums.title_edit_minutes', '15', 'integer', 'How long an author may change the title of a post.', true),
  ('forums.pin_limit', '5', 'integer', 'How many posts of one forum may be pinned at once.', true);

insert into core.ownership_rules (table_name, owner_column, condition, label) values
  ('forums.forums', 'owner_id', 'deleted_at is null', 'forums');

insert into core.search_sources (entity_type, table_name, condition) values
  ('forum_post', 'forums.posts', 'deleted_at is null'),
  ('forum_comment', 'forums.comments', 'deleted_at is null');

insert into core.user_metrics (name, query) values
  ('forum_posts', 'select author_id as user_id, count(*) as value from forums.posts where deleted_at is null and author_id is not null group by author_id'),
  ('forum_comments', 'select author_id as user_id, count(*) as value from forums.comments where deleted_at is null and author_id is not null group by author_id'),
  ('forum_score', 'select author_id as user_id, sum(score) as value from (select author_id, score from forums.posts where deleted_at is null union all select author_id, score from forums.comments where deleted_at is null) as written where author_id is not null group by author_id');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('forum.unknown', 'ST404', 'There is no such forum, or you may not read it.', 'Check the identifier; a private forum needs a subscription.'),
  ('forum.not_allowed', 'ST403', 'You may not do this in this forum.', 'Ask the owner of the forum, or a moderator with that permission.'),
  ('forum.banned', 'ST403', 'You are banned from this forum.', 'The ban and its end are listed under your bans; write to the moderators of the forum.'),
  ('forum.class_too_low', 'ST403', 'Your account class may not write in this forum.', 'The forum names the lowest class that may.'),
  ('forum.slug_invalid', 'ST422', 'A forum''s address must be of lower-case letters, digits and single hyphens.', 'Choose another address, for example "home-cooking".'),
  ('forum.slug_reserved', 'ST422', 'This address is reserved.', 'Choose another address.'),
  ('forum.slug_taken', 'ST409', 'This address is taken.', 'Choose another address.'),
  ('forum.limit_reached', 'ST403', 'You own as many forums as your account class may.', 'Transfer or delete a forum first.'),
  ('forum.too_deep', 'ST422', 'Forums may nest five levels deep, and never in a circle.', 'Choose another parent.'),
  ('forum.has_children', 'ST409', 'Other forums stand under this one.', 'Move or delete them first.'),
  ('forum.css_needs_premium', 'ST403', 'Only premium owners may style a forum.', 'Leave custom_css out, or renew the premium period.'),
  ('forum.css_refused', 'ST422', 'The style holds something that is not on the list of what is allowed.', 'Use plain rules with colours, sizes, borders and text properties; no @-rules, url(), expression(), fixed positions or escapes.'),
  ('category.unknown', 'ST404', 'There is no such section in this forum.', 'Check the identifier.'),
  ('category.slug_taken', 'ST409', 'The forum has a section with this address.', 'Choose another address.'),
  ('flair.unknown', 'ST404', 'There is no such label in this forum.', 'Check the identifier.'),
  ('flair.name_taken', 'ST409', 'The forum has a label of this name.', 'Choose another name.'),
  ('flair.moderators_only', 'ST403', 'Only moderators may use this label.', 'Choose another label.'),
  ('post.unknown', 'ST404', 'There is no such post, or you may not read it.', 'Check the identifier.'),
  ('post.not_author', 'ST403', 'Only its author or a moderator of the forum may do this.', 'Ask a moderator.'),
  ('post.deleted', 'ST410', 'The post is deleted.', 'Its author or a moderator can restore it for 30 days.'),
  ('post.locked', 'ST423', 'The post is locked.', 'The reason stands on the post; moderators can unlock it.'),
  ('post.too_soon', 'ST429', 'New accounts wait between two posts.', 'Try again after the number of seconds that the error names.'),
  ('post.type_mismatch', 'ST422', 'The parts of the post do not fit its type.', 'link needs link_url, image needs uploads, poll needs options; a text post takes none of these.'),
  ('post.link_invalid', 'ST422', 'A link must be an http or https address of at most 2,000 characters.', 'Send the whole address, with its scheme.'),
  ('post.upload_unusable', 'ST422', 'A picture is not there, not yours, not ready, or not a picture; a post takes one to 20.', 'Upload it, complete the upload, then post.'),
  ('post.poll_invalid', 'ST422', 'A poll needs 2 to 20 different options and closes within 90 days.', 'Correct the options or the end.'),
  ('post.title_frozen', 'ST410', 'The title can no longer be changed.', 'Edit the body, or ask a moderator.'),
  ('post.restore_too_late', 'ST410', 'What was deleted can be restored for 30 days.', 'Post it again.'),
  ('post.removed_by_moderator', 'ST403', 'A moderator removed this.', 'Write to the moderators of the forum.'),
  ('post.pin_limit', 'ST422', 'As many posts are pinned as the forum may have.', 'Unpin another post first.'),
  ('vote.direction_invalid', 'ST422', 'A vote is 1, -1, or 0 to withdraw it.', 'Send one of these.'),
  ('poll.unknown', 'ST404', 'There is no such poll.', 'Check that the post is a poll.'),
  ('poll.closed', 'ST410', 'The poll is closed.', 'Nothing can be done.'),
  ('poll.choice_invalid', 'ST422', 'This is not a choice that the poll offers.', 'Send the positions of its options: one of them, or several where the poll allows it; none withdraws the ballot.'),
  ('comment.unknown', 'ST404', 'There is no such comment, or you may not read it.', 'Check the identifier.'),
  ('comment.not_author', 'ST403', 'Only its author or a moderator of the forum may do this.', 'Ask a moderator.'),
  ('comment.deleted', 'ST410', 'The comment is deleted.', 'Its author or a moderator can restore it for 30 days.'),
  ('comment.restore_too_late', 'ST410', 'The text of a deleted comment is kept for 30 days.', 'Write it again.'),
  ('comment.removed_by_moderator', 'ST403', 'A moderator removed this.', 'Write to the moderators of the forum.'),
  ('moderator.permission_not_held', 'ST403', 'You can only give or take permissions that you hold yourself.', 'Leave the other permissions out, or ask the owner.'),
  ('moderator.unknown', 'ST404', 'This person does not moderate the forum.', 'Check the identifier of the account.'),
  ('ban.protected', 'ST403', 'The owner, moderators, staff and you yourself cannot be banned from a forum.', 'Dismiss a moderator first.'),
  ('ban.until_past', 'ST422', 'The end of a ban must lie in the future.', 'Leave the end out for a ban for good.'),
  ('ban.unknown', 'ST404', 'This person is not banned from the forum.', 'Check the identifiers.'),
  ('feed.sort_unknown', 'ST422', 'This feed cannot be sorted that way.', 'The description of the argument lists the orders.'),
  ('feed.cursor_malformed', 'ST422', 'The place to continue after is not of the form that the feed expects.', 'Send what the description of the argument says, taken from the last row of the page before.');

-- Down Migration

delete from core.settings where key like 'forums.%';
delete from core.user_metrics where name in ('forum_posts', 'forum_comments', 'forum_score');
delete from core.search_sources where table_name like 'forums.%';
delete from core.ownership_rules where table_name like 'forums.%';
delete from ops.retention_policies where target like 'forums.%';
delete from ops.personal_data_rules where table_name like 'forums.%';
delete from ops.backup_tiers where table_name like 'forums.%';
delete from core.error_codes
where reason in (
  'forum.unknown', 'forum.not_allowed', 'forum.banned', 'forum.class_too_low',
  'forum.slug_invalid', 'forum.slug_reserved', 'forum.slug_taken', 'forum.limit_reached',
  'forum.too_deep', 'forum.has_children', 'forum.css_needs_premium', 'forum.css_refused',
  'category.unknown', 'category.slug_taken', 'flair.unknown', 'flair.name_taken',
  'flair.moderators_only', 'post.unknown', 'post.not_author', 'post.deleted',
  'post.locked', 'post.too_soon', 'post.type_mismatch', 'post.link_invalid',
  'post.upload_unusable', 'post.poll_invalid', 'post.title_frozen', 'post.restore_too_late',
  'post.removed_by_moderator', 'post.pin_limit', 'vote.direction_invalid', 'poll.unknown',
  'poll.closed', 'poll.choice_invalid', 'comment.unknown', 'comment.not_author',
  'comment.deleted', 'comment.restore_too_late', 'comment.removed_by_moderator', 'moderator.permission_not_held',
  'moderator.unknown', 'ban.protected', 'ban.until_past', 'ban.unknown',
  'feed.sort_unknown', 'feed.cursor_malformed'
);

drop table forums.imported_posts;
drop table forums.post_view_deltas;
drop table forums.post_subscriptions;
drop table forums.subscriptions;
drop table forums.bans;
drop table forums.moderators;
drop table forums.comment_votes;
drop table forums.post_votes;
drop table forums.removed_texts;
drop table forums.comments;
drop table forums.poll_votes;
drop table forums.poll_options;
drop table forums.polls;
drop table forums.post_attachments;
drop table forums.posts;
drop table forums.flairs;
drop table forums.categories;
drop table forums.forums;
drop function forums.hot_rank(integer, timestamptz);
drop schema forums;
