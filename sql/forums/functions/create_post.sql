create or replace function forums.create_post(
  p_forum_id uuid,
  p_title text,
  p_content text default '',
  p_type text default 'text',
  p_category_id uuid default null,
  p_flair_id uuid default null,
  p_link_url text default null,
  p_upload_ids uuid[] default null,
  p_poll_options text[] default null,
  p_poll_multiple_choice boolean default false,
  p_poll_closes_at timestamptz default null,
  p_content_format text default 'markdown',
  p_is_nsfw boolean default false,
  p_key text default null
)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(
    p_forum_id, p_title, p_content, p_type, p_category_id, p_flair_id, p_link_url, p_upload_ids,
    p_poll_options, p_poll_multiple_choice, p_poll_closes_at, p_content_format, p_is_nsfw
  );
  earlier jsonb;
  forum forums.forums;
  post forums.posts;
  post_title text;
  post_content text;
  options text[];
begin
  earlier := core.recall('forums.create_post', p_key, arguments);
  if earlier is not null then
    select * into post from forums.posts as made where made.id = (earlier ->> 'id')::uuid;
    return post;
  end if;

  forum := forums.writable_forum(p_forum_id);
  post_title := core.clean_text(p_title, 300);
  post_content := coalesce(core.clean_text(p_content, 40000, false), '');
  perform forums.clean_format(p_content_format);
  if p_type is null
    or p_type not in ('text', 'link', 'image', 'poll')
    or (p_type = 'link') <> (p_link_url is not null)
    or (p_type = 'image') <> (coalesce(cardinality(p_upload_ids), 0) > 0)
    or (p_type = 'poll') <> (coalesce(cardinality(p_poll_options), 0) > 0)
  then
    perform core.fail('post.type_mismatch');
  end if;
  if p_category_id is not null and not exists (
    select from forums.categories as category
    where category.forum_id = p_forum_id and category.id = p_category_id
  ) then
    perform core.fail('category.unknown');
  end if;
  perform forums.check_flair(p_forum_id, p_flair_id);
  perform forums.check_post_pace(me);

  insert into forums.posts (
    forum_id, author_id, category_id, flair_id, type, title, content, content_format, link_url, is_nsfw
  )
  values (
    p_forum_id, me, p_category_id, p_flair_id, p_type, post_title, post_content, p_content_format,
    case when p_type = 'link' then forums.clean_url(p_link_url) end,
    coalesce(p_is_nsfw, false)
  )
  returning * into post;

  if p_type = 'image' then
    perform forums.attach_uploads(post.id, p_upload_ids);
  end if;

  if p_type = 'poll' then
    select array_agg(core.clean_text(option.label, 200) order by option.position) into options
    from unnest(p_poll_options) with ordinality as option (label, position);
    if cardinality(options) not between 2 and 20
      or cardinality(options) <> (select count(distinct lower(label)) from unnest(options) as label)
      or p_poll_closes_at <= now()
      or p_poll_closes_at > now() + interval '90 days'
    then
      perform core.fail('post.poll_invalid');
    end if;
    insert into forums.polls (post_id, multiple_choice, closes_at)
    values (post.id, coalesce(p_poll_multiple_choice, false), p_poll_closes_at);
    insert into forums.poll_options (post_id, position, label)
    select post.id, option.position - 1, option.label
    from unnest(options) with ordinality as option (label, position);
  end if;

  insert into forums.post_subscriptions (user_id, post_id) values (me, post.id);
  if forum.auto_upvote_own then
    insert into forums.post_votes (post_id, user_id, direction) values (post.id, me, 1);
  end if;
  perform core.enqueue('notify_followers', json_build_object('postId', post.id));
  perform core.remember('forums.create_post', p_key, arguments, jsonb_build_object('id', post.id));

  select * into post from forums.posts as made where made.id = post.id;
  return post;
end
$$;

comment on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) is
  E'@argument poll_closes_at When the poll closes; left out: never.\n@argument poll_multiple_choice Whether one may choose several options.\n@argument poll_options The options to choose from, in their order.\nPosts to a forum and follows the post; in most forums it starts with the author''s own up-vote. type: text, link (with link_url), image (with 1 to 20 own finished uploads) or poll (with 2 to 20 different options; poll_multiple_choice; poll_closes_at within 90 days). content_format: markdown, bbcode or plain. key: send the same again after a lost answer and get the same post. Refuses: forum.unknown, forum.banned, forum.class_too_low; parts that do not fit the type (post.type_mismatch), post.link_invalid, post.upload_unusable, post.poll_invalid; category.unknown, flair.unknown, flair.moderators_only; a new account that posts too fast (post.too_soon, with the seconds to wait). Limits: title 300, content 40,000, an option 200 characters. About ten single-row writes; posts to one forum queue up for its counters at the end.';

revoke all on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) from public;
grant execute on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) to stoa_member;
