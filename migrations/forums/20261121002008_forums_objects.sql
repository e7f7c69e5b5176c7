-- Why: what is defined in sql/forums: 97 functions, 28 triggers, policies of 18 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on forums.bans, forums.categories, forums.comment_votes,
--   forums.comments, forums.flairs, forums.forums, forums.moderators, forums.poll_options, forums.poll_votes,
--   forums.polls, forums.post_attachments, forums.post_subscriptions, forums.post_votes, forums.posts,
--   forums.subscriptions (policies); SHARE ROW EXCLUSIVE, for an instant, on forums.bans,
--   forums.comment_votes, forums.comments, forums.forums, forums.poll_votes, forums.post_attachments,
--   forums.post_subscriptions, forums.post_votes, forums.posts, forums.subscriptions (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: forums/functions/admit_subscriber.sql
create or replace function forums.admit_subscriber(p_forum_id uuid, p_user_id uuid)
returns forums.subscriptions
language plpgsql
volatile
-- Writes a row of somebody else.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  forum forums.forums;
  subscription forums.subscriptions;
begin
  forum := forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 8);
  if forum.is_public then
    perform core.fail('forum.not_allowed');
  end if;
  if not exists (
    select from core.users as person
    where person.id = p_user_id and person.deleted_at is null and person.erased_at is null
  ) or social.is_blocked(me, p_user_id) then
    perform core.fail('user.unknown');
  end if;
  if forums.is_banned(p_forum_id, p_user_id) then
    perform core.fail('forum.banned');
  end if;

  insert into forums.subscriptions (user_id, forum_id)
  values (p_user_id, p_forum_id)
  on conflict (user_id, forum_id) do nothing
  returning * into subscription;
  if found then
    perform notifications.notify(
      p_user_id, 'forum', 'You were let into the forum ' || forum.name, null,
      jsonb_build_object('forum_id', p_forum_id), me
    );
  else
    select * into subscription
    from forums.subscriptions as existing
    where existing.user_id = p_user_id and existing.forum_id = p_forum_id;
  end if;
  return subscription;
end
$$;

comment on function forums.admit_subscriber(uuid, uuid) is
  E'@name admit_to_forum\nLets a member into a private forum, whose subscribers are its readers; they can leave with unsubscribe. Needs APPOINT (forum.not_allowed), and a forum that is not public. Refuses closed accounts and people who block the caller (user.unknown), and people banned from the forum (forum.banned). They are told.';

revoke all on function forums.admit_subscriber(uuid, uuid) from public;
grant execute on function forums.admit_subscriber(uuid, uuid) to stoa_member;

-- Object: forums/functions/all_feed.sql
create or replace function forums.all_feed(
  p_sort text default 'hot',
  p_window interval default null,
  p_after text default null,
  p_first integer default 25
)
returns setof forums.posts
language plpgsql
stable
rows 25
set search_path = ''
as $$
declare
  after_id constant uuid := forums.cursor_id(p_after);
  page constant integer := forums.page_size(p_first);
  after_number double precision;
  after_score integer;
begin
  if p_window is not null and p_sort is distinct from 'top' then
    perform core.fail('feed.sort_unknown');
  end if;

  if p_sort = 'hot' then
    after_number := forums.cursor_key(p_after, 'number')::double precision;
    if p_after is null then
      return query
        select post.*
        from forums.posts as post
        where post.deleted_at is null
        order by post.hot_rank desc, post.id desc
        limit page;
    else
      return query
        select post.*
        from forums.posts as post
        where post.deleted_at is null
          and (post.hot_rank, post.id) < (after_number, after_id)
        order by post.hot_rank desc, post.id desc
        limit page;
    end if;
  elsif p_sort = 'new' then
    return query
      select post.*
      from forums.posts as post
      where post.deleted_at is null
        and post.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by post.id desc
      limit page;
  elsif p_sort = 'top' and p_window <= interval '31 days' then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    return query
      select post.*
      from forums.posts as post
      where post.deleted_at is null
        and post.id >= core.uuidv7_floor(now() - p_window)
        and (p_after is null or (post.score, post.id) < (after_score, after_id))
      order by post.score desc, post.id desc
      limit page;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.all_feed(text, interval, text, integer) is
  E'@name all_forums_feed\n@simpleCollections only\nOne page of the posts of every forum that the caller may read: sort is hot, new, or top with a window of at most 31 days. first and after as in forumFeed. Reads about as many index entries as it returns rows, plus those of forums that the caller may not read; top sorts the posts of the window. Refuses feed.sort_unknown and feed.cursor_malformed.';

revoke all on function forums.all_feed(text, interval, text, integer) from public;
grant execute on function forums.all_feed(text, interval, text, integer) to stoa_anonymous;

-- Object: forums/functions/appoint_moderator.sql
create or replace function forums.appoint_moderator(p_forum_id uuid, p_user_id uuid, p_permissions bigint)
returns forums.moderators
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  mine bigint;
  forum forums.forums;
  before bigint;
  moderator forums.moderators;
begin
  perform forums.readable_forum(p_forum_id);
  -- Under the lock of the forum: nobody passes on what is being taken from them, or appoints whom another is banning.
  select * into forum from forums.forums as target where target.id = p_forum_id for no key update;
  perform forums.require_permission(p_forum_id, 8);
  if p_permissions is null or p_permissions < 0 or p_permissions > 511 then
    perform core.fail('input.malformed');
  end if;
  if p_user_id = forum.owner_id or not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  if forums.is_banned(p_forum_id, p_user_id) then
    perform core.fail('forum.banned');
  end if;

  mine := forums.my_permissions(p_forum_id);
  select existing.permissions into before
  from forums.moderators as existing
  where existing.forum_id = p_forum_id and existing.user_id = p_user_id;
  if (p_permissions | coalesce(before, 0)) & ~mine <> 0 then
    perform core.fail('moderator.permission_not_held');
  end if;

  insert into forums.moderators as existing (forum_id, user_id, permissions, appointed_by)
  values (p_forum_id, p_user_id, p_permissions, me)
  on conflict (forum_id, user_id) do update
  set permissions = excluded.permissions,
      appointed_by = excluded.appointed_by
  returning * into moderator;

  perform audit.record(
    'appoint_moderator', 'forums.moderators', null,
    jsonb_build_object('permissions', before),
    jsonb_build_object('permissions', p_permissions),
    null, null,
    jsonb_build_object('forum_id', p_forum_id, 'user_id', p_user_id)
  );
  if before is null then
    perform notifications.notify(
      p_user_id, 'forum', 'You now moderate the forum ' || forum.name, null,
      jsonb_build_object('forum_id', p_forum_id), me
    );
  end if;
  return moderator;
end
$$;

comment on function forums.appoint_moderator(uuid, uuid, bigint) is
  'Makes a member a moderator of a forum, or changes what a moderator may do; the bits are those of forums.my_permissions. Needs APPOINT (forum.not_allowed), and every permission that is given or changed (moderator.permission_not_held). Refuses the owner and closed or disabled accounts (user.unknown), people banned from the forum (forum.banned), and bits that do not exist (input.malformed). Audited; a new moderator is told.';

revoke all on function forums.appoint_moderator(uuid, uuid, bigint) from public;
grant execute on function forums.appoint_moderator(uuid, uuid, bigint) to stoa_member;

-- Object: forums/functions/attach_uploads.sql
create or replace function forums.attach_uploads(p_post_id uuid, p_upload_ids uuid[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  usable integer;
begin
  if cardinality(p_upload_ids) not between 1 and 20 then
    perform core.fail('post.upload_unusable');
  end if;
  -- Locked in the order of their keys, so that none is deleted between the check and the attachment.
  select count(*) into usable
  from (
    select upload.id
    from media.uploads as upload
    where upload.id = any (p_upload_ids)
      and upload.user_id = core.current_user_id()
      and upload.status = 'ready'
      and upload.deleted_at is null
      and upload.content_type like 'image/%'
    order by upload.id
    for no key update
  ) as found_upload;
  if usable <> cardinality(p_upload_ids) then
    perform core.fail('post.upload_unusable');
  end if;

  insert into forums.post_attachments (post_id, position, upload_id)
  select p_post_id, picture.position - 1, picture.upload_id
  from unnest(p_upload_ids) with ordinality as picture (upload_id, position);
end
$$;

comment on function forums.attach_uploads(uuid, uuid[]) is
  'Internal. Makes 1 to 20 finished pictures of the caller the pictures of a post, in this order. Refuses others, doubles and none (post.upload_unusable).';

revoke all on function forums.attach_uploads(uuid, uuid[]) from public;

-- Object: forums/functions/audit_moderation.sql
create or replace function forums.audit_moderation(
  p_action text,
  p_post_or_comment text,
  p_id uuid,
  p_author_id uuid,
  p_reason text default null,
  p_before jsonb default null,
  p_after jsonb default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_author_id is distinct from core.current_user_id() then
    perform audit.record(p_action, p_post_or_comment, p_id, p_before, p_after, p_reason);
  end if;
end
$$;

comment on function forums.audit_moderation(text, text, uuid, uuid, text, jsonb, jsonb) is
  'Internal. Records what somebody did to the post or comment of somebody else; what authors do to their own is not recorded.';

revoke all on function forums.audit_moderation(text, text, uuid, uuid, text, jsonb, jsonb) from public;

-- Object: forums/functions/ban_from_forum.sql
create or replace function forums.ban_from_forum(
  p_forum_id uuid,
  p_user_id uuid,
  p_reason text,
  p_until timestamptz default null
)
returns forums.bans
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000);
  forum forums.forums;
  ban forums.bans;
  moment timestamptz;
begin
  perform forums.readable_forum(p_forum_id);
  -- Two moderators at once: the second waits here, then replaces the ban of the first. Nobody becomes owner or
  -- moderator meanwhile.
  select * into forum from forums.forums as target where target.id = p_forum_id for no key update;
  perform forums.require_permission(p_forum_id, 4);
  if p_until <= clock_timestamp() then
    perform core.fail('ban.until_past');
  end if;
  if not exists (select from core.users as person where person.id = p_user_id and person.erased_at is null) then
    perform core.fail('user.unknown');
  end if;
  if p_user_id = me
    or p_user_id = forum.owner_id
    or exists (
      select from forums.moderators as moderator
      where moderator.forum_id = p_forum_id and moderator.user_id = p_user_id
    )
    or exists (select from core.users as person where person.id = p_user_id and person.role in ('moderator', 'admin'))
  then
    perform core.fail('ban.protected');
  end if;

  -- Not now(): it is the time before the wait, and the bans would overlap.
  moment := clock_timestamp();
  update forums.bans as earlier
  set lifted_at = greatest(moment, earlier.starts_at),
      lifted_by = me,
      lift_reason = 'Replaced by a new ban.'
  where earlier.forum_id = p_forum_id
    and earlier.user_id = p_user_id
    and earlier.lifted_at is null
    and (earlier.banned_until is null or earlier.banned_until > moment);
  insert into forums.bans (forum_id, user_id, reason, banned_by, starts_at, banned_until)
  values (p_forum_id, p_user_id, why, me, moment, p_until)
  returning * into ban;

  perform audit.record(
    'ban_from_forum', 'forums.bans', ban.id, null,
    jsonb_build_object('forum_id', p_forum_id, 'user_id', p_user_id, 'banned_until', p_until), why
  );
  perform notifications.notify(
    p_user_id, 'moderation', 'You were banned from the forum ' || forum.name, why,
    jsonb_build_object('forum_id', p_forum_id, 'banned_until', p_until)
  );
  return ban;
end
$$;

comment on function forums.ban_from_forum(uuid, uuid, text, timestamptz) is
  'Bans a person from a forum until a time, or for good: they can neither read nor write there. A ban in force is replaced. Needs BAN (forum.not_allowed). Refuses the caller, the owner, moderators and staff (ban.protected), an end in the past (ban.until_past), and an unknown account (user.unknown). Audited; the banned person is told the reason (at most 1,000 characters).';

revoke all on function forums.ban_from_forum(uuid, uuid, text, timestamptz) from public;
grant execute on function forums.ban_from_forum(uuid, uuid, text, timestamptz) to stoa_member;

-- Object: forums/functions/can_moderate.sql
create or replace function forums.can_moderate(p_forum_id uuid, p_bit integer)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return (forums.my_permissions(p_forum_id) >> p_bit) & 1 = 1;
end
$$;

comment on function forums.can_moderate(uuid, integer) is
  E'@internal\n@name can_moderate_forum\nWhether the caller holds a permission of a moderator in a forum; the bits are those of forums.my_permissions.';

revoke all on function forums.can_moderate(uuid, integer) from public;
grant execute on function forums.can_moderate(uuid, integer) to stoa_anonymous;

-- Object: forums/functions/check_class.sql
create or replace function forums.check_class(p_class_id smallint)
returns smallint
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_class_id is not null and not exists (select from core.user_classes as class where class.id = p_class_id) then
    perform core.fail('class.unknown');
  end if;
  return p_class_id;
end
$$;

comment on function forums.check_class(smallint) is 'Internal. An account class that exists, or null. Refuses others (class.unknown).';

revoke all on function forums.check_class(smallint) from public;

-- Object: forums/functions/check_css.sql
create or replace function forums.check_css(p_css text, p_scope text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  property_list constant text[] := array[
    'background-color', 'border', 'border-bottom', 'border-bottom-color', 'border-bottom-style',
    'border-bottom-width', 'border-collapse', 'border-color', 'border-left', 'border-left-color',
    'border-left-style', 'border-left-width', 'border-radius', 'border-right', 'border-right-color',
    'border-right-style', 'border-right-width', 'border-spacing', 'border-style', 'border-top',
    'border-top-color', 'border-top-style', 'border-top-width', 'border-width', 'box-shadow', 'color',
    'font-family', 'font-size', 'font-style', 'font-variant', 'font-weight', 'height', 'letter-spacing',
    'line-height', 'list-style-type', 'margin', 'margin-bottom', 'margin-left', 'margin-right', 'margin-top',
    'max-height', 'max-width', 'min-height', 'min-width', 'opacity', 'outline', 'padding', 'padding-bottom',
    'padding-left', 'padding-right', 'padding-top', 'text-align', 'text-decoration', 'text-indent',
    'text-shadow', 'text-transform', 'vertical-align', 'white-space', 'width', 'word-spacing'
  ];
  function_list constant text[] := array['rgb', 'rgba', 'hsl', 'hsla', 'calc'];
  rule_pattern constant text := '([^{}]+)\{([^{}]*)\}';
  -- Comments go first, so that nothing can hide behind them: what is checked below is what is served.
  sheet constant text := btrim(regexp_replace(p_css, '/\*.*?\*/', ' ', 'g'), E' \t\n\r\f');
  rule text[];
  selector text;
  declaration text;
  property text;
  value text;
  called text;
  selectors text[];
  declarations text[];
  rules text[] := '{}';
begin
  if octet_length(p_css) > 65536 then
    perform core.fail('input.too_long');
  end if;
  -- Escapes spell forbidden words, "<" ends a style element, quotes can swallow what follows, "@" starts imports.
  if sheet ~ '[\\<@"''`\u0000-\u0008\u000e-\u001f]'
    or sheet ~ '/\*|\*/'
    or regexp_replace(sheet, rule_pattern, '', 'g') ~ '[^[:space:]]'
  then
    perform core.fail('forum.css_refused');
  end if;

  for rule in select regexp_matches(sheet, rule_pattern, 'g') loop
    selectors := '{}';
    foreach selector in array string_to_array(rule[1], ',') loop
      selector := btrim(regexp_replace(selector, '[[:space:]]+', ' ', 'g'));
      -- A leading combinator would reach out of the scope: ".scope + p" is a neighbour of the forum.
      if selector !~ '^[A-Za-z.#*:][A-Za-z0-9_.#*:> +~-]*$' then
        perform core.fail('forum.css_refused');
      end if;
      selectors := selectors || (p_scope || ' ' || selector);
    end loop;

    declarations := '{}';
    foreach declaration in array string_to_array(rule[2], ';') loop
      continue when declaration !~ '[^[:space:]]';
      property := lower(btrim(split_part(declaration, ':', 1), E' \t\n\r\f'));
      value := btrim(regexp_replace(substring(declaration from position(':' in declaration) + 1), '[[:space:]]+', ' ', 'g'));
      if position(':' in declaration) = 0
        or property <> all (property_list)
        or value !~ '^[A-Za-z0-9#.,%() !/*+-]+$'
        or value ~ '(^|[^A-Za-z0-9])-[0-9.]'
      then
        perform core.fail('forum.css_refused');
      end if;
      for called in select (regexp_matches(value, '([A-Za-z-]*)[[:space:]]*\(', 'g'))[1] loop
        if lower(called) <> all (function_list) then
          perform core.fail('forum.css_refused');
        end if;
      end loop;
      declarations := declarations || (property || ': ' || value);
    end loop;

    rules := rules || (array_to_string(selectors, ', ') || ' { ' || array_to_string(declarations, '; ') || ' }');
  end loop;

  if octet_length(array_to_string(rules, E'\n')) > 262144 then
    perform core.fail('input.too_long');
  end if;
  return nullif(array_to_string(rules, E'\n'), '');
end
$$;

comment on function forums.check_css(text, text) is
  'Internal. A style sheet, taken apart and put together again from what is known to be harmless: plain rules with allowed properties, values of numbers, words and colour functions, every selector confined to p_scope. Refuses everything else (forum.css_refused): @-rules, url(), expression(), positions, negative lengths, escapes, quotes, selectors that leave the scope; and more than 64 KiB, or 256 KiB once every selector is confined (input.too_long).';

revoke all on function forums.check_css(text, text) from public;

-- Object: forums/functions/check_flair.sql
create or replace function forums.check_flair(p_forum_id uuid, p_flair_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  flair forums.flairs;
begin
  if p_flair_id is null then
    return;
  end if;
  select * into flair
  from forums.flairs as candidate
  where candidate.forum_id = p_forum_id and candidate.id = p_flair_id;
  if not found then
    perform core.fail('flair.unknown');
  end if;
  if flair.mod_only and not forums.can_moderate(p_forum_id, 3) then
    perform core.fail('flair.moderators_only');
  end if;
end
$$;

comment on function forums.check_flair(uuid, uuid) is
  'Internal. Refuses a label that is not of this forum (flair.unknown) or that only moderators with FLAIR may use (flair.moderators_only); no label is fine.';

revoke all on function forums.check_flair(uuid, uuid) from public;

-- Object: forums/functions/check_forum_slug.sql
create or replace function forums.check_forum_slug(p_slug text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  slug constant text := forums.check_slug(p_slug);
begin
  if core.setting_json('forums.reserved_slugs') ? slug then
    perform core.fail('forum.slug_reserved');
  end if;
  return slug;
end
$$;

comment on function forums.check_forum_slug(text) is
  'Internal. The address of a forum. Refuses what forums.check_slug refuses, and the reserved ones of the setting forums.reserved_slugs (forum.slug_reserved).';

revoke all on function forums.check_forum_slug(text) from public;

-- Object: forums/functions/check_nesting.sql
create or replace function forums.check_nesting()
returns trigger
language plpgsql
-- Walks forums that the caller may not be allowed to read.
security definer
set search_path = ''
as $$
declare
  deepest constant integer := 5;
  levels_above integer;
  levels_below integer;
begin
  if new.parent_id is null then
    return new;
  end if;

  -- Two moves at once could close a circle that neither of them sees.
  perform pg_advisory_xact_lock(hashtextextended('forums.check_nesting', 0));

  with recursive above (id, parent_id, level) as (
    select forum.id, forum.parent_id, 1
    from forums.forums as forum
    where forum.id = new.parent_id
    union all
    select forum.id, forum.parent_id, above.level + 1
    from above
    join forums.forums as forum on forum.id = above.parent_id
    where above.level <= deepest and above.id <> new.id
  )
  select case when bool_or(above.id = new.id) then deepest + 1 else max(above.level) end
  into levels_above
  from above;

  with recursive below (id, level) as (
    select new.id, 1
    union all
    select forum.id, below.level + 1
    from below
    join forums.forums as forum on forum.parent_id = below.id
    where below.level <= deepest
  )
  select max(below.level) into levels_below from below;

  if coalesce(levels_above, 0) + levels_below > deepest then
    perform core.fail('forum.too_deep');
  end if;
  return new;
end
$$;

comment on function forums.check_nesting() is
  'Trigger. Forums nest at most five levels deep and never in a circle; refuses others (forum.too_deep). Moves in the tree wait for one another.';

revoke all on function forums.check_nesting() from public;

-- Object: forums/functions/check_owned_limit.sql
create or replace function forums.check_owned_limit(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  limits constant jsonb := core.setting_json('forums.owned_limit');
  class core.user_classes;
begin
  select candidate.* into class
  from core.users as person
  join core.user_classes as candidate on candidate.id = person.class_id
  where person.id = p_user_id;
  if class.role in ('moderator', 'admin') then
    return;
  end if;

  -- Two forums at once by one person: the second waits and then counts the first.
  perform pg_advisory_xact_lock(hashtextextended('forums.owned:' || p_user_id, 0));
  if (
    select count(*)
    from forums.forums as forum
    where forum.owner_id = p_user_id
      and forum.deleted_at is null
  ) >= coalesce((limits ->> class.slug)::integer, (limits ->> 'default')::integer, 0) then
    perform core.fail('forum.limit_reached');
  end if;
end
$$;

comment on function forums.check_owned_limit(uuid) is
  'Internal. Refuses (forum.limit_reached) when a person owns as many forums as the setting forums.owned_limit gives their class; staff is not limited.';

revoke all on function forums.check_owned_limit(uuid) from public;

-- Object: forums/functions/check_post_pace.sql
create or replace function forums.check_post_pace(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  pause constant interval := make_interval(secs => core.setting_integer('forums.new_account_post_interval_seconds'));
  newest timestamptz;
begin
  if not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.role = 'user'
      and person.inserted_at > now() - make_interval(days => core.setting_integer('forums.new_account_days')::integer)
  ) then
    return;
  end if;

  -- Two posts at once by one person: the second waits and then sees the first.
  perform pg_advisory_xact_lock(hashtextextended('forums.create_post:' || p_user_id, 0));
  select post.inserted_at into newest
  from forums.posts as post
  where post.author_id = p_user_id
  order by post.id desc
  limit 1;
  if newest > clock_timestamp() - pause then
    perform core.fail('post.too_soon', ceil(extract(epoch from newest + pause - clock_timestamp()))::integer);
  end if;
end
$$;

comment on function forums.check_post_pace(uuid) is
  'Internal. Refuses (post.too_soon, with the seconds to wait) a post by an account younger than the setting forums.new_account_days that posted less than forums.new_account_post_interval_seconds ago. Deleted posts count.';

revoke all on function forums.check_post_pace(uuid) from public;

-- Object: forums/functions/check_slug.sql
create or replace function forums.check_slug(p_slug text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  slug constant text := lower(core.clean_text(p_slug, 100));
begin
  if slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$' then
    perform core.fail('forum.slug_invalid');
  end if;
  return slug;
end
$$;

comment on function forums.check_slug(text) is
  'Internal. A name for addresses in lower case. Refuses anything but letters a to z, digits and single hyphens (forum.slug_invalid), an empty one and one over 100 characters.';

revoke all on function forums.check_slug(text) from public;

-- Object: forums/functions/class_reaches.sql
create or replace function forums.class_reaches(p_user_id uuid, p_class_id smallint)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return p_class_id is null or exists (
    select
    from core.users as person
    join core.user_classes as held on held.id = person.class_id
    join core.user_classes as wanted on wanted.id = p_class_id
    where person.id = p_user_id
      and held.sort_order >= wanted.sort_order
  );
end
$$;

comment on function forums.class_reaches(uuid, smallint) is
  'Internal. Whether a person''s account class is at least this one; no class is reached by everybody.';

revoke all on function forums.class_reaches(uuid, smallint) from public;

-- Object: forums/functions/clean_format.sql
create or replace function forums.clean_format(p_format text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_format is null or p_format not in ('markdown', 'bbcode', 'plain') then
    perform core.fail('input.malformed');
  end if;
  return p_format;
end
$$;

comment on function forums.clean_format(text) is
  'Internal. A markup that exists: markdown, bbcode or plain. Refuses others (input.malformed).';

revoke all on function forums.clean_format(text) from public;

-- Object: forums/functions/clean_url.sql
create or replace function forums.clean_url(p_url text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  cleaned constant text := btrim(p_url);
begin
  if cleaned is null
    or char_length(cleaned) > 2000
    or cleaned !~* '^https?://[^[:space:]/?#]+[^[:space:]]*$'
  then
    perform core.fail('post.link_invalid');
  end if;
  -- Schemes are case-insensitive; one spelling is kept.
  return lower(substring(cleaned from '^[A-Za-z]+')) || substring(cleaned from '^[A-Za-z]+(.*)$');
end
$$;

comment on function forums.clean_url(text) is
  'Internal. A web address with its scheme in lower case. Refuses anything that is not http or https, holds white space or is longer than 2,000 characters (post.link_invalid).';

revoke all on function forums.clean_url(text) from public;

-- Object: forums/functions/comment_tree.sql
create or replace function forums.comment_tree(
  p_post_id uuid,
  p_sort text default 'tree',
  p_root_id uuid default null,
  p_after text default null,
  p_first integer default 50
)
returns setof forums.comments
language plpgsql
stable
rows 50
-- Asks once whether the caller may read the post, where the policy of the table asks for every comment. A tombstone
-- holds no text, so a row is safe to return as it is.
security definer
set search_path = ''
as $$
declare
  after_id constant uuid := forums.cursor_id(p_after);
  page constant integer := least(greatest(coalesce(p_first, 50), 1), 200);
  root forums.comments;
  lower_path uuid[];
  after_score integer;
begin
  perform forums.live_post(p_post_id);
  if p_root_id is not null then
    select * into root
    from forums.comments as comment
    where comment.post_id = p_post_id and comment.id = p_root_id;
    if not found then
      perform core.fail('comment.unknown');
    end if;
  end if;

  if p_sort = 'tree' then
    if p_after is not null then
      select comment.path into lower_path
      from forums.comments as comment
      where comment.post_id = p_post_id and comment.id = after_id;
      if not found then
        perform core.fail('feed.cursor_malformed');
      end if;
    end if;
    return query
      select comment.*
      from forums.comments as comment
      where comment.post_id = p_post_id
        and comment.path > coalesce(lower_path, root.path, '{}')
        and comment.path < coalesce(root.path, '{}') || 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
      order by comment.path
      limit page;
  elsif p_sort = 'best' then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    if root.id is null then
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.parent_id is null
          and comment.score <= coalesce(after_score, 2147483647)
          and (p_after is null or comment.score < after_score or comment.id > after_id)
        -- "is null" is no equality to the planner: without the parent in the order it would sort.
        order by comment.parent_id, comment.score desc, comment.id
        limit page;
    else
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.parent_id = root.id
          and comment.score <= coalesce(after_score, 2147483647)
          and (p_after is null or comment.score < after_score or comment.id > after_id)
        order by comment.score desc, comment.id
        limit page;
    end if;
  elsif p_sort = 'new' then
    return query
      select comment.*
      from forums.comments as comment
      where comment.post_id = p_post_id
        and comment.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        and (root.id is null or comment.path between root.path and root.path || 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
      order by comment.id desc
      limit page;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.comment_tree(uuid, text, uuid, text, integer) is
  E'@simpleCollections only\nOne page of a post''s comments. sort: tree, the whole tree in reading order (after: id); best, the answers to one comment, or the top level, by score (after: score:id); new, the newest first (after: id). root: only what stands under this comment. first: 1 to 200 comments. Deleted comments appear as tombstones without text. Refuses post.unknown, forum.banned, comment.unknown, feed.sort_unknown and feed.cursor_malformed. Reads about as many index entries as it returns rows.';

revoke all on function forums.comment_tree(uuid, text, uuid, text, integer) from public;
grant execute on function forums.comment_tree(uuid, text, uuid, text, integer) to stoa_anonymous;

-- Object: forums/functions/comments_my_vote.sql
create or replace function forums.comments_my_vote(p_comment forums.comments)
returns integer
language sql
stable
-- A visitor may not read votes at all, and has cast none: the answer is 0 instead of a refusal.
security definer
set search_path = ''
begin atomic
  select coalesce((
    select vote.direction
    from forums.comment_votes as vote
    where vote.comment_id = p_comment.id
      and vote.user_id = core.current_user_id()
  ), 0);
end;

comment on function forums.comments_my_vote(forums.comments) is
  'The caller''s vote on the comment: 1, -1, or 0 for none. One look-up by primary key, of the caller''s own vote only.';

revoke all on function forums.comments_my_vote(forums.comments) from public;
grant execute on function forums.comments_my_vote(forums.comments) to stoa_anonymous;

-- Object: forums/functions/count_comment_deletion.sql
create or replace function forums.count_comment_deletion()
returns trigger
language plpgsql
-- Fires for whoever deletes a comment; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case when new.deleted_at is null then 1 else -1 end;
  newest record;
begin
  perform from forums.posts as post where post.id = new.post_id for no key update;

  -- Looked up after the lock: a comment that was added meanwhile is seen.
  select comment.id, comment.inserted_at into newest
  from forums.comments as comment
  where comment.post_id = new.post_id
    and comment.deleted_at is null
  order by comment.id desc
  limit 1;

  update forums.posts as post
  set comment_count = post.comment_count + step,
      last_comment_id = newest.id,
      last_comment_at = newest.inserted_at,
      last_activity_at = greatest(post.inserted_at, newest.inserted_at)
  where post.id = new.post_id;

  if new.parent_id is not null then
    update forums.comments as parent
    set reply_count = parent.reply_count + step
    where parent.id = new.parent_id;
  end if;
  return null;
end
$$;

comment on function forums.count_comment_deletion() is
  'Trigger. Keeps comment_count, the last comment and the last activity of the post, and reply_count of the parent, when a comment is deleted or restored.';

revoke all on function forums.count_comment_deletion() from public;

-- Object: forums/functions/count_comment_votes.sql
create or replace function forums.count_comment_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a vote; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  comment_ids uuid[];
  ups integer[];
  downs integer[];
begin
  if tg_op = 'INSERT' then
    select array_agg(counted.comment_id), array_agg(counted.up), array_agg(counted.down)
    into comment_ids, ups, downs
    from (
      select
        added.comment_id,
        (count(*) filter (where added.direction = 1))::integer as up,
        (count(*) filter (where added.direction = -1))::integer as down
      from added
      group by added.comment_id
    ) as counted;
  elsif tg_op = 'DELETE' then
    select array_agg(counted.comment_id), array_agg(counted.up), array_agg(counted.down)
    into comment_ids, ups, downs
    from (
      select
        removed.comment_id,
        -(count(*) filter (where removed.direction = 1))::integer as up,
        -(count(*) filter (where removed.direction = -1))::integer as down
      from removed
      group by removed.comment_id
    ) as counted;
  else
    select array_agg(counted.comment_id), array_agg(counted.up), array_agg(counted.down)
    into comment_ids, ups, downs
    from (
      select
        changed.comment_id,
        sum(case when changed.direction = 1 then changed.step else 0 end)::integer as up,
        sum(case when changed.direction = -1 then changed.step else 0 end)::integer as down
      from (
        select added.comment_id, added.direction, 1 as step from added
        union all
        select removed.comment_id, removed.direction, -1 from removed
      ) as changed
      group by changed.comment_id
    ) as counted
    where counted.up <> 0 or counted.down <> 0;
  end if;
  if comment_ids is null then
    return null;
  end if;

  if cardinality(comment_ids) > 1 then
    perform from forums.comments as comment where comment.id = any (comment_ids) order by comment.id for no key update;
  end if;
  update forums.comments as comment
  set upvote_count = comment.upvote_count + counted.up,
      downvote_count = comment.downvote_count + counted.down,
      score = comment.score + counted.up - counted.down
  from unnest(comment_ids, ups, downs) as counted (comment_id, up, down)
  where comment.id = counted.comment_id;
  return null;
end
$$;

comment on function forums.count_comment_votes() is
  'Trigger. Keeps score, upvote_count and downvote_count of comments as differences: one update a comment and statement, comments locked in the order of their keys.';

revoke all on function forums.count_comment_votes() from public;

-- Object: forums/functions/count_comments.sql
create or replace function forums.count_comments()
returns trigger
language plpgsql
-- Fires for whoever writes a comment; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from forums.posts as post
  where post.id in (select changed.post_id from changed)
  order by post.id
  for no key update;

  update forums.posts as post
  set comment_count = post.comment_count + step * counted.amount,
      last_comment_id = case when step = 1 then greatest(post.last_comment_id, counted.newest_id) else post.last_comment_id end,
      last_comment_at = case
        when step = 1 and (post.last_comment_id is null or counted.newest_id > post.last_comment_id) then counted.newest_at
        else post.last_comment_at
      end,
      last_activity_at = case
        when step = 1 then greatest(post.last_activity_at, counted.newest_at)
        else post.last_activity_at
      end
  from (
    select
      changed.post_id,
      count(*)::integer as amount,
      (array_agg(changed.id order by changed.id desc))[1] as newest_id,
      (array_agg(changed.inserted_at order by changed.id desc))[1] as newest_at
    from changed
    where changed.deleted_at is null
    group by changed.post_id
  ) as counted
  where post.id = counted.post_id;

  if exists (select from changed where changed.parent_id is not null) then
    perform
    from forums.comments as parent
    where parent.id in (select changed.parent_id from changed)
    order by parent.id
    for no key update;

    update forums.comments as parent
    set reply_count = parent.reply_count + step * counted.amount
    from (
      select changed.parent_id, count(*)::integer as amount
      from changed
      where changed.deleted_at is null
        and changed.parent_id is not null
      group by changed.parent_id
    ) as counted
    where parent.id = counted.parent_id;
  end if;
  return null;
end
$$;

comment on function forums.count_comments() is
  'Trigger. Keeps comment_count, the last comment and the last activity of posts, and reply_count of parents, when comments are added or removed for good: one update a row and statement, posts before comments, each in the order of their keys.';

revoke all on function forums.count_comments() from public;

-- Object: forums/functions/count_poll_votes.sql
create or replace function forums.count_poll_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a ballot; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from forums.poll_options as option
  where (option.post_id, option.position) in (select changed.post_id, changed.position from changed)
  order by option.post_id, option.position
  for no key update;

  update forums.poll_options as option
  set vote_count = option.vote_count + step * counted.amount
  from (
    select changed.post_id, changed.position, count(*)::integer as amount
    from changed
    group by changed.post_id, changed.position
  ) as counted
  where option.post_id = counted.post_id
    and option.position = counted.position;
  return null;
end
$$;

comment on function forums.count_poll_votes() is
  'Trigger. Keeps vote_count of poll options: one update an option and statement, options locked in the order of their keys.';

revoke all on function forums.count_poll_votes() from public;

-- Object: forums/functions/count_post_deletion.sql
create or replace function forums.count_post_deletion()
returns trigger
language plpgsql
-- Fires for whoever deletes a post; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  newest record;
begin
  perform from forums.forums as forum where forum.id = new.forum_id for no key update;

  -- Looked up after the lock: a post that was added meanwhile is seen.
  select post.id, post.inserted_at into newest
  from forums.posts as post
  where post.forum_id = new.forum_id
    and post.deleted_at is null
  order by post.id desc
  limit 1;

  update forums.forums as forum
  set post_count = forum.post_count + case when new.deleted_at is null then 1 else -1 end,
      last_post_id = newest.id,
      last_post_at = newest.inserted_at
  where forum.id = new.forum_id;
  return null;
end
$$;

comment on function forums.count_post_deletion() is
  'Trigger. Keeps post_count and the last post of a forum when a post is deleted or restored.';

revoke all on function forums.count_post_deletion() from public;

-- Object: forums/functions/count_post_votes.sql
create or replace function forums.count_post_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a vote; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  post_ids uuid[];
  ups integer[];
  downs integer[];
begin
  if tg_op = 'INSERT' then
    select array_agg(counted.post_id), array_agg(counted.up), array_agg(counted.down)
    into post_ids, ups, downs
    from (
      select
        added.post_id,
        (count(*) filter (where added.direction = 1))::integer as up,
        (count(*) filter (where added.direction = -1))::integer as down
      from added
      group by added.post_id
    ) as counted;
  elsif tg_op = 'DELETE' then
    select array_agg(counted.post_id), array_agg(counted.up), array_agg(counted.down)
    into post_ids, ups, downs
    from (
      select
        removed.post_id,
        -(count(*) filter (where removed.direction = 1))::integer as up,
        -(count(*) filter (where removed.direction = -1))::integer as down
      from removed
      group by removed.post_id
    ) as counted;
  else
    select array_agg(counted.post_id), array_agg(counted.up), array_agg(counted.down)
    into post_ids, ups, downs
    from (
      select
        changed.post_id,
        sum(case when changed.direction = 1 then changed.step else 0 end)::integer as up,
        sum(case when changed.direction = -1 then changed.step else 0 end)::integer as down
      from (
        select added.post_id, added.direction, 1 as step from added
        union all
        select removed.post_id, removed.direction, -1 from removed
      ) as changed
      group by changed.post_id
    ) as counted
    where counted.up <> 0 or counted.down <> 0;
  end if;
  if post_ids is null then
    return null;
  end if;

  if cardinality(post_ids) > 1 then
    perform from forums.posts as post where post.id = any (post_ids) order by post.id for no key update;
  end if;
  update forums.posts as post
  set upvote_count = post.upvote_count + counted.up,
      downvote_count = post.downvote_count + counted.down,
      score = post.score + counted.up - counted.down
  from unnest(post_ids, ups, downs) as counted (post_id, up, down)
  where post.id = counted.post_id;
  return null;
end
$$;

comment on function forums.count_post_votes() is
  'Trigger. Keeps score, upvote_count and downvote_count of posts as differences, so that counts which came with an import stay in: one update a post and statement, posts locked in the order of their keys.';

revoke all on function forums.count_post_votes() from public;

-- Object: forums/functions/count_posts.sql
create or replace function forums.count_posts()
returns trigger
language plpgsql
-- Fires for whoever writes a post; the counters are nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform
  from forums.forums as forum
  where forum.id in (select changed.forum_id from changed)
  order by forum.id
  for no key update;

  if tg_op = 'INSERT' then
    update forums.forums as forum
    set post_count = forum.post_count + counted.amount,
        last_post_id = greatest(forum.last_post_id, counted.newest_id),
        last_post_at = case
          when forum.last_post_id is null or counted.newest_id > forum.last_post_id then counted.newest_at
          else forum.last_post_at
        end
    from (
      select
        changed.forum_id,
        count(*)::integer as amount,
        (array_agg(changed.id order by changed.id desc))[1] as newest_id,
        (array_agg(changed.inserted_at order by changed.id desc))[1] as newest_at
      from changed
      where changed.deleted_at is null
      group by changed.forum_id
    ) as counted
    where forum.id = counted.forum_id;
  else
    update forums.forums as forum
    set post_count = forum.post_count - counted.amount
    from (
      select changed.forum_id, count(*)::integer as amount
      from changed
      where changed.deleted_at is null
      group by changed.forum_id
    ) as counted
    where forum.id = counted.forum_id;
  end if;
  return null;
end
$$;

comment on function forums.count_posts() is
  'Trigger. Keeps post_count and the last post of a forum when posts are added or removed for good: one update a forum and statement, forums locked in the order of their keys.';

revoke all on function forums.count_posts() from public;

-- Object: forums/functions/count_subscriptions.sql
create or replace function forums.count_subscriptions()
returns trigger
language plpgsql
-- Fires for whoever writes a subscription; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from forums.forums as forum
  where forum.id in (select changed.forum_id from changed)
  order by forum.id
  for no key update;

  update forums.forums as forum
  set subscriber_count = forum.subscriber_count + step * counted.amount
  from (
    select changed.forum_id, count(*)::integer as amount
    from changed
    group by changed.forum_id
  ) as counted
  where forum.id = counted.forum_id;
  return null;
end
$$;

comment on function forums.count_subscriptions() is
  'Trigger. Keeps forums.subscriber_count: one update a forum and statement, forums locked in the order of their keys.';

revoke all on function forums.count_subscriptions() from public;

-- Object: forums/functions/create_category.sql
create or replace function forums.create_category(
  p_forum_id uuid,
  p_name text,
  p_slug text,
  p_color integer default null,
  p_position integer default 0
)
returns forums.categories
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category_name constant text := core.clean_text(p_name, 100);
  category_slug constant text := forums.check_slug(p_slug);
  category forums.categories;
begin
  perform forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 6);
  if p_color not between 0 and 16777215 then
    perform core.fail('input.malformed');
  end if;

  begin
    insert into forums.categories (forum_id, name, slug, color, position)
    values (p_forum_id, category_name, category_slug, p_color, coalesce(p_position, 0))
    returning * into category;
  exception
    when unique_violation then perform core.fail('category.slug_taken');
  end;
  return category;
end
$$;

comment on function forums.create_category(uuid, text, text, integer, integer) is
  E'@name create_forum_category\nAdds a section to a forum. Needs MANAGE_CATEGORIES (forum.not_allowed). Refuses an address that is malformed (forum.slug_invalid) or taken in this forum (category.slug_taken), and a colour of more than 24 bits (input.malformed).';

revoke all on function forums.create_category(uuid, text, text, integer, integer) from public;
grant execute on function forums.create_category(uuid, text, text, integer, integer) to stoa_member;

-- Object: forums/functions/create_comment.sql
create or replace function forums.create_comment(
  p_post_id uuid,
  p_content text,
  p_parent_id uuid default null,
  p_content_format text default 'markdown',
  p_key text default null
)
returns forums.comments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  deepest constant smallint := 50;
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_post_id, p_content, p_parent_id, p_content_format);
  earlier jsonb;
  comment_id uuid;
  post forums.posts;
  forum forums.forums;
  parent forums.comments;
  comment forums.comments;
  actor_name text;
begin
  earlier := core.recall('forums.create_comment', p_key, arguments);
  if earlier is not null then
    select * into comment from forums.comments as made where made.id = (earlier ->> 'id')::uuid;
    return comment;
  end if;

  perform core.clean_text(p_content, 10000);
  perform forums.clean_format(p_content_format);
  post := forums.locked_post(p_post_id);
  forum := forums.writable_forum(post.forum_id);
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  if post.is_locked and forums.my_permissions(post.forum_id) = 0 then
    perform core.fail('post.locked');
  end if;
  if p_parent_id is not null then
    select * into parent
    from forums.comments as candidate
    where candidate.post_id = p_post_id and candidate.id = p_parent_id;
    if not found then
      perform core.fail('comment.unknown');
    end if;
    if parent.deleted_at is not null then
      perform core.fail('comment.deleted');
    end if;
  end if;

  -- The identifier is made under the lock of the post, so comments of one post commit in the order of their identifiers.
  comment_id := core.uuidv7();
  if comment_id <= post.last_comment_id then
    comment_id := core.uuidv7_floor(core.uuidv7_time(post.last_comment_id) + interval '1 millisecond');
  end if;

  if parent.id is not null and forum.layout = 'flat' then
    -- A bulletin board has one level; the parent only says who is told.
    null;
  elsif parent.depth = deepest then
    -- As deep as trees go: the answer stands beside the comment that it answers.
    parent.path := trim_array(parent.path, 1);
    parent.depth := parent.depth - 1;
  end if;
  insert into forums.comments (id, post_id, author_id, parent_id, depth, path, content, content_format)
  values (
    comment_id,
    p_post_id,
    me,
    case when parent.id is not null and forum.layout = 'threaded' then parent.path[cardinality(parent.path)] end,
    case when parent.id is not null and forum.layout = 'threaded' then parent.depth + 1 else 0 end,
    case when parent.id is not null and forum.layout = 'threaded' then parent.path || comment_id else array[comment_id] end,
    core.clean_text(p_content, 10000),
    p_content_format
  )
  returning * into comment;

  insert into forums.post_subscriptions (user_id, post_id)
  values (me, p_post_id)
  on conflict (user_id, post_id) do nothing;

  select coalesce(person.display_name, person.username::text, 'Somebody') into actor_name
  from core.users as person
  where person.id = me;
  perform notifications.notify(
    told.user_id,
    told.type,
    actor_name || told.verb || post.title,
    left(comment.content, 200),
    jsonb_build_object('forum_id', post.forum_id, 'post_id', p_post_id, 'comment_id', comment_id),
    me,
    told.group_key
  )
  from (
    select distinct on (recipient.user_id) recipient.*
    from (
      values
        (parent.author_id, 'forum_reply', ' answered you on ', 'comment:' || p_parent_id || ':replies', 1),
        (post.author_id, 'forum_comment', ' commented on ', 'post:' || p_post_id || ':comments', 2)
    ) as recipient (user_id, type, verb, group_key, preference)
    where recipient.user_id <> me
    -- Several people are always locked in the order of their keys; who is both is told of the answer alone.
    order by recipient.user_id, recipient.preference
  ) as told
  where not forums.is_banned(post.forum_id, told.user_id);
  perform core.enqueue('notify_followers', json_build_object('commentId', comment_id));
  perform core.remember('forums.create_comment', p_key, arguments, jsonb_build_object('id', comment_id));
  return comment;
end
$$;

comment on function forums.create_comment(uuid, text, uuid, text, text) is
  'Comments on a post, or answers a comment of it (parent_id), and follows the post. At the deepest level (50) an answer stands beside the comment that it answers; on a flat board every comment is at the top level. The author of the parent and of the post are told at once, followers shortly after. key: send the same again after a lost answer and get the same comment. Refuses post.unknown, post.deleted, forum.banned, forum.class_too_low, a locked post (post.locked; moderators of the forum are exempt), a parent that is not there (comment.unknown) or deleted (comment.deleted). Limit: 10,000 characters. Comments on one post queue up and get ascending identifiers.';

revoke all on function forums.create_comment(uuid, text, uuid, text, text) from public;
grant execute on function forums.create_comment(uuid, text, uuid, text, text) to stoa_member;

-- Object: forums/functions/create_flair.sql
create or replace function forums.create_flair(
  p_forum_id uuid,
  p_name text,
  p_text_color integer default null,
  p_background_color integer default null,
  p_mod_only boolean default false,
  p_position integer default 0
)
returns forums.flairs
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  flair_name constant text := core.clean_text(p_name, 64);
  flair forums.flairs;
begin
  perform forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 7);
  if p_text_color not between 0 and 16777215 or p_background_color not between 0 and 16777215 then
    perform core.fail('input.malformed');
  end if;

  begin
    insert into forums.flairs (forum_id, name, text_color, background_color, mod_only, position)
    values (
      p_forum_id, flair_name, p_text_color, p_background_color,
      coalesce(p_mod_only, false), coalesce(p_position, 0)
    )
    returning * into flair;
  exception
    when unique_violation then perform core.fail('flair.name_taken');
  end;
  return flair;
end
$$;

comment on function forums.create_flair(uuid, text, integer, integer, boolean, integer) is
  'Adds a label to a forum. Needs MANAGE_FLAIRS (forum.not_allowed). Refuses a name that the forum has (flair.name_taken) and colours of more than 24 bits (input.malformed).';

revoke all on function forums.create_flair(uuid, text, integer, integer, boolean, integer) from public;
grant execute on function forums.create_flair(uuid, text, integer, integer, boolean, integer) to stoa_member;

-- Object: forums/functions/create_forum.sql
create or replace function forums.create_forum(
  p_name text,
  p_slug text,
  p_description text default null,
  p_parent_id uuid default null,
  p_layout text default 'threaded',
  p_is_public boolean default true,
  p_is_nsfw boolean default false
)
returns forums.forums
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  forum_name constant text := core.clean_text(p_name, 100);
  forum_slug constant text := forums.check_forum_slug(p_slug);
  forum_description constant text := core.clean_text(p_description, 5000, false);
  forum forums.forums;
begin
  if p_layout is null or p_layout not in ('threaded', 'flat') then
    perform core.fail('input.malformed');
  end if;
  if p_parent_id is not null then
    perform forums.readable_forum(p_parent_id);
    perform forums.require_permission(p_parent_id, 5);
  end if;
  perform forums.check_owned_limit(me);

  begin
    insert into forums.forums (name, slug, description, parent_id, layout, is_public, is_nsfw, owner_id)
    values (
      forum_name, forum_slug, forum_description, p_parent_id, p_layout,
      coalesce(p_is_public, true), coalesce(p_is_nsfw, false), me
    )
    returning * into forum;
  exception
    when unique_violation then perform core.fail('forum.slug_taken');
  end;

  insert into forums.subscriptions (user_id, forum_id) values (me, forum.id);
  select * into forum from forums.forums as created where created.id = forum.id;
  return forum;
end
$$;

comment on function forums.create_forum(text, text, text, uuid, text, boolean, boolean) is
  'Creates a forum that the caller owns and follows. layout: threaded or flat. Under a parent only with EDIT_FORUM there. Refuses an address that is malformed (forum.slug_invalid), reserved (forum.slug_reserved) or taken (forum.slug_taken), more forums than the caller''s class may own (forum.limit_reached), and nesting deeper than five levels (forum.too_deep). Limits: name and slug 100 characters, description 5,000.';

revoke all on function forums.create_forum(text, text, text, uuid, text, boolean, boolean) from public;
grant execute on function forums.create_forum(text, text, text, uuid, text, boolean, boolean) to stoa_member;

-- Object: forums/functions/create_post.sql
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
  'Posts to a forum and follows the post; in most forums it starts with the author''s own up-vote. type: text, link (with link_url), image (with 1 to 20 own finished uploads) or poll (with 2 to 20 different options; poll_multiple_choice; poll_closes_at within 90 days). content_format: markdown, bbcode or plain. key: send the same again after a lost answer and get the same post. Refuses: forum.unknown, forum.banned, forum.class_too_low; parts that do not fit the type (post.type_mismatch), post.link_invalid, post.upload_unusable, post.poll_invalid; category.unknown, flair.unknown, flair.moderators_only; a new account that posts too fast (post.too_soon, with the seconds to wait). Limits: title 300, content 40,000, an option 200 characters. About ten single-row writes; posts to one forum queue up for its counters at the end.';

revoke all on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) from public;
grant execute on function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text) to stoa_member;

-- Object: forums/functions/cursor_id.sql
create or replace function forums.cursor_id(p_after text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_after is null then
    return null;
  end if;
  if p_after !~* '(^|:)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform core.fail('feed.cursor_malformed');
  end if;
  return right(p_after, 36)::uuid;
end
$$;

comment on function forums.cursor_id(text) is
  E'@behavior -*\nInternal. The identifier at the end of a place in a feed, "KEY:ID" or "ID". Refuses another form (feed.cursor_malformed).';

revoke all on function forums.cursor_id(text) from public;
grant execute on function forums.cursor_id(text) to stoa_anonymous;

-- Object: forums/functions/cursor_key.sql
create or replace function forums.cursor_key(p_after text, p_kind text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  key constant text := left(p_after, -37);
  pattern constant text := case p_kind
    when 'integer' then '^-?[0-9]{1,10}$'
    when 'number' then '^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$'
    when 'time' then '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$'
  end;
begin
  if p_after is null then
    return null;
  end if;
  if length(p_after) < 38
    or substring(p_after from length(p_after) - 36 for 1) <> ':'
    or key !~ pattern
    or (p_kind = 'integer' and key::bigint not between -2147483648 and 2147483647)
  then
    perform core.fail('feed.cursor_malformed');
  end if;
  return key;
end
$$;

comment on function forums.cursor_key(text, text) is
  E'@behavior -*\nInternal. The sort key in front of the identifier of a place in a feed, "KEY:ID", of kind integer, number or time. Refuses another form (feed.cursor_malformed).';

revoke all on function forums.cursor_key(text, text) from public;
grant execute on function forums.cursor_key(text, text) to stoa_anonymous;

-- Object: forums/functions/delete_category.sql
create or replace function forums.delete_category(p_category_id uuid)
returns forums.categories
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category forums.categories;
begin
  select * into category from forums.categories as candidate where candidate.id = p_category_id;
  if not found then
    perform core.fail('category.unknown');
  end if;
  perform forums.readable_forum(category.forum_id, 'category.unknown');
  perform forums.require_permission(category.forum_id, 6);

  -- The foreign key empties category_id of its posts; they are locked in the order of their keys beforehand.
  perform from forums.forums as forum where forum.id = category.forum_id for no key update;
  perform
  from forums.posts as post
  where post.forum_id = category.forum_id
    and post.category_id = p_category_id
  order by post.id
  for no key update;
  delete from forums.categories as target where target.id = p_category_id;
  return category;
end
$$;

comment on function forums.delete_category(uuid) is
  E'@name delete_forum_category\nRemoves a section; its posts stay, without one. Needs MANAGE_CATEGORIES (forum.not_allowed). Refuses an unknown section (category.unknown). Rewrites the posts of the section.';

revoke all on function forums.delete_category(uuid) from public;
grant execute on function forums.delete_category(uuid) to stoa_member;

-- Object: forums/functions/delete_comment.sql
create or replace function forums.delete_comment(p_comment_id uuid, p_reason text default null)
returns forums.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  comment forums.comments;
  post forums.posts;
begin
  comment := forums.locked_comment(p_comment_id);
  if comment.deleted_at is not null then
    perform core.fail('comment.deleted');
  end if;
  if comment.author_id is distinct from me and not forums.moderates_comment(comment) then
    perform core.fail('comment.not_author');
  end if;

  insert into forums.removed_texts as existing (comment_id, content)
  values (p_comment_id, comment.content)
  on conflict (comment_id) do update
  set content = excluded.content,
      removed_at = excluded.removed_at;
  update forums.comments as target
  set content = '',
      deleted_at = now(),
      deleted_by = me
  where target.id = p_comment_id
  returning * into comment;

  perform forums.audit_moderation('delete_comment', 'forums.comments', p_comment_id, comment.author_id, why);
  if comment.author_id <> me then
    select * into post from forums.posts as candidate where candidate.id = comment.post_id;
    perform notifications.notify(
      comment.author_id, 'moderation', 'Your comment was removed from ' || post.title, why,
      jsonb_build_object('post_id', comment.post_id, 'comment_id', p_comment_id)
    );
  end if;
  return comment;
end
$$;

comment on function forums.delete_comment(uuid, text) is
  'Makes a comment a tombstone: its place in the tree stays, its text is out of reach of everybody but moderators, and gone after 30 days. Its author or a moderator with DELETE (comment.not_author). Refuses comment.unknown, comment.deleted, post.deleted and forum.banned. A moderator''s deletion is audited, and the author is told the reason.';

revoke all on function forums.delete_comment(uuid, text) from public;
grant execute on function forums.delete_comment(uuid, text) to stoa_member;

-- Object: forums/functions/delete_flair.sql
create or replace function forums.delete_flair(p_flair_id uuid)
returns forums.flairs
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  flair forums.flairs;
begin
  select * into flair from forums.flairs as candidate where candidate.id = p_flair_id;
  if not found then
    perform core.fail('flair.unknown');
  end if;
  perform forums.readable_forum(flair.forum_id, 'flair.unknown');
  perform forums.require_permission(flair.forum_id, 7);

  -- The foreign key empties flair_id of its posts; they are locked in the order of their keys beforehand.
  perform from forums.forums as forum where forum.id = flair.forum_id for no key update;
  perform
  from forums.posts as post
  where post.forum_id = flair.forum_id
    and post.flair_id = p_flair_id
  order by post.id
  for no key update;
  delete from forums.flairs as target where target.id = p_flair_id;
  return flair;
end
$$;

comment on function forums.delete_flair(uuid) is
  'Removes a label; its posts stay, without it. Needs MANAGE_FLAIRS (forum.not_allowed). Refuses an unknown label (flair.unknown). Rewrites the posts that wear it.';

revoke all on function forums.delete_flair(uuid) from public;
grant execute on function forums.delete_flair(uuid) to stoa_member;

-- Object: forums/functions/delete_forum.sql
create or replace function forums.delete_forum(p_forum_id uuid, p_reason text default null)
returns forums.forums
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  why constant text := core.clean_text(p_reason, 1000, false);
  forum forums.forums;
begin
  forum := forums.require_owner(p_forum_id);
  if exists (
    select from forums.forums as child
    where child.parent_id = p_forum_id and child.deleted_at is null
  ) then
    perform core.fail('forum.has_children');
  end if;

  update forums.forums as target
  set deleted_at = coalesce(target.deleted_at, now())
  where target.id = p_forum_id
  returning * into forum;
  perform audit.record('delete_forum', 'forums.forums', p_forum_id, null, jsonb_build_object('slug', forum.slug), why);
  return forum;
end
$$;

comment on function forums.delete_forum(uuid, text) is
  'Hides a forum with everything in it; after 30 days it is purged. Only its owner or an administrator (forum.not_allowed), and only when no live forum stands under it (forum.has_children). Audited.';

revoke all on function forums.delete_forum(uuid, text) from public;
grant execute on function forums.delete_forum(uuid, text) to stoa_member;

-- Object: forums/functions/delete_post.sql
create or replace function forums.delete_post(p_post_id uuid, p_reason text default null)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  post forums.posts;
begin
  post := forums.locked_post(p_post_id, true);
  if post.author_id is distinct from me and not forums.can_moderate(post.forum_id, 0) then
    perform core.fail('post.not_author');
  end if;
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;

  update forums.posts as target
  set deleted_at = now(),
      deleted_by = me,
      is_pinned = false,
      pinned_at = null,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform forums.audit_moderation('delete_post', 'forums.posts', p_post_id, post.author_id, why);
  if post.author_id <> me then
    perform notifications.notify(
      post.author_id, 'moderation', 'Your post was removed: ' || post.title, why,
      jsonb_build_object('post_id', p_post_id)
    );
  end if;
  return post;
end
$$;

comment on function forums.delete_post(uuid, text) is
  'Hides a post and its comments; it can be restored for 30 days, then it is purged. Its author or a moderator with DELETE (post.not_author). Refuses post.unknown and post.deleted. A moderator''s deletion is audited, and the author is told the reason.';

revoke all on function forums.delete_post(uuid, text) from public;
grant execute on function forums.delete_post(uuid, text) to stoa_member;

-- Object: forums/functions/dismiss_moderator.sql
create or replace function forums.dismiss_moderator(p_forum_id uuid, p_user_id uuid)
returns forums.moderators
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  moderator forums.moderators;
begin
  perform forums.readable_forum(p_forum_id);
  perform from forums.forums as forum where forum.id = p_forum_id for no key update;
  select * into moderator
  from forums.moderators as candidate
  where candidate.forum_id = p_forum_id and candidate.user_id = p_user_id;
  if not found then
    perform core.fail('moderator.unknown');
  end if;
  if p_user_id <> me then
    perform forums.require_permission(p_forum_id, 8);
    if moderator.permissions & ~forums.my_permissions(p_forum_id) <> 0 then
      perform core.fail('moderator.permission_not_held');
    end if;
  end if;

  delete from forums.moderators as target
  where target.forum_id = p_forum_id and target.user_id = p_user_id;
  perform audit.record(
    'dismiss_moderator', 'forums.moderators', null,
    jsonb_build_object('permissions', moderator.permissions), null,
    null, null,
    jsonb_build_object('forum_id', p_forum_id, 'user_id', p_user_id)
  );
  return moderator;
end
$$;

comment on function forums.dismiss_moderator(uuid, uuid) is
  'Ends a moderator''s work; anybody may resign. Otherwise needs APPOINT (forum.not_allowed) and every permission that the moderator holds (moderator.permission_not_held). Refuses somebody who does not moderate the forum (moderator.unknown). Audited.';

revoke all on function forums.dismiss_moderator(uuid, uuid) from public;
grant execute on function forums.dismiss_moderator(uuid, uuid) to stoa_member;

-- Object: forums/functions/edit_comment.sql
create or replace function forums.edit_comment(p_comment_id uuid, p_content text, p_reason text default null)
returns forums.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  new_content constant text := core.clean_text(p_content, 10000);
  why constant text := core.clean_text(p_reason, 1000, false);
  before forums.comments;
  after forums.comments;
begin
  before := forums.locked_comment(p_comment_id);
  if before.deleted_at is not null then
    perform core.fail('comment.deleted');
  end if;
  if not forums.moderates_comment(before) then
    if before.author_id is distinct from me then
      perform core.fail('comment.not_author');
    end if;
    if (select post.is_locked from forums.posts as post where post.id = before.post_id) then
      perform core.fail('post.locked');
    end if;
  end if;
  if new_content = before.content then
    return before;
  end if;

  update forums.comments as comment
  set content = new_content,
      edited_at = now()
  where comment.id = p_comment_id
  returning * into after;
  perform forums.audit_moderation(
    'edit_comment', 'forums.comments', p_comment_id, before.author_id, why,
    jsonb_build_object('content', before.content), jsonb_build_object('content', after.content)
  );
  return after;
end
$$;

comment on function forums.edit_comment(uuid, text, text) is
  'Changes the text of a comment. Its author (not on a locked post: post.locked) or a moderator with DELETE (comment.not_author). Refuses comment.unknown, comment.deleted, post.deleted and forum.banned. Limit: 10,000 characters. A moderator''s change is audited.';

revoke all on function forums.edit_comment(uuid, text, text) from public;
grant execute on function forums.edit_comment(uuid, text, text) to stoa_member;

-- Object: forums/functions/edit_post.sql
create or replace function forums.edit_post(
  p_post_id uuid,
  p_title text default null,
  p_content text default null,
  p_upload_ids uuid[] default null,
  p_is_nsfw boolean default null,
  p_reason text default null
)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  before forums.posts;
  after forums.posts;
  new_title text;
  new_content text;
begin
  before := forums.locked_post(p_post_id);
  if before.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  if before.author_id is distinct from me and not forums.can_moderate(before.forum_id, 0) then
    perform core.fail('post.not_author');
  end if;

  new_title := case when p_title is null then before.title else core.clean_text(p_title, 300) end;
  new_content := case when p_content is null then before.content else coalesce(core.clean_text(p_content, 40000, false), '') end;
  if new_title <> before.title
    and before.inserted_at < now() - make_interval(mins => core.setting_integer('forums.title_edit_minutes')::integer)
    and not forums.can_moderate(before.forum_id, 0)
  then
    perform core.fail('post.title_frozen');
  end if;
  if p_upload_ids is not null then
    if before.type <> 'image' then
      perform core.fail('post.type_mismatch');
    end if;
    delete from forums.post_attachments as attachment where attachment.post_id = p_post_id;
    perform forums.attach_uploads(p_post_id, p_upload_ids);
  end if;

  update forums.posts as post
  set title = new_title,
      content = new_content,
      is_nsfw = coalesce(p_is_nsfw, post.is_nsfw),
      edited_at = case
        when new_title <> post.title or new_content <> post.content or p_upload_ids is not null then now()
        else post.edited_at
      end,
      updated_at = now()
  where post.id = p_post_id
  returning * into after;
  perform forums.audit_moderation(
    'edit_post', 'forums.posts', p_post_id, before.author_id, why,
    jsonb_build_object('title', before.title, 'content', before.content),
    jsonb_build_object('title', after.title, 'content', after.content)
  );
  return after;
end
$$;

comment on function forums.edit_post(uuid, text, text, uuid[], boolean, text) is
  'Changes title, body, pictures or the adult mark of a post; what is left out stays. Its author or a moderator with DELETE (post.not_author). An author can change the title only in the first minutes, as the setting forums.title_edit_minutes says (post.title_frozen). Refuses post.unknown, post.deleted, pictures for a post of another type (post.type_mismatch) and post.upload_unusable. Limits as in create_post. A moderator''s change is audited.';

revoke all on function forums.edit_post(uuid, text, text, uuid[], boolean, text) from public;
grant execute on function forums.edit_post(uuid, text, text, uuid[], boolean, text) to stoa_member;

-- Object: forums/functions/feed.sql
create or replace function forums.feed(
  p_forum_id uuid,
  p_sort text default 'hot',
  p_window interval default null,
  p_after text default null,
  p_first integer default 25
)
returns setof forums.posts
language plpgsql
stable
rows 25
set search_path = ''
as $$
declare
  after_id constant uuid := forums.cursor_id(p_after);
  page constant integer := forums.page_size(p_first);
  after_number double precision;
  after_score integer;
  after_time timestamptz;
begin
  if p_window is not null and p_sort is distinct from 'top' then
    perform core.fail('feed.sort_unknown');
  end if;

  if p_sort = 'hot' then
    after_number := forums.cursor_key(p_after, 'number')::double precision;
    if p_after is null then
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
        order by post.hot_rank desc, post.id desc
        limit page;
    else
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
          and (post.hot_rank, post.id) < (after_number, after_id)
        order by post.hot_rank desc, post.id desc
        limit page;
    end if;
  elsif p_sort = 'new' then
    return query
      select post.*
      from forums.posts as post
      where post.forum_id = p_forum_id
        and post.deleted_at is null
        and post.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      order by post.id desc
      limit page;
  elsif p_sort = 'top' and p_window is null then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    if p_after is null then
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
        order by post.score desc, post.id desc
        limit page;
    else
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
          and (post.score, post.id) < (after_score, after_id)
        order by post.score desc, post.id desc
        limit page;
    end if;
  elsif p_sort = 'top' then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    return query
      select post.*
      from forums.posts as post
      where post.forum_id = p_forum_id
        and post.deleted_at is null
        and post.id >= core.uuidv7_floor(now() - p_window)
        and (p_after is null or (post.score, post.id) < (after_score, after_id))
      order by post.score desc, post.id desc
      limit page;
  elsif p_sort = 'active' then
    after_time := forums.cursor_key(p_after, 'time')::timestamptz;
    if p_after is null then
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
        order by post.last_activity_at desc, post.id desc
        limit page;
    else
      return query
        select post.*
        from forums.posts as post
        where post.forum_id = p_forum_id
          and post.deleted_at is null
          and (post.last_activity_at, post.id) < (after_time, after_id)
        order by post.last_activity_at desc, post.id desc
        limit page;
    end if;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.feed(uuid, text, interval, text, integer) is
  E'@name forum_feed\n@simpleCollections only\nOne page of a forum''s posts: sort is hot, new, top or active; window limits top to posts of that age. first: 1 to 50 posts. after: the place of the last post of the page before, written hotRank:id, id (new), score:id or lastActivityAt:id. Pinned posts are among the others. Runs with the rights of the caller; a forum that they may not read is empty. Reads about as many index entries as it returns rows, at any depth; top with a window sorts the posts of the window. Refuses feed.sort_unknown and feed.cursor_malformed.';

revoke all on function forums.feed(uuid, text, interval, text, integer) from public;
grant execute on function forums.feed(uuid, text, interval, text, integer) to stoa_anonymous;

-- Object: forums/functions/flush_views.sql
create or replace function forums.flush_views(p_limit integer default 100000)
returns bigint
language plpgsql
volatile
-- The worker has no grant on the posts; this is the one thing it does to them here.
security definer
set search_path = ''
as $$
declare
  post_ids uuid[];
  amounts integer[];
  folded bigint;
begin
  -- A second run at the same time has nothing to add and would wait for every post.
  if not pg_try_advisory_xact_lock(hashtextextended('forums.flush_views', 0)) then
    return 0;
  end if;

  with taken as (
    delete from forums.post_view_deltas as delta
    where delta.id in (
      select waiting.id
      from forums.post_view_deltas as waiting
      order by waiting.id
      limit p_limit
    )
    returning delta.post_id, delta.views
  ),
  summed as (
    select taken.post_id, sum(taken.views)::integer as views, count(*) as rows
    from taken
    group by taken.post_id
  )
  select array_agg(summed.post_id), array_agg(summed.views), coalesce(sum(summed.rows), 0)
  into post_ids, amounts, folded
  from summed;

  perform from forums.posts as post where post.id = any (post_ids) order by post.id for no key update;
  update forums.posts as post
  set view_count = post.view_count + viewed.amount
  from unnest(post_ids, amounts) as viewed (post_id, amount)
  where post.id = viewed.post_id;
  return folded;
end
$$;

comment on function forums.flush_views(integer) is
  'For the worker, every minute: folds waiting views into the posts, one update a post, posts locked in the order of their keys. Returns how many rows of the buffer it folded: as many as p_limit means there is more. Two runs at once: the second does nothing.';

revoke all on function forums.flush_views(integer) from public;
grant execute on function forums.flush_views(integer) to stoa_worker;

-- Object: forums/functions/follow_post.sql
create or replace function forums.follow_post(p_post_id uuid, p_notify boolean default true)
returns forums.post_subscriptions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  subscription forums.post_subscriptions;
begin
  perform forums.live_post(p_post_id);
  insert into forums.post_subscriptions as existing (user_id, post_id, notify)
  values (me, p_post_id, coalesce(p_notify, true))
  on conflict (user_id, post_id) do update
  set notify = excluded.notify
  returning * into subscription;
  return subscription;
end
$$;

comment on function forums.follow_post(uuid, boolean) is
  'Follows a post, or changes whether its replies ring the bell. Doing it again changes nothing else. Refuses post.unknown and forum.banned.';

revoke all on function forums.follow_post(uuid, boolean) from public;
grant execute on function forums.follow_post(uuid, boolean) to stoa_member;

-- Object: forums/functions/forums_theme.sql
create or replace function forums.forums_theme(p_forum forums.forums)
returns text
language plpgsql
stable
-- Whether the owner is premium is not for everybody to read.
security definer
set search_path = ''
as $$
begin
  return (
    select forum.custom_css
    from forums.forums as forum
    where forum.id = p_forum.id
      and forum.custom_css is not null
      and forums.is_premium(forum.owner_id)
  );
end
$$;

comment on function forums.forums_theme(forums.forums) is
  'The style of a forum, checked and confined to [data-forum="<id>"]; null when there is none or its owner is no longer premium. Two look-ups by primary key.';

revoke all on function forums.forums_theme(forums.forums) from public;
grant execute on function forums.forums_theme(forums.forums) to stoa_anonymous;

-- Object: forums/functions/home_feed.sql
create or replace function forums.home_feed(
  p_sort text default 'hot',
  p_after text default null,
  p_first integer default 25
)
returns setof forums.posts
language plpgsql
stable
rows 25
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  after_id constant uuid := coalesce(forums.cursor_id(p_after), 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  page constant integer := forums.page_size(p_first);
  after_number double precision;
  after_score integer;
  after_time timestamptz;
begin
  if p_sort = 'hot' then
    after_number := coalesce(forums.cursor_key(p_after, 'number')::double precision, 'infinity');
    return query
      select candidate.*
      from forums.subscriptions as subscription
      cross join lateral (
        select post.*
        from forums.posts as post
        where post.forum_id = subscription.forum_id
          and post.deleted_at is null
          and (post.hot_rank, post.id) < (after_number, after_id)
        order by post.hot_rank desc, post.id desc
        limit page
      ) as candidate
      where subscription.user_id = me
      order by candidate.hot_rank desc, candidate.id desc
      limit page;
  elsif p_sort = 'new' then
    return query
      select candidate.*
      from forums.subscriptions as subscription
      cross join lateral (
        select post.*
        from forums.posts as post
        where post.forum_id = subscription.forum_id
          and post.deleted_at is null
          and post.id < after_id
        order by post.id desc
        limit page
      ) as candidate
      where subscription.user_id = me
      order by candidate.id desc
      limit page;
  elsif p_sort = 'top' then
    after_score := coalesce(forums.cursor_key(p_after, 'integer')::integer, 2147483647);
    return query
      select candidate.*
      from forums.subscriptions as subscription
      cross join lateral (
        select post.*
        from forums.posts as post
        where post.forum_id = subscription.forum_id
          and post.deleted_at is null
          and (post.score, post.id) < (after_score, after_id)
        order by post.score desc, post.id desc
        limit page
      ) as candidate
      where subscription.user_id = me
      order by candidate.score desc, candidate.id desc
      limit page;
  elsif p_sort = 'active' then
    after_time := coalesce(forums.cursor_key(p_after, 'time')::timestamptz, 'infinity');
    return query
      select candidate.*
      from forums.subscriptions as subscription
      cross join lateral (
        select post.*
        from forums.posts as post
        where post.forum_id = subscription.forum_id
          and post.deleted_at is null
          and (post.last_activity_at, post.id) < (after_time, after_id)
        order by post.last_activity_at desc, post.id desc
        limit page
      ) as candidate
      where subscription.user_id = me
      order by candidate.last_activity_at desc, candidate.id desc
      limit page;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.home_feed(text, text, integer) is
  E'@simpleCollections only\nOne page of the posts of the forums that the caller follows: sort is hot, new, top or active; first and after as in forumFeed. Takes one page from the index of each followed forum and merges them: its cost grows with the number of followed forums, not with their size. Refuses feed.sort_unknown and feed.cursor_malformed.';

revoke all on function forums.home_feed(text, text, integer) from public;
grant execute on function forums.home_feed(text, text, integer) to stoa_member;

-- Object: forums/functions/is_banned.sql
create or replace function forums.is_banned(p_forum_id uuid, p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select
    from forums.bans as ban
    where ban.forum_id = p_forum_id
      and ban.user_id = p_user_id
      and ban.lifted_at is null
      and ban.starts_at <= clock_timestamp()
      and (ban.banned_until is null or ban.banned_until > clock_timestamp())
  );
end
$$;

comment on function forums.is_banned(uuid, uuid) is
  'Internal. Whether a ban of this person from this forum is in force now.';

revoke all on function forums.is_banned(uuid, uuid) from public;

-- Object: forums/functions/is_premium.sql
create or replace function forums.is_premium(p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.premium_tier > 0
      and person.premium_until > now()
  );
end
$$;

comment on function forums.is_premium(uuid) is 'Internal. Whether the paid period of an account is running.';

revoke all on function forums.is_premium(uuid) from public;

-- Object: forums/functions/live_post.sql
create or replace function forums.live_post(p_post_id uuid)
returns forums.posts
language plpgsql
stable
set search_path = ''
as $$
declare
  post forums.posts;
begin
  select * into post
  from forums.posts as candidate
  where candidate.id = p_post_id
    and candidate.deleted_at is null;
  if not found then
    perform core.fail('post.unknown');
  end if;

  perform forums.readable_forum(post.forum_id, 'post.unknown');
  return post;
end
$$;

comment on function forums.live_post(uuid) is
  'Internal. A post that is not deleted, of a forum that the caller may read. Refuses with post.unknown or forum.banned.';

revoke all on function forums.live_post(uuid) from public;

-- Object: forums/functions/lock_post.sql
create or replace function forums.lock_post(p_post_id uuid, p_reason text default null)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  why constant text := core.clean_text(p_reason, 300, false);
  post forums.posts;
begin
  post := forums.moderated_post(p_post_id, 1);
  update forums.posts as target
  set is_locked = true,
      locked_reason = why,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record('lock_post', 'forums.posts', p_post_id, null, null, why);
  return post;
end
$$;

comment on function forums.lock_post(uuid, text) is
  'Closes a post to new comments, with a reason of at most 300 characters that stands on it. Needs LOCK (forum.not_allowed). Refuses post.unknown and post.deleted. Audited.';

revoke all on function forums.lock_post(uuid, text) from public;
grant execute on function forums.lock_post(uuid, text) to stoa_member;

-- Object: forums/functions/locked_comment.sql
create or replace function forums.locked_comment(p_comment_id uuid)
returns forums.comments
language plpgsql
volatile
set search_path = ''
as $$
declare
  comment forums.comments;
  forum_of_comment uuid;
  post_deleted_at timestamptz;
begin
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  select post.forum_id into forum_of_comment from forums.posts as post where post.id = comment.post_id;
  perform forums.readable_forum(forum_of_comment, 'comment.unknown');

  -- Lock order: the post before its comment.
  select post.deleted_at into post_deleted_at
  from forums.posts as post
  where post.id = comment.post_id
  for no key update;
  if post_deleted_at is not null and not forums.can_moderate(forum_of_comment, 0) then
    perform core.fail('post.deleted');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id for no key update;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  return comment;
end
$$;

comment on function forums.locked_comment(uuid) is
  'Internal. A comment of a post that the caller may read, deleted or not, locked for change, its post before it. Refuses comment.unknown, post.deleted and forum.banned.';

revoke all on function forums.locked_comment(uuid) from public;

-- Object: forums/functions/locked_post.sql
create or replace function forums.locked_post(p_post_id uuid, p_with_forum boolean default false)
returns forums.posts
language plpgsql
volatile
set search_path = ''
as $$
declare
  post forums.posts;
  forum_of_post uuid;
begin
  -- Lock order: the forum before its post. The post cannot change its forum, so the first look needs no lock.
  select candidate.forum_id into forum_of_post
  from forums.posts as candidate
  where candidate.id = p_post_id;
  if not found then
    perform core.fail('post.unknown');
  end if;

  perform forums.readable_forum(forum_of_post, 'post.unknown');

  if p_with_forum then
    perform from forums.forums as forum where forum.id = forum_of_post for no key update;
  end if;
  select * into post from forums.posts as candidate where candidate.id = p_post_id for no key update;
  if not found then
    perform core.fail('post.unknown');
  end if;
  return post;
end
$$;

comment on function forums.locked_post(uuid, boolean) is
  'Internal. A post of a forum that the caller may read, deleted or not, locked for change; with p_with_forum its forum is locked first, as a change of the forum''s counters or pins needs. Refuses with post.unknown or forum.banned.';

revoke all on function forums.locked_post(uuid, boolean) from public;

-- Object: forums/functions/mark_post_read.sql
create or replace function forums.mark_post_read(p_post_id uuid, p_comment_id uuid)
returns forums.post_subscriptions
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  subscription forums.post_subscriptions;
begin
  perform forums.live_post(p_post_id);
  if not exists (
    select from forums.comments as comment
    where comment.post_id = p_post_id and comment.id = p_comment_id
  ) then
    perform core.fail('comment.unknown');
  end if;
  update forums.post_subscriptions as target
  set last_read_comment_id = greatest(target.last_read_comment_id, p_comment_id)
  where target.user_id = me
    and target.post_id = p_post_id
  returning * into subscription;
  return subscription;
end
$$;

comment on function forums.mark_post_read(uuid, uuid) is
  'Remembers that the caller has read a followed post up to this comment; the marker never moves back. Null when the caller does not follow the post. Refuses post.unknown, forum.banned and comment.unknown.';

revoke all on function forums.mark_post_read(uuid, uuid) from public;
grant execute on function forums.mark_post_read(uuid, uuid) to stoa_member;

-- Object: forums/functions/mark_uploads_attached.sql
create or replace function forums.mark_uploads_attached()
returns trigger
language plpgsql
-- The uploads belong to another module, whose rows nobody may update directly.
security definer
set search_path = ''
as $$
begin
  perform
  from media.uploads as upload
  where upload.id in (select added.upload_id from added)
  order by upload.id
  for no key update;

  update media.uploads as upload
  set attached_at = now()
  where upload.id in (select added.upload_id from added)
    and upload.attached_at is null;
  return null;
end
$$;

comment on function forums.mark_uploads_attached() is
  'Trigger. Tells the file that something refers to it, so that the sweep of orphans leaves it.';

revoke all on function forums.mark_uploads_attached() from public;

-- Object: forums/functions/moderated_post.sql
create or replace function forums.moderated_post(p_post_id uuid, p_bit integer, p_with_forum boolean default false)
returns forums.posts
language plpgsql
volatile
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  post forums.posts;
begin
  post := forums.locked_post(p_post_id, p_with_forum);
  perform forums.require_permission(post.forum_id, p_bit);
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  return post;
end
$$;

comment on function forums.moderated_post(uuid, integer, boolean) is
  'Internal. A live post, locked (with its forum first, on demand), for a moderator who holds this permission. Refuses post.unknown, forum.not_allowed and post.deleted.';

revoke all on function forums.moderated_post(uuid, integer, boolean) from public;

-- Object: forums/functions/moderates_comment.sql
create or replace function forums.moderates_comment(p_comment forums.comments)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return forums.can_moderate((select post.forum_id from forums.posts as post where post.id = p_comment.post_id), 0);
end
$$;

comment on function forums.moderates_comment(forums.comments) is
  'Internal. Whether the caller holds DELETE in the forum of a comment.';

revoke all on function forums.moderates_comment(forums.comments) from public;

-- Object: forums/functions/move_post.sql
create or replace function forums.move_post(p_post_id uuid, p_category_id uuid default null)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  former uuid;
  post forums.posts;
begin
  post := forums.moderated_post(p_post_id, 6);
  if p_category_id is not null and not exists (
    select from forums.categories as category
    where category.forum_id = post.forum_id and category.id = p_category_id
  ) then
    perform core.fail('category.unknown');
  end if;

  former := post.category_id;
  update forums.posts as target
  set category_id = p_category_id,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record(
    'move_post', 'forums.posts', p_post_id,
    jsonb_build_object('category_id', former), jsonb_build_object('category_id', p_category_id)
  );
  return post;
end
$$;

comment on function forums.move_post(uuid, uuid) is
  'Moves a post into another section of its forum, or into none (null). Needs MANAGE_CATEGORIES (forum.not_allowed). Refuses post.unknown, post.deleted and category.unknown. Audited.';

revoke all on function forums.move_post(uuid, uuid) from public;
grant execute on function forums.move_post(uuid, uuid) to stoa_member;

-- Object: forums/functions/my_banned_forum_ids.sql
create or replace function forums.my_banned_forum_ids()
returns setof uuid
language plpgsql
stable
rows 1
-- A visitor has no grant on bans, and the policy of forums.forums asks this for visitors too.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  if me is null or core.current_role_rank() = 0 then
    return;
  end if;

  return query
    select ban.forum_id
    from forums.bans as ban
    where ban.user_id = me
      and ban.lifted_at is null
      and ban.starts_at <= clock_timestamp()
      and (ban.banned_until is null or ban.banned_until > clock_timestamp());
end
$$;

comment on function forums.my_banned_forum_ids() is
  E'@behavior -*\nThe forums from which the caller is banned now. For policies; one index look-up.';

revoke all on function forums.my_banned_forum_ids() from public;
grant execute on function forums.my_banned_forum_ids() to stoa_anonymous;

-- Object: forums/functions/my_class_ids.sql
create or replace function forums.my_class_ids()
returns setof smallint
language plpgsql
stable
rows 13
set search_path = ''
as $$
begin
  if core.current_role_rank() = 0 then
    return;
  end if;

  return query
    select reached.id
    from core.users as person
    join core.user_classes as held on held.id = person.class_id
    join core.user_classes as reached on reached.sort_order <= held.sort_order
    where person.id = core.current_user_id();
end
$$;

comment on function forums.my_class_ids() is
  E'@behavior -*\nThe account classes that the caller''s own reaches; none for visitors. For policies; one look-up by primary key.';

revoke all on function forums.my_class_ids() from public;
grant execute on function forums.my_class_ids() to stoa_anonymous;

-- Object: forums/functions/my_member_forum_ids.sql
create or replace function forums.my_member_forum_ids()
returns setof uuid
language plpgsql
stable
rows 20
-- Asked by the policy of forums.forums, which it reads itself.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  if me is null or core.current_role_rank() = 0 then
    return;
  end if;

  return query
    select forum.id from forums.forums as forum where forum.owner_id = me
    union
    select subscription.forum_id from forums.subscriptions as subscription where subscription.user_id = me
    union
    select moderator.forum_id from forums.moderators as moderator where moderator.user_id = me;
end
$$;

comment on function forums.my_member_forum_ids() is
  E'@behavior -*\nThe forums that the caller owns, follows or moderates, deleted ones too: those that they may read even if the forum is not public. For policies; three index look-ups.';

revoke all on function forums.my_member_forum_ids() from public;
grant execute on function forums.my_member_forum_ids() to stoa_anonymous;

-- Object: forums/functions/my_moderated_forum_ids.sql
create or replace function forums.my_moderated_forum_ids()
returns setof uuid
language plpgsql
stable
rows 5
-- Asked by policies, also by that of the table it reads.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  if me is null or core.current_role_rank() = 0 then
    return;
  end if;

  return query
    select forum.id
    from forums.forums as forum
    where forum.owner_id = me
      and forum.deleted_at is null
    union
    select moderator.forum_id
    from forums.moderators as moderator
    join forums.forums as forum on forum.id = moderator.forum_id
    where moderator.user_id = me
      and forum.deleted_at is null;
end
$$;

comment on function forums.my_moderated_forum_ids() is
  E'@internal\n@behavior -*\nThe live forums that the caller owns or moderates, whatever the permissions. For policies; two index look-ups.';

revoke all on function forums.my_moderated_forum_ids() from public;
grant execute on function forums.my_moderated_forum_ids() to stoa_member;

-- Object: forums/functions/my_permissions.sql
create or replace function forums.my_permissions(p_forum_id uuid)
returns bigint
language plpgsql
stable
-- Reads forums and moderators that their policies hide from the caller, and tells only what concerns the caller.
security definer
set search_path = ''
as $$
declare
  everything constant bigint := 511;
  me constant uuid := core.current_user_id();
  granted bigint;
begin
  if core.current_role_rank() >= 2 then
    return everything;
  end if;
  if me is null or core.current_role_rank() = 0 then
    return 0;
  end if;

  select case when forum.owner_id = me then everything else coalesce(moderator.permissions, 0) end
  into granted
  from forums.forums as forum
  left join forums.moderators as moderator
    on moderator.forum_id = forum.id and moderator.user_id = me
  where forum.id = p_forum_id
    and forum.deleted_at is null;
  return coalesce(granted, 0);
end
$$;

comment on function forums.my_permissions(uuid) is
  E'@name my_forum_permissions\nWhat the caller may do in a forum, as the bits of a moderator: 0 DELETE, 1 LOCK, 2 PIN, 3 FLAIR, 4 BAN, 5 EDIT_FORUM, 6 MANAGE_CATEGORIES, 7 MANAGE_FLAIRS, 8 APPOINT. The owner and the staff of the platform hold all of them; whoever may do nothing gets 0. Two index look-ups.';

revoke all on function forums.my_permissions(uuid) from public;
grant execute on function forums.my_permissions(uuid) to stoa_anonymous;

-- Object: forums/functions/my_readable_forum_ids.sql
create or replace function forums.my_readable_forum_ids()
returns setof uuid
language plpgsql
stable
rows 100
-- Asked by the policies of several tables: under row-level security each would ask the policy of forums.forums again.
security definer
set search_path = ''
as $$
begin
  if core.current_role_rank() >= 2 then
    return query select forum.id from forums.forums as forum;
    return;
  end if;

  -- The rule stands a second time in the policy of forums.forums, and a third in forums.readable_forum for one forum.
  return query
    select forum.id
    from forums.forums as forum
    where forum.deleted_at is null
      and (forum.is_public or forum.id = any (array(select forums.my_member_forum_ids())))
      and (forum.min_read_class_id is null or forum.min_read_class_id = any (array(select forums.my_class_ids())))
      and forum.id <> all (array(select forums.my_banned_forum_ids()));
end
$$;

comment on function forums.my_readable_forum_ids() is
  E'@behavior -*\nThe forums that the caller may read. Visitors: public ones without a lowest class. Members: those that are public or that they follow, moderate or own, if their class is high enough and no ban from the forum is in force. Staff of the platform: all. Written into a policy as forum_id = any (array(select forums.my_readable_forum_ids())), it runs once a statement; cost grows with the number of forums.';

revoke all on function forums.my_readable_forum_ids() from public;
grant execute on function forums.my_readable_forum_ids() to stoa_anonymous;

-- Object: forums/functions/notify_followers.sql
create or replace function forums.notify_followers(p_post_id uuid default null, p_comment_id uuid default null)
returns integer
language plpgsql
volatile
-- Reads who follows, which is nobody's business, and rings their bells.
security definer
set search_path = ''
as $$
declare
  comment forums.comments;
  post forums.posts;
  forum forums.forums;
  actor_name text;
  parent_author uuid;
  follower record;
  told integer := 0;
begin
  if p_comment_id is not null then
    select * into comment from forums.comments as candidate
    where candidate.id = p_comment_id and candidate.deleted_at is null;
    if not found then
      return 0;
    end if;
    select candidate.author_id into parent_author from forums.comments as candidate where candidate.id = comment.parent_id;
  end if;
  select * into post from forums.posts as candidate
  where candidate.id = coalesce(comment.post_id, p_post_id) and candidate.deleted_at is null;
  if not found then
    return 0;
  end if;
  select * into forum from forums.forums as candidate where candidate.id = post.forum_id and candidate.deleted_at is null;
  if not found then
    return 0;
  end if;
  select coalesce(person.display_name, person.username::text, 'Somebody') into actor_name
  from core.users as person
  where person.id = case when p_comment_id is null then post.author_id else comment.author_id end;

  for follower in
    select subscription.user_id
    from forums.post_subscriptions as subscription
    where p_comment_id is not null
      and subscription.post_id = post.id
      and subscription.notify
    union
    select subscription.user_id
    from forums.subscriptions as subscription
    where subscription.forum_id = forum.id
      and subscription.notification_level = any (
        case when p_comment_id is null then array['posts', 'all'] else array['all'] end
      )
    order by user_id
  loop
    -- These two were told when the comment was written; authors are not told of what they wrote.
    continue when p_comment_id is not null and follower.user_id in (post.author_id, parent_author);
    continue when forums.is_banned(forum.id, follower.user_id);
    if p_comment_id is null then
      if notifications.notify(
        follower.user_id, 'forum_post', actor_name || ' posted in ' || forum.name || ': ' || post.title, null,
        jsonb_build_object('forum_id', forum.id, 'post_id', post.id),
        post.author_id, 'forum:' || forum.id || ':posts'
      ) is not null then
        told := told + 1;
      end if;
    elsif notifications.notify(
      follower.user_id, 'forum_comment', actor_name || ' commented on ' || post.title, left(comment.content, 200),
      jsonb_build_object('forum_id', forum.id, 'post_id', post.id, 'comment_id', comment.id),
      comment.author_id, 'post:' || post.id || ':comments'
    ) is not null then
      told := told + 1;
    end if;
  end loop;
  return told;
end
$$;

comment on function forums.notify_followers(uuid, uuid) is
  'For the worker: rings the bells of those who follow the forum of a new post, or the post (and, at level "all", the forum) of a new comment. Collected per post and forum while unread; authors of the post and of the parent comment were told at once and are left out, so are people banned from the forum. Returns how many were told. Runs apart from the writing, because a crowd of followers must not hold the lock on the post.';

revoke all on function forums.notify_followers(uuid, uuid) from public;
grant execute on function forums.notify_followers(uuid, uuid) to stoa_worker;

-- Object: forums/functions/page_size.sql
create or replace function forums.page_size(p_first integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return least(greatest(coalesce(p_first, 25), 1), 50);
end
$$;

comment on function forums.page_size(integer) is E'@behavior -*\nInternal. How many rows a page of a feed has: what was asked for, from 1 to 50; 25 when nothing was.';

revoke all on function forums.page_size(integer) from public;
grant execute on function forums.page_size(integer) to stoa_anonymous;

-- Object: forums/functions/pin_post.sql
create or replace function forums.pin_post(p_post_id uuid)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  post forums.posts;
begin
  -- The forum is locked first: pins of one forum are counted one after the other.
  post := forums.moderated_post(p_post_id, 2, true);
  if post.is_pinned then
    return post;
  end if;
  if (
    select count(*)
    from forums.posts as pinned
    where pinned.forum_id = post.forum_id
      and pinned.is_pinned
      and pinned.deleted_at is null
  ) >= core.setting_integer('forums.pin_limit') then
    perform core.fail('post.pin_limit');
  end if;

  update forums.posts as target
  set is_pinned = true,
      pinned_at = now(),
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record('pin_post', 'forums.posts', p_post_id);
  return post;
end
$$;

comment on function forums.pin_post(uuid) is
  'Holds a post at the top of its forum; a pinned one stays as it is. Needs PIN (forum.not_allowed). Refuses more than the setting forums.pin_limit allows (post.pin_limit), post.unknown and post.deleted. Audited.';

revoke all on function forums.pin_post(uuid) from public;
grant execute on function forums.pin_post(uuid) to stoa_member;

-- Object: forums/functions/posts_due_for_repair.sql
create or replace function forums.posts_due_for_repair(p_since timestamptz, p_sample integer default 1000)
returns setof uuid
language plpgsql
stable
rows 1000
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
begin
  return query
    select post.id
    from forums.posts as post
    where post.updated_at >= p_since
      or post.last_activity_at >= p_since
      or post.id in (select vote.post_id from forums.post_votes as vote where vote.updated_at >= p_since)
    union
    (
      -- A sample without sorting the table: what follows a random identifier.
      select post.id
      from forums.posts as post
      where post.id >= core.uuidv7_floor(
        core.uuidv7_time((select oldest.id from forums.posts as oldest order by oldest.id limit 1))
        + random() * (now() - core.uuidv7_time((select oldest.id from forums.posts as oldest order by oldest.id limit 1)))
      )
      order by post.id
      limit p_sample
    );
end
$$;

comment on function forums.posts_due_for_repair(timestamptz, integer) is
  'For the worker: the posts whose counters the nightly check recounts, namely those changed, commented on or voted on since p_since, and a random sample of the rest. Scans posts and votes once.';

revoke all on function forums.posts_due_for_repair(timestamptz, integer) from public;
grant execute on function forums.posts_due_for_repair(timestamptz, integer) to stoa_worker;

-- Object: forums/functions/posts_my_vote.sql
create or replace function forums.posts_my_vote(p_post forums.posts)
returns integer
language sql
stable
-- A visitor may not read votes at all, and has cast none: the answer is 0 instead of a refusal.
security definer
set search_path = ''
begin atomic
  select coalesce((
    select vote.direction
    from forums.post_votes as vote
    where vote.post_id = p_post.id
      and vote.user_id = core.current_user_id()
  ), 0);
end;

comment on function forums.posts_my_vote(forums.posts) is
  'The caller''s vote on the post: 1, -1, or 0 for none. One look-up by primary key, of the caller''s own vote only.';

revoke all on function forums.posts_my_vote(forums.posts) from public;
grant execute on function forums.posts_my_vote(forums.posts) to stoa_anonymous;

-- Object: forums/functions/queue_forum_search.sql
create or replace function forums.queue_forum_search()
returns trigger
language plpgsql
-- The queue has no grants.
security definer
set search_path = ''
as $$
begin
  perform core.queue_search(tg_argv[0], new.id, case when new.deleted_at is null then 'index' else 'delete' end);
  return null;
end
$$;

comment on function forums.queue_forum_search() is
  'Trigger; its argument is the entity type. Tells the external search engine, if one is switched on, that a post or a comment appeared, changed or went.';

revoke all on function forums.queue_forum_search() from public;

-- Object: forums/functions/readable_forum.sql
create or replace function forums.readable_forum(p_forum_id uuid, p_unknown text default 'forum.unknown')
returns forums.forums
language plpgsql
stable
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  rank constant integer := core.current_role_rank();
  forum forums.forums;
begin
  select * into forum
  from forums.forums as candidate
  where candidate.id = p_forum_id
    and (candidate.deleted_at is null or rank >= 2);
  if not found then
    perform core.fail(p_unknown);
  end if;
  if rank >= 2 then
    return forum;
  end if;

  if rank = 0 or me is null then
    if not forum.is_public or forum.min_read_class_id is not null then
      perform core.fail(p_unknown);
    end if;
    return forum;
  end if;

  if not (
    forum.is_public
    or forum.owner_id = me
    or exists (
      select from forums.subscriptions as subscription
      where subscription.user_id = me and subscription.forum_id = forum.id
    )
    or exists (
      select from forums.moderators as moderator
      where moderator.user_id = me and moderator.forum_id = forum.id
    )
  ) then
    perform core.fail(p_unknown);
  end if;
  if not forums.class_reaches(me, forum.min_read_class_id) then
    perform core.fail(p_unknown);
  end if;
  if forums.is_banned(forum.id, me) then
    perform core.fail('forum.banned');
  end if;
  return forum;
end
$$;

comment on function forums.readable_forum(uuid, text) is
  'Internal. A forum, if the caller may read it: the rule of forums.my_readable_forum_ids for one forum. Refuses with p_unknown (forum.unknown, or the like of the thing asked for), or forum.banned where only a ban is in the way.';

revoke all on function forums.readable_forum(uuid, text) from public;

-- Object: forums/functions/record_view.sql
create or replace function forums.record_view(p_post_id uuid)
returns void
language plpgsql
volatile
-- Nobody has a grant on the buffer.
security definer
set search_path = ''
as $$
begin
  perform forums.live_post(p_post_id);
  insert into forums.post_view_deltas (post_id) values (p_post_id);
end
$$;

comment on function forums.record_view(uuid) is
  E'@name record_post_view\nCounts one view of a post; it shows in view_count within a minute. Whoever calls it decides how often one reader counts. Appends a row and touches nothing else. Refuses post.unknown and forum.banned.';

revoke all on function forums.record_view(uuid) from public;
grant execute on function forums.record_view(uuid) to stoa_anonymous;

-- Object: forums/functions/remove_subscriber.sql
create or replace function forums.remove_subscriber(p_forum_id uuid, p_user_id uuid)
returns boolean
language plpgsql
volatile
-- Deletes a row of somebody else.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  forum forums.forums;
begin
  forum := forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 8);
  if forum.is_public then
    perform core.fail('forum.not_allowed');
  end if;
  delete from forums.subscriptions as subscription
  where subscription.user_id = p_user_id
    and subscription.forum_id = p_forum_id;
  return found;
end
$$;

comment on function forums.remove_subscriber(uuid, uuid) is
  E'@name remove_from_forum\nPuts a member out of a private forum; false when they were not in it. Needs APPOINT (forum.not_allowed), and a forum that is not public.';

revoke all on function forums.remove_subscriber(uuid, uuid) from public;
grant execute on function forums.remove_subscriber(uuid, uuid) to stoa_member;

-- Object: forums/functions/removed_comment_text.sql
create or replace function forums.removed_comment_text(p_comment_id uuid)
returns text
language plpgsql
stable
-- No role of the API has a grant on the removed texts.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  comment forums.comments;
begin
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  if not forums.moderates_comment(comment) then
    perform core.fail('forum.not_allowed');
  end if;
  return (select kept.content from forums.removed_texts as kept where kept.comment_id = p_comment_id);
end
$$;

comment on function forums.removed_comment_text(uuid) is
  'What a deleted comment said, for moderators with DELETE in its forum (forum.not_allowed); null when it is not deleted, or gone. Refuses comment.unknown.';

revoke all on function forums.removed_comment_text(uuid) from public;
grant execute on function forums.removed_comment_text(uuid) to stoa_member;

-- Object: forums/functions/repair_counters.sql
create or replace function forums.repair_counters(p_post_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  target record;
  wrong record;
  repaired integer := 0;
begin
  -- Rows are locked first, in the lock order of the module, and counted in later statements: one statement that does
  -- both keeps its old snapshot while it waits for a lock, and would overwrite what was counted meanwhile.
  for target in
    select distinct post.forum_id
    from forums.posts as post
    where post.id = any (p_post_ids)
    order by post.forum_id
  loop
    perform from forums.forums as forum where forum.id = target.forum_id for no key update;
    for wrong in
      select forum.id, forum.post_count, forum.subscriber_count, forum.last_post_id,
        (
          select count(*)::integer from forums.posts as post
          where post.forum_id = forum.id and post.deleted_at is null
        ) as true_post_count,
        (
          select count(*)::integer from forums.subscriptions as subscription
          where subscription.forum_id = forum.id
        ) as true_subscriber_count,
        newest.id as true_last_post_id,
        newest.inserted_at as true_last_post_at
      from forums.forums as forum
      left join lateral (
        select post.id, post.inserted_at
        from forums.posts as post
        where post.forum_id = forum.id and post.deleted_at is null
        order by post.id desc
        limit 1
      ) as newest on true
      where forum.id = target.forum_id
    loop
      insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
      select 'forums.forums.' || found_wrong.name, jsonb_build_object('id', wrong.id), found_wrong.cached, found_wrong.counted
      from (
        values
          ('post_count', wrong.post_count, wrong.true_post_count),
          ('subscriber_count', wrong.subscriber_count, wrong.true_subscriber_count)
      ) as found_wrong (name, cached, counted)
      where found_wrong.cached <> found_wrong.counted;
      if wrong.post_count <> wrong.true_post_count
        or wrong.subscriber_count <> wrong.true_subscriber_count
        or wrong.last_post_id is distinct from wrong.true_last_post_id
      then
        update forums.forums as forum
        set post_count = wrong.true_post_count,
            subscriber_count = wrong.true_subscriber_count,
            last_post_id = wrong.true_last_post_id,
            last_post_at = wrong.true_last_post_at
        where forum.id = wrong.id;
        repaired := repaired + 1;
      end if;
    end loop;
  end loop;

  perform from forums.posts as post where post.id = any (p_post_ids) order by post.id for no key update;
  for wrong in
    select counted.*
    from (
      select
        post.id, post.upvote_count, post.downvote_count, post.comment_count, post.last_comment_id,
        coalesce(origin.upvote_count, 0) + votes.up as true_upvote_count,
        coalesce(origin.downvote_count, 0) + votes.down as true_downvote_count,
        live.amount as true_comment_count,
        newest.id as true_last_comment_id,
        newest.inserted_at as true_last_comment_at,
        greatest(post.inserted_at, newest.inserted_at) as true_last_activity_at
      from forums.posts as post
      left join forums.imported_posts as origin on origin.post_id = post.id
      cross join lateral (
        select
          (count(*) filter (where vote.direction = 1))::integer as up,
          (count(*) filter (where vote.direction = -1))::integer as down
        from forums.post_votes as vote
        where vote.post_id = post.id
      ) as votes
      cross join lateral (
        select count(*)::integer as amount
        from forums.comments as comment
        where comment.post_id = post.id and comment.deleted_at is null
      ) as live
      left join lateral (
        select comment.id, comment.inserted_at
        from forums.comments as comment
        where comment.post_id = post.id and comment.deleted_at is null
        order by comment.id desc
        limit 1
      ) as newest on true
      where post.id = any (p_post_ids)
    ) as counted
    where (counted.upvote_count, counted.downvote_count, counted.comment_count)
      <> (counted.true_upvote_count, counted.true_downvote_count, counted.true_comment_count)
      or counted.last_comment_id is distinct from counted.true_last_comment_id
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    select 'forums.posts.' || found_wrong.name, jsonb_build_object('id', wrong.id), found_wrong.cached, found_wrong.counted
    from (
      values
        ('upvote_count', wrong.upvote_count, wrong.true_upvote_count),
        ('downvote_count', wrong.downvote_count, wrong.true_downvote_count),
        ('comment_count', wrong.comment_count, wrong.true_comment_count)
    ) as found_wrong (name, cached, counted)
    where found_wrong.cached <> found_wrong.counted;
    update forums.posts as post
    set upvote_count = wrong.true_upvote_count,
        downvote_count = wrong.true_downvote_count,
        score = wrong.true_upvote_count - wrong.true_downvote_count,
        comment_count = wrong.true_comment_count,
        last_comment_id = wrong.true_last_comment_id,
        last_comment_at = wrong.true_last_comment_at,
        last_activity_at = wrong.true_last_activity_at
    where post.id = wrong.id;
    repaired := repaired + 1;
  end loop;

  perform
  from forums.comments as comment
  where comment.post_id = any (p_post_ids)
  order by comment.id
  for no key update;
  for wrong in
    select counted.*
    from (
      select
        comment.id, comment.upvote_count, comment.downvote_count, comment.reply_count,
        votes.up as true_upvote_count,
        votes.down as true_downvote_count,
        (
          select count(*)::integer
          from forums.comments as reply
          where reply.post_id = comment.post_id and reply.parent_id = comment.id and reply.deleted_at is null
        ) as true_reply_count
      from forums.comments as comment
      cross join lateral (
        select
          (count(*) filter (where vote.direction = 1))::integer as up,
          (count(*) filter (where vote.direction = -1))::integer as down
        from forums.comment_votes as vote
        where vote.comment_id = comment.id
      ) as votes
      where comment.post_id = any (p_post_ids)
    ) as counted
    where (counted.upvote_count, counted.downvote_count, counted.reply_count)
      <> (counted.true_upvote_count, counted.true_downvote_count, counted.true_reply_count)
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    select 'forums.comments.' || found_wrong.name, jsonb_build_object('id', wrong.id), found_wrong.cached, found_wrong.counted
    from (
      values
        ('upvote_count', wrong.upvote_count, wrong.true_upvote_count),
        ('downvote_count', wrong.downvote_count, wrong.true_downvote_count),
        ('reply_count', wrong.reply_count, wrong.true_reply_count)
    ) as found_wrong (name, cached, counted)
    where found_wrong.cached <> found_wrong.counted;
    update forums.comments as comment
    set upvote_count = wrong.true_upvote_count,
        downvote_count = wrong.true_downvote_count,
        score = wrong.true_upvote_count - wrong.true_downvote_count,
        reply_count = wrong.true_reply_count
    where comment.id = wrong.id;
    repaired := repaired + 1;
  end loop;

  perform from forums.polls as poll where poll.post_id = any (p_post_ids) order by poll.post_id for no key update;
  perform
  from forums.poll_options as option
  where option.post_id = any (p_post_ids)
  order by option.post_id, option.position
  for no key update;
  for wrong in
    select option.post_id, option.position, option.vote_count, ballots.amount as true_vote_count
    from forums.poll_options as option
    cross join lateral (
      select count(*)::integer as amount
      from forums.poll_votes as vote
      where vote.post_id = option.post_id and vote.position = option.position
    ) as ballots
    where option.post_id = any (p_post_ids)
      and option.vote_count <> ballots.amount
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'forums.poll_options.vote_count',
      jsonb_build_object('post_id', wrong.post_id, 'position', wrong.position),
      wrong.vote_count,
      wrong.true_vote_count
    );
    update forums.poll_options as option
    set vote_count = wrong.true_vote_count
    where option.post_id = wrong.post_id
      and option.position = wrong.position;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function forums.repair_counters(uuid[]) is
  'For the worker: recounts everything that is cached about these posts, their comments, options and forums, corrects what is wrong, writes each difference to ops.counter_repairs and returns how many rows it corrected. The votes of an imported post are counted on top of its recorded origin. Locks the forums and posts for the time of the count: call it with some hundred posts at a time.';

revoke all on function forums.repair_counters(uuid[]) from public;
grant execute on function forums.repair_counters(uuid[]) to stoa_worker;

-- Object: forums/functions/require_owner.sql
create or replace function forums.require_owner(p_forum_id uuid)
returns forums.forums
language plpgsql
volatile
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  forum forums.forums;
begin
  perform forums.readable_forum(p_forum_id);
  select * into forum from forums.forums as candidate where candidate.id = p_forum_id for no key update;
  if forum.owner_id <> me and core.current_role_rank() < 3 then
    perform core.fail('forum.not_allowed');
  end if;
  return forum;
end
$$;

comment on function forums.require_owner(uuid) is
  'Internal. The forum, locked, if the caller owns it or administers the platform. Refuses others (forum.unknown, forum.not_allowed).';

revoke all on function forums.require_owner(uuid) from public;

-- Object: forums/functions/require_permission.sql
create or replace function forums.require_permission(p_forum_id uuid, p_bit integer)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if not forums.can_moderate(p_forum_id, p_bit) then
    perform core.fail('forum.not_allowed');
  end if;
end
$$;

comment on function forums.require_permission(uuid, integer) is
  'Internal. Refuses (forum.not_allowed) unless the caller holds this permission in the forum.';

revoke all on function forums.require_permission(uuid, integer) from public;

-- Object: forums/functions/restore_comment.sql
create or replace function forums.restore_comment(p_comment_id uuid, p_reason text default null)
returns forums.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  comment forums.comments;
  kept forums.removed_texts;
begin
  comment := forums.locked_comment(p_comment_id);
  if not forums.moderates_comment(comment) then
    if comment.author_id is distinct from me then
      perform core.fail('comment.not_author');
    end if;
    if comment.deleted_at is not null and comment.deleted_by is distinct from me then
      perform core.fail('comment.removed_by_moderator');
    end if;
  end if;
  if comment.deleted_at is null then
    return comment;
  end if;

  delete from forums.removed_texts as text_of_comment
  where text_of_comment.comment_id = p_comment_id
  returning * into kept;
  if not found or kept.removed_at < now() - interval '30 days' then
    perform core.fail('comment.restore_too_late');
  end if;
  update forums.comments as target
  set content = kept.content,
      deleted_at = null,
      deleted_by = null
  where target.id = p_comment_id
  returning * into comment;
  perform forums.audit_moderation('restore_comment', 'forums.comments', p_comment_id, comment.author_id, why);
  return comment;
end
$$;

comment on function forums.restore_comment(uuid, text) is
  'Brings a deleted comment back with its text. Its author (comment.not_author), unless a moderator removed it (comment.removed_by_moderator), or a moderator with DELETE; for 30 days (comment.restore_too_late). A comment that is not deleted stays as it is. Refuses comment.unknown, post.deleted and forum.banned. A moderator''s restoration is audited.';

revoke all on function forums.restore_comment(uuid, text) from public;
grant execute on function forums.restore_comment(uuid, text) to stoa_member;

-- Object: forums/functions/restore_post.sql
create or replace function forums.restore_post(p_post_id uuid, p_reason text default null)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  post forums.posts;
begin
  post := forums.locked_post(p_post_id, true);
  if post.author_id is distinct from me and not forums.can_moderate(post.forum_id, 0) then
    perform core.fail(case when post.deleted_at is null then 'post.not_author' else 'post.unknown' end);
  end if;
  if post.deleted_at is null then
    return post;
  end if;
  if post.deleted_by is distinct from me and not forums.can_moderate(post.forum_id, 0) then
    perform core.fail('post.removed_by_moderator');
  end if;
  if post.deleted_at < now() - interval '30 days' then
    perform core.fail('post.restore_too_late');
  end if;

  update forums.posts as target
  set deleted_at = null,
      deleted_by = null,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform forums.audit_moderation('restore_post', 'forums.posts', p_post_id, post.author_id, why);
  return post;
end
$$;

comment on function forums.restore_post(uuid, text) is
  'Brings a deleted post back, with its comments and votes. Its author, unless a moderator removed it (post.removed_by_moderator), or a moderator with DELETE; for 30 days (post.restore_too_late). A post that is not deleted stays as it is. Refuses post.unknown and post.not_author. A moderator''s restoration is audited.';

revoke all on function forums.restore_post(uuid, text) from public;
grant execute on function forums.restore_post(uuid, text) to stoa_member;

-- Object: forums/functions/search.sql
create or replace function forums.search(
  p_query text,
  p_forum_id uuid default null,
  p_author_id uuid default null,
  p_since timestamptz default null,
  p_first integer default 25
)
returns setof forums.posts
language plpgsql
stable
rows 25
-- The match operator is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  words constant tsquery := websearch_to_tsquery('english'::regconfig, core.clean_text(p_query, 500));
begin
  if numnode(words) = 0 then
    return;
  end if;
  if p_forum_id is not null then
    perform forums.readable_forum(p_forum_id);
  end if;

  return query
    select post.*
    from forums.posts as post
    where post.search @@ words
      and post.deleted_at is null
      and post.forum_id = any (
        case when p_forum_id is null then array(select forums.my_readable_forum_ids()) else array[p_forum_id] end
      )
      and (p_author_id is null or post.author_id = p_author_id)
      and (p_since is null or post.id >= core.uuidv7_floor(p_since))
    order by ts_rank_cd(post.search, words) desc, post.id desc
    limit forums.page_size(p_first);
end
$$;

comment on function forums.search(text, uuid, uuid, timestamptz, integer) is
  E'@name search_posts\n@simpleCollections only\nPosts that match words in English, the best match first; the query may hold "phrases", or, and -words. Narrowed to a forum, an author, or posts since a time. first: 1 to 50 posts. Finds only what the caller may read. Refuses an empty query (input.empty), one over 500 characters (input.too_long), and a forum that the caller may not read (forum.unknown, forum.banned). Ranks every match, so a common word in a large community is slow.';

revoke all on function forums.search(text, uuid, uuid, timestamptz, integer) from public;
grant execute on function forums.search(text, uuid, uuid, timestamptz, integer) to stoa_anonymous;

-- Object: forums/functions/search_comments.sql
create or replace function forums.search_comments(
  p_query text,
  p_forum_id uuid default null,
  p_author_id uuid default null,
  p_since timestamptz default null,
  p_first integer default 25
)
returns setof forums.comments
language plpgsql
stable
rows 25
-- The match operator is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  words constant tsquery := websearch_to_tsquery('english'::regconfig, core.clean_text(p_query, 500));
begin
  if numnode(words) = 0 then
    return;
  end if;
  if p_forum_id is not null then
    perform forums.readable_forum(p_forum_id);
  end if;

  return query
    select comment.*
    from forums.comments as comment
    join forums.posts as post on post.id = comment.post_id
    where to_tsvector('english'::regconfig, comment.content) @@ words
      and comment.deleted_at is null
      and post.deleted_at is null
      and post.forum_id = any (
        case when p_forum_id is null then array(select forums.my_readable_forum_ids()) else array[p_forum_id] end
      )
      and (p_author_id is null or comment.author_id = p_author_id)
      and (p_since is null or comment.id >= core.uuidv7_floor(p_since))
    order by ts_rank_cd(to_tsvector('english'::regconfig, comment.content), words) desc, comment.id desc
    limit forums.page_size(p_first);
end
$$;

comment on function forums.search_comments(text, uuid, uuid, timestamptz, integer) is
  E'@simpleCollections only\nComments that match words in English, the best match first; arguments, limits and refusals as in searchPosts.';

revoke all on function forums.search_comments(text, uuid, uuid, timestamptz, integer) from public;
grant execute on function forums.search_comments(text, uuid, uuid, timestamptz, integer) to stoa_anonymous;

-- Object: forums/functions/set_flair.sql
create or replace function forums.set_flair(p_post_id uuid, p_flair_id uuid default null)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  former uuid;
  post forums.posts;
begin
  post := forums.locked_post(p_post_id);
  if post.author_id is distinct from me then
    perform forums.require_permission(post.forum_id, 3);
  end if;
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  -- Neither put on nor taken off by authors: a label that only moderators use.
  perform forums.check_flair(post.forum_id, post.flair_id);
  perform forums.check_flair(post.forum_id, p_flair_id);

  former := post.flair_id;
  update forums.posts as target
  set flair_id = p_flair_id,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform forums.audit_moderation(
    'set_flair', 'forums.posts', p_post_id, post.author_id, null,
    jsonb_build_object('flair_id', former), jsonb_build_object('flair_id', p_flair_id)
  );
  return post;
end
$$;

comment on function forums.set_flair(uuid, uuid) is
  E'@name set_post_flair\nPuts a label of the forum on a post, or takes it off (null). Its author, or a moderator with FLAIR (forum.not_allowed). Refuses post.unknown, post.deleted, flair.unknown, and labels for moderators only (flair.moderators_only). A moderator''s change is audited.';

revoke all on function forums.set_flair(uuid, uuid) from public;
grant execute on function forums.set_flair(uuid, uuid) to stoa_member;

-- Object: forums/functions/subscribe.sql
create or replace function forums.subscribe(p_forum_id uuid, p_notification_level text default null)
returns forums.subscriptions
language plpgsql
volatile
-- Clients have no right to insert; the counter must follow.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  subscription forums.subscriptions;
begin
  if p_notification_level not in ('none', 'posts', 'all') then
    perform core.fail('input.malformed');
  end if;
  perform forums.readable_forum(p_forum_id);

  insert into forums.subscriptions as existing (user_id, forum_id, notification_level)
  values (me, p_forum_id, coalesce(p_notification_level, 'none'))
  on conflict (user_id, forum_id) do update
  set notification_level = coalesce(p_notification_level, existing.notification_level)
  returning * into subscription;
  return subscription;
end
$$;

comment on function forums.subscribe(uuid, text) is
  E'@name subscribe_to_forum\nFollows a forum, or changes how loudly: none, posts or all; left out, the level stays (none at first). Doing it again changes nothing. Refuses a forum that the caller may not read (forum.unknown, forum.banned) and other levels (input.malformed).';

revoke all on function forums.subscribe(uuid, text) from public;
grant execute on function forums.subscribe(uuid, text) to stoa_member;

-- Object: forums/functions/transfer_forum.sql
create or replace function forums.transfer_forum(p_forum_id uuid, p_user_id uuid)
returns forums.forums
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  forum forums.forums;
  former uuid;
begin
  forum := forums.require_owner(p_forum_id);
  former := forum.owner_id;
  if not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and (person.banned_until is null or person.banned_until <= now())
  ) then
    perform core.fail('user.unknown');
  end if;
  if forums.is_banned(p_forum_id, p_user_id) then
    perform core.fail('ban.protected');
  end if;
  if p_user_id = former then
    return forum;
  end if;
  perform forums.check_owned_limit(p_user_id);

  update forums.forums as target
  set owner_id = p_user_id
  where target.id = p_forum_id
  returning * into forum;
  delete from forums.moderators as moderator
  where moderator.forum_id = p_forum_id
    and moderator.user_id = p_user_id;
  perform audit.record(
    'transfer_forum', 'forums.forums', p_forum_id,
    jsonb_build_object('owner_id', former), jsonb_build_object('owner_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'forum', 'You now own the forum ' || forum.name, null,
    jsonb_build_object('forum_id', p_forum_id), core.current_user_id()
  );
  return forum;
end
$$;

comment on function forums.transfer_forum(uuid, uuid) is
  'Hands a forum to another member. Only its owner or an administrator (forum.not_allowed). Refuses an account that is closed, disabled or banned (user.unknown), one banned from the forum (ban.protected), and one that owns as many forums as it may (forum.limit_reached). Audited; the new owner is told.';

revoke all on function forums.transfer_forum(uuid, uuid) from public;
grant execute on function forums.transfer_forum(uuid, uuid) to stoa_member;

-- Object: forums/functions/unban_from_forum.sql
create or replace function forums.unban_from_forum(p_forum_id uuid, p_user_id uuid, p_reason text default null)
returns forums.bans
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 500, false);
  ban forums.bans;
begin
  perform forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 4);
  perform from forums.forums as target where target.id = p_forum_id for no key update;
  update forums.bans as target
  set lifted_at = greatest(clock_timestamp(), target.starts_at),
      lifted_by = me,
      lift_reason = why
  where target.forum_id = p_forum_id
    and target.user_id = p_user_id
    and target.lifted_at is null
    and (target.banned_until is null or target.banned_until > clock_timestamp())
  returning * into ban;
  if not found then
    perform core.fail('ban.unknown');
  end if;

  perform audit.record(
    'unban_from_forum', 'forums.bans', ban.id, null,
    jsonb_build_object('forum_id', p_forum_id, 'user_id', p_user_id), why
  );
  return ban;
end
$$;

comment on function forums.unban_from_forum(uuid, uuid, text) is
  'Ends a ban early. Needs BAN (forum.not_allowed). Refuses when no ban is in force (ban.unknown). Audited.';

revoke all on function forums.unban_from_forum(uuid, uuid, text) from public;
grant execute on function forums.unban_from_forum(uuid, uuid, text) to stoa_member;

-- Object: forums/functions/unfollow_post.sql
create or replace function forums.unfollow_post(p_post_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  delete from forums.post_subscriptions as subscription
  where subscription.user_id = me
    and subscription.post_id = p_post_id;
  return found;
end
$$;

comment on function forums.unfollow_post(uuid) is 'No longer follows a post; false when there was nothing to end.';

revoke all on function forums.unfollow_post(uuid) from public;
grant execute on function forums.unfollow_post(uuid) to stoa_member;

-- Object: forums/functions/unlock_post.sql
create or replace function forums.unlock_post(p_post_id uuid)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  post forums.posts;
begin
  post := forums.moderated_post(p_post_id, 1);
  update forums.posts as target
  set is_locked = false,
      locked_reason = null,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record('unlock_post', 'forums.posts', p_post_id);
  return post;
end
$$;

comment on function forums.unlock_post(uuid) is
  'Opens a post to comments again. Needs LOCK (forum.not_allowed). Refuses post.unknown and post.deleted. Audited.';

revoke all on function forums.unlock_post(uuid) from public;
grant execute on function forums.unlock_post(uuid) to stoa_member;

-- Object: forums/functions/unpin_post.sql
create or replace function forums.unpin_post(p_post_id uuid)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  post forums.posts;
begin
  post := forums.moderated_post(p_post_id, 2, true);
  update forums.posts as target
  set is_pinned = false,
      pinned_at = null,
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record('unpin_post', 'forums.posts', p_post_id);
  return post;
end
$$;

comment on function forums.unpin_post(uuid) is
  'No longer holds a post at the top. Needs PIN (forum.not_allowed). Refuses post.unknown and post.deleted. Audited.';

revoke all on function forums.unpin_post(uuid) from public;
grant execute on function forums.unpin_post(uuid) to stoa_member;

-- Object: forums/functions/unsubscribe.sql
create or replace function forums.unsubscribe(p_forum_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the counter must follow.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  delete from forums.subscriptions as subscription
  where subscription.user_id = me
    and subscription.forum_id = p_forum_id;
  if found then
    return true;
  end if;

  if not exists (select from forums.forums as forum where forum.id = p_forum_id and forum.is_public) then
    perform core.fail('forum.unknown');
  end if;
  return false;
end
$$;

comment on function forums.unsubscribe(uuid) is
  E'@name unsubscribe_from_forum\nNo longer follows a forum; false when there was nothing to end. Leaving a private forum means losing sight of it. Refuses an unknown forum (forum.unknown).';

revoke all on function forums.unsubscribe(uuid) from public;
grant execute on function forums.unsubscribe(uuid) to stoa_member;

-- Object: forums/functions/update_category.sql
create or replace function forums.update_category(
  p_category_id uuid,
  p_name text default null,
  p_slug text default null,
  p_color integer default null,
  p_position integer default null
)
returns forums.categories
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category forums.categories;
begin
  select * into category from forums.categories as candidate where candidate.id = p_category_id;
  if not found then
    perform core.fail('category.unknown');
  end if;
  perform forums.readable_forum(category.forum_id, 'category.unknown');
  perform forums.require_permission(category.forum_id, 6);
  if p_color not between 0 and 16777215 then
    perform core.fail('input.malformed');
  end if;

  begin
    update forums.categories as target
    set name = case when p_name is null then target.name else core.clean_text(p_name, 100) end,
        slug = case when p_slug is null then target.slug else forums.check_slug(p_slug) end,
        color = coalesce(p_color, target.color),
        position = coalesce(p_position, target.position)
    where target.id = p_category_id
    returning * into category;
  exception
    when unique_violation then perform core.fail('category.slug_taken');
  end;
  return category;
end
$$;

comment on function forums.update_category(uuid, text, text, integer, integer) is
  E'@name update_forum_category\nChanges a section; what is left out stays. Needs MANAGE_CATEGORIES (forum.not_allowed). Refuses what forums.create_category refuses, and an unknown section (category.unknown).';

revoke all on function forums.update_category(uuid, text, text, integer, integer) from public;
grant execute on function forums.update_category(uuid, text, text, integer, integer) to stoa_member;

-- Object: forums/functions/update_flair.sql
create or replace function forums.update_flair(
  p_flair_id uuid,
  p_name text default null,
  p_text_color integer default null,
  p_background_color integer default null,
  p_mod_only boolean default null,
  p_position integer default null
)
returns forums.flairs
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  flair forums.flairs;
begin
  select * into flair from forums.flairs as candidate where candidate.id = p_flair_id;
  if not found then
    perform core.fail('flair.unknown');
  end if;
  perform forums.readable_forum(flair.forum_id, 'flair.unknown');
  perform forums.require_permission(flair.forum_id, 7);
  if p_text_color not between 0 and 16777215 or p_background_color not between 0 and 16777215 then
    perform core.fail('input.malformed');
  end if;

  begin
    update forums.flairs as target
    set name = case when p_name is null then target.name else core.clean_text(p_name, 64) end,
        text_color = coalesce(p_text_color, target.text_color),
        background_color = coalesce(p_background_color, target.background_color),
        mod_only = coalesce(p_mod_only, target.mod_only),
        position = coalesce(p_position, target.position)
    where target.id = p_flair_id
    returning * into flair;
  exception
    when unique_violation then perform core.fail('flair.name_taken');
  end;
  return flair;
end
$$;

comment on function forums.update_flair(uuid, text, integer, integer, boolean, integer) is
  'Changes a label; what is left out stays. Needs MANAGE_FLAIRS (forum.not_allowed). Refuses what forums.create_flair refuses, and an unknown label (flair.unknown).';

revoke all on function forums.update_flair(uuid, text, integer, integer, boolean, integer) from public;
grant execute on function forums.update_flair(uuid, text, integer, integer, boolean, integer) to stoa_member;

-- Object: forums/functions/update_forum.sql
create or replace function forums.update_forum(p_forum_id uuid, p_patch jsonb)
returns forums.forums
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  -- What a moderator with EDIT_FORUM may change; the rest is the owner's.
  open_to_moderators constant text[] := array['description', 'icon_url', 'banner_url'];
  texts constant text[] := array['name', 'slug', 'description', 'icon_url', 'banner_url', 'custom_css', 'layout', 'parent_id'];
  flags constant text[] := array['is_public', 'is_nsfw', 'auto_upvote_own'];
  numbers constant text[] := array['position', 'min_read_class_id', 'min_post_class_id'];
  nullable constant text[] := array[
    'description', 'icon_url', 'banner_url', 'custom_css', 'parent_id', 'min_read_class_id', 'min_post_class_id'
  ];
  me constant uuid := core.require_member();
  before forums.forums;
  after forums.forums;
  field record;
begin
  before := forums.readable_forum(p_forum_id);
  if p_patch is null or jsonb_typeof(p_patch) <> 'object' then
    perform core.fail('input.malformed');
  end if;
  for field in select entry.key, jsonb_typeof(entry.value) as kind, entry.value from jsonb_each(p_patch) as entry loop
    if field.key <> all (texts || flags || numbers) then
      perform core.fail('input.unknown_key');
    end if;
    if before.owner_id <> me and core.current_role_rank() < 2 then
      if field.key <> all (open_to_moderators) then
        perform core.fail('forum.not_allowed');
      end if;
    end if;
    if not (
      (field.kind = 'string' and field.key = any (texts))
      or (field.kind = 'boolean' and field.key = any (flags))
      or (field.kind = 'number' and field.key = any (numbers) and field.value::text ~ '^-?[0-9]{1,4}$')
      or (field.kind = 'null' and field.key = any (nullable))
    ) then
      perform core.fail('input.malformed');
    end if;
  end loop;
  perform forums.require_permission(p_forum_id, 5);

  select * into before from forums.forums as forum where forum.id = p_forum_id for no key update;
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 100); end if;
  if p_patch ? 'slug' and p_patch ->> 'slug' is distinct from before.slug then
    after.slug := forums.check_forum_slug(p_patch ->> 'slug');
  end if;
  if p_patch ? 'description' then after.description := core.clean_text(p_patch ->> 'description', 5000, false); end if;
  if p_patch ? 'icon_url' then
    after.icon_url := case when p_patch ->> 'icon_url' is not null then forums.clean_url(p_patch ->> 'icon_url') end;
  end if;
  if p_patch ? 'banner_url' then
    after.banner_url := case when p_patch ->> 'banner_url' is not null then forums.clean_url(p_patch ->> 'banner_url') end;
  end if;
  if p_patch ? 'custom_css' then
    if p_patch ->> 'custom_css' is not null and not forums.is_premium(before.owner_id) then
      perform core.fail('forum.css_needs_premium');
    end if;
    after.custom_css := forums.check_css(p_patch ->> 'custom_css', format('[data-forum="%s"]', p_forum_id));
  end if;
  if p_patch ? 'layout' then
    after.layout := p_patch ->> 'layout';
    if after.layout not in ('threaded', 'flat') then
      perform core.fail('input.malformed');
    end if;
  end if;
  if p_patch ? 'parent_id' then
    if p_patch ->> 'parent_id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform core.fail('input.malformed');
    end if;
    after.parent_id := (p_patch ->> 'parent_id')::uuid;
    if after.parent_id is distinct from before.parent_id and after.parent_id is not null then
      if after.parent_id = p_forum_id then
        perform core.fail('forum.too_deep');
      end if;
      perform forums.readable_forum(after.parent_id);
      perform forums.require_permission(after.parent_id, 5);
    end if;
  end if;
  if p_patch ? 'position' then after.position := (p_patch ->> 'position')::integer; end if;
  if p_patch ? 'is_public' then after.is_public := (p_patch ->> 'is_public')::boolean; end if;
  if p_patch ? 'is_nsfw' then after.is_nsfw := (p_patch ->> 'is_nsfw')::boolean; end if;
  if p_patch ? 'auto_upvote_own' then after.auto_upvote_own := (p_patch ->> 'auto_upvote_own')::boolean; end if;
  if p_patch ? 'min_read_class_id' then
    after.min_read_class_id := forums.check_class((p_patch ->> 'min_read_class_id')::smallint);
  end if;
  if p_patch ? 'min_post_class_id' then
    after.min_post_class_id := forums.check_class((p_patch ->> 'min_post_class_id')::smallint);
  end if;

  begin
    update forums.forums as forum
    set name = after.name,
        slug = after.slug,
        description = after.description,
        icon_url = after.icon_url,
        banner_url = after.banner_url,
        custom_css = after.custom_css,
        layout = after.layout,
        parent_id = after.parent_id,
        position = after.position,
        is_public = after.is_public,
        is_nsfw = after.is_nsfw,
        auto_upvote_own = after.auto_upvote_own,
        min_read_class_id = after.min_read_class_id,
        min_post_class_id = after.min_post_class_id
    where forum.id = p_forum_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('forum.slug_taken');
  end;

  if before.owner_id <> me then
    perform audit.record(
      'update_forum', 'forums.forums', p_forum_id,
      (select jsonb_object_agg(key, to_jsonb(before) -> key) from jsonb_object_keys(p_patch) as key),
      (select jsonb_object_agg(key, to_jsonb(after) -> key) from jsonb_object_keys(p_patch) as key)
    );
  end if;
  return after;
end
$$;

comment on function forums.update_forum(uuid, jsonb) is
  'Changes a forum. The patch may name description, icon_url, banner_url (owner and moderators with EDIT_FORUM) and name, slug, custom_css, layout, parent_id, position, is_public, is_nsfw, auto_upvote_own, min_read_class_id, min_post_class_id (the owner alone); null clears description, icon_url, banner_url, custom_css, parent_id and the classes. Refuses other keys (input.unknown_key), values of the wrong kind (input.malformed), whoever lacks the permission (forum.not_allowed), addresses as forums.create_forum does, pictures that are no web address (post.link_invalid), a style by an owner who is not premium (forum.css_needs_premium) or with forbidden content (forum.css_refused), circles and deep nesting (forum.too_deep). A change by somebody else than the owner is audited.';

revoke all on function forums.update_forum(uuid, jsonb) from public;
grant execute on function forums.update_forum(uuid, jsonb) to stoa_member;

-- Object: forums/functions/vote_comment.sql
create or replace function forums.vote_comment(
  p_comment_id uuid,
  p_direction integer,
  out score integer,
  out mine integer
)
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
  comment forums.comments;
  post forums.posts;
begin
  if p_direction is null or p_direction not in (-1, 0, 1) then
    perform core.fail('vote.direction_invalid');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  select * into post from forums.posts as candidate where candidate.id = comment.post_id;
  perform forums.readable_forum(post.forum_id, 'comment.unknown');
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id for no key update;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  if comment.deleted_at is not null then
    perform core.fail('comment.deleted');
  end if;

  if p_direction = 0 then
    delete from forums.comment_votes as vote
    where vote.comment_id = p_comment_id
      and vote.user_id = me;
  else
    insert into forums.comment_votes as existing (comment_id, user_id, direction)
    values (p_comment_id, me, p_direction)
    on conflict (comment_id, user_id) do update
    set direction = excluded.direction
    where existing.direction <> excluded.direction;
  end if;

  select voted.score into vote_comment.score from forums.comments as voted where voted.id = p_comment_id;
  vote_comment.mine := p_direction;
end
$$;

comment on function forums.vote_comment(uuid, integer) is
  'Votes on a comment: 1 up, -1 down, 0 withdraws. The same vote again changes nothing. Returns the score and the caller''s vote. Refuses vote.direction_invalid, comment.unknown, comment.deleted, post.deleted and forum.banned. One vote row and one update of the comment; votes on one comment queue up.';

revoke all on function forums.vote_comment(uuid, integer) from public;
grant execute on function forums.vote_comment(uuid, integer) to stoa_member;

-- Object: forums/functions/vote_poll.sql
create or replace function forums.vote_poll(p_post_id uuid, p_positions integer[])
returns setof forums.poll_options
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  chosen constant integer[] := coalesce(p_positions, '{}');
  poll forums.polls;
begin
  perform forums.live_post(p_post_id);
  -- One ballot after the other: of two at once by one person, the second replaces the first.
  select * into poll from forums.polls as candidate where candidate.post_id = p_post_id for no key update;
  if not found then
    perform core.fail('poll.unknown');
  end if;
  if poll.closes_at <= now() then
    perform core.fail('poll.closed');
  end if;
  if (not poll.multiple_choice and cardinality(chosen) > 1)
    or cardinality(chosen) <> (
      select count(*)
      from forums.poll_options as option
      where option.post_id = p_post_id
        and option.position = any (chosen)
    )
  then
    perform core.fail('poll.choice_invalid');
  end if;

  delete from forums.poll_votes as vote
  where vote.post_id = p_post_id
    and vote.user_id = me
    and vote.position <> all (chosen);
  insert into forums.poll_votes (post_id, user_id, position)
  select p_post_id, me, choice.position
  from unnest(chosen) as choice (position)
  on conflict (post_id, user_id, position) do nothing;

  return query
    select option.*
    from forums.poll_options as option
    where option.post_id = p_post_id
    order by option.position;
end
$$;

comment on function forums.vote_poll(uuid, integer[]) is
  'Casts, changes or (with no positions) withdraws the caller''s ballot in a poll, and returns the options with their counts. Refuses post.unknown, forum.banned, a post without a poll (poll.unknown), a closed poll (poll.closed), positions that do not exist or occur twice, and several where one is allowed (poll.choice_invalid). Ballots of one poll queue up.';

revoke all on function forums.vote_poll(uuid, integer[]) from public;
grant execute on function forums.vote_poll(uuid, integer[]) to stoa_member;

-- Object: forums/functions/vote_post.sql
create or replace function forums.vote_post(
  p_post_id uuid,
  p_direction integer,
  out score integer,
  out mine integer
)
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
  post forums.posts;
begin
  if p_direction is null or p_direction not in (-1, 0, 1) then
    perform core.fail('vote.direction_invalid');
  end if;
  -- The post before its votes, as everywhere: a purge of the post and a vote on it cannot wait for each other.
  post := forums.locked_post(p_post_id);
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;

  if p_direction = 0 then
    delete from forums.post_votes as vote
    where vote.post_id = p_post_id
      and vote.user_id = me;
  else
    insert into forums.post_votes as existing (post_id, user_id, direction)
    values (p_post_id, me, p_direction)
    on conflict (post_id, user_id) do update
    set direction = excluded.direction
    where existing.direction <> excluded.direction;
  end if;

  select voted.score into vote_post.score from forums.posts as voted where voted.id = p_post_id;
  vote_post.mine := p_direction;
end
$$;

comment on function forums.vote_post(uuid, integer) is
  'Votes on a post: 1 up, -1 down, 0 withdraws. The same vote again changes nothing. Returns the score and the caller''s vote. A locked post can be voted on. Refuses vote.direction_invalid, post.unknown, post.deleted and forum.banned. One vote row and one update of the post; votes on one post queue up.';

revoke all on function forums.vote_post(uuid, integer) from public;
grant execute on function forums.vote_post(uuid, integer) to stoa_member;

-- Object: forums/functions/writable_forum.sql
create or replace function forums.writable_forum(p_forum_id uuid)
returns forums.forums
language plpgsql
stable
set search_path = ''
as $$
declare
  forum forums.forums;
begin
  forum := forums.readable_forum(p_forum_id);
  if not forums.class_reaches(core.current_user_id(), forum.min_post_class_id)
    and forums.my_permissions(p_forum_id) = 0
  then
    perform core.fail('forum.class_too_low');
  end if;
  return forum;
end
$$;

comment on function forums.writable_forum(uuid) is
  'Internal. A forum, if the caller may post and comment there: readable (forum.unknown, forum.banned) and open to their class (forum.class_too_low; moderators of the forum are exempt).';

revoke all on function forums.writable_forum(uuid) from public;

-- Object: forums/triggers/bans.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on forums.bans
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.bans is 'Keeps updated_at.';

-- Object: forums/triggers/comment_votes.count_delete.sql
create or replace trigger count_delete
after delete on forums.comment_votes
referencing old table as removed
for each statement
execute function forums.count_comment_votes();

comment on trigger count_delete on forums.comment_votes is 'Keeps the score of the comment.';

-- Object: forums/triggers/comment_votes.count_insert.sql
create or replace trigger count_insert
after insert on forums.comment_votes
referencing new table as added
for each statement
execute function forums.count_comment_votes();

comment on trigger count_insert on forums.comment_votes is 'Keeps the score of the comment.';

-- Object: forums/triggers/comment_votes.count_update.sql
create or replace trigger count_update
after update on forums.comment_votes
referencing old table as removed new table as added
for each statement
execute function forums.count_comment_votes();

comment on trigger count_update on forums.comment_votes is 'Keeps the score of the comment.';

-- Object: forums/triggers/comment_votes.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on forums.comment_votes
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.comment_votes is 'Keeps updated_at.';

-- Object: forums/triggers/comments.count_delete.sql
create or replace trigger count_delete
after delete on forums.comments
referencing old table as changed
for each statement
execute function forums.count_comments();

comment on trigger count_delete on forums.comments is 'Keeps the counts of the post and of the parent.';

-- Object: forums/triggers/comments.count_deletion.sql
-- A row trigger on purpose: votes and replies update this table all the time, and a statement trigger with transition
-- tables can neither name a column nor have a condition.
create or replace trigger count_deletion
after update of deleted_at on forums.comments
for each row
when ((old.deleted_at is null) <> (new.deleted_at is null))
execute function forums.count_comment_deletion();

comment on trigger count_deletion on forums.comments is 'Keeps the counts of the post and of the parent when a comment is deleted or restored.';

-- Object: forums/triggers/comments.count_insert.sql
create or replace trigger count_insert
after insert on forums.comments
referencing new table as changed
for each statement
execute function forums.count_comments();

comment on trigger count_insert on forums.comments is 'Keeps the counts of the post and of the parent.';

-- Object: forums/triggers/comments.queue_search_insert.sql
create or replace trigger queue_search_insert
after insert on forums.comments
for each row
execute function forums.queue_forum_search('forum_comment');

comment on trigger queue_search_insert on forums.comments is 'A new comment becomes findable in an external search engine.';

-- Object: forums/triggers/comments.queue_search_update.sql
create or replace trigger queue_search_update
after update of content, deleted_at on forums.comments
for each row
execute function forums.queue_forum_search('forum_comment');

comment on trigger queue_search_update on forums.comments is 'What an external search engine knows of a comment follows its row.';

-- Object: forums/triggers/comments.touch_updated_at.sql
create or replace trigger touch_updated_at
before update of content, content_format, author_id, deleted_at on forums.comments
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.comments is 'Keeps updated_at; votes and replies do not count as a change.';

-- Object: forums/triggers/forums.check_nesting.sql
create or replace trigger check_nesting
before insert or update of parent_id on forums.forums
for each row
execute function forums.check_nesting();

comment on trigger check_nesting on forums.forums is 'Five levels at most, no circles.';

-- Object: forums/triggers/forums.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on forums.forums
for each row
when (
  -- Counters change with every post; they are not a change of the forum.
  (old.subscriber_count, old.post_count, old.last_post_id, old.last_post_at)
  is not distinct from (new.subscriber_count, new.post_count, new.last_post_id, new.last_post_at)
)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.forums is 'Keeps updated_at; a change of counters alone does not count.';

-- Object: forums/triggers/poll_votes.count_delete.sql
create or replace trigger count_delete
after delete on forums.poll_votes
referencing old table as changed
for each statement
execute function forums.count_poll_votes();

comment on trigger count_delete on forums.poll_votes is 'Keeps vote_count of the option.';

-- Object: forums/triggers/poll_votes.count_insert.sql
create or replace trigger count_insert
after insert on forums.poll_votes
referencing new table as changed
for each statement
execute function forums.count_poll_votes();

comment on trigger count_insert on forums.poll_votes is 'Keeps vote_count of the option.';

-- Object: forums/triggers/post_attachments.mark_attached.sql
create or replace trigger mark_attached
after insert on forums.post_attachments
referencing new table as added
for each statement
execute function forums.mark_uploads_attached();

comment on trigger mark_attached on forums.post_attachments is 'Keeps media.uploads.attached_at.';

-- Object: forums/triggers/post_subscriptions.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on forums.post_subscriptions
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.post_subscriptions is 'Keeps updated_at.';

-- Object: forums/triggers/post_votes.count_delete.sql
create or replace trigger count_delete
after delete on forums.post_votes
referencing old table as removed
for each statement
execute function forums.count_post_votes();

comment on trigger count_delete on forums.post_votes is 'Keeps the score of the post.';

-- Object: forums/triggers/post_votes.count_insert.sql
create or replace trigger count_insert
after insert on forums.post_votes
referencing new table as added
for each statement
execute function forums.count_post_votes();

comment on trigger count_insert on forums.post_votes is 'Keeps the score of the post.';

-- Object: forums/triggers/post_votes.count_update.sql
create or replace trigger count_update
after update on forums.post_votes
referencing old table as removed new table as added
for each statement
execute function forums.count_post_votes();

comment on trigger count_update on forums.post_votes is 'Keeps the score of the post.';

-- Object: forums/triggers/post_votes.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on forums.post_votes
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on forums.post_votes is 'Keeps updated_at.';

-- Object: forums/triggers/posts.count_delete.sql
create or replace trigger count_delete
after delete on forums.posts
referencing old table as changed
for each statement
execute function forums.count_posts();

comment on trigger count_delete on forums.posts is 'Keeps post_count of the forum.';

-- Object: forums/triggers/posts.count_deletion.sql
-- A row trigger on purpose: every vote updates this table, and a statement trigger with transition tables can
-- neither name a column nor have a condition, so it would copy the wide row twice for each vote.
create or replace trigger count_deletion
after update of deleted_at on forums.posts
for each row
when ((old.deleted_at is null) <> (new.deleted_at is null))
execute function forums.count_post_deletion();

comment on trigger count_deletion on forums.posts is 'Keeps post_count and the last post of the forum when a post is deleted or restored.';

-- Object: forums/triggers/posts.count_insert.sql
create or replace trigger count_insert
after insert on forums.posts
referencing new table as changed
for each statement
execute function forums.count_posts();

comment on trigger count_insert on forums.posts is 'Keeps post_count and the last post of the forum.';

-- Object: forums/triggers/posts.queue_search_insert.sql
create or replace trigger queue_search_insert
after insert on forums.posts
for each row
execute function forums.queue_forum_search('forum_post');

comment on trigger queue_search_insert on forums.posts is 'A new post becomes findable in an external search engine.';

-- Object: forums/triggers/posts.queue_search_update.sql
create or replace trigger queue_search_update
after update of title, content, deleted_at on forums.posts
for each row
execute function forums.queue_forum_search('forum_post');

comment on trigger queue_search_update on forums.posts is 'What an external search engine knows of a post follows its row.';

-- Object: forums/triggers/subscriptions.count_delete.sql
create or replace trigger count_delete
after delete on forums.subscriptions
referencing old table as changed
for each statement
execute function forums.count_subscriptions();

comment on trigger count_delete on forums.subscriptions is 'Keeps forums.subscriber_count.';

-- Object: forums/triggers/subscriptions.count_insert.sql
create or replace trigger count_insert
after insert on forums.subscriptions
referencing new table as changed
for each statement
execute function forums.count_subscriptions();

comment on trigger count_insert on forums.subscriptions is 'Keeps forums.subscriber_count.';

-- Object: forums/policies/bans.sql
revoke all on forums.bans from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.bans to stoa_member;

drop policy if exists own on forums.bans;
create policy own on forums.bans
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.bans is 'Banned people read their own bans.';

drop policy if exists moderated on forums.bans;
create policy moderated on forums.bans
for select
to stoa_member
using (forum_id = any (array(select forums.my_moderated_forum_ids())));

comment on policy moderated on forums.bans is 'Owners and moderators read the bans of their forums.';

drop policy if exists staff on forums.bans;
create policy staff on forums.bans
for select
to stoa_moderator
using (true);

comment on policy staff on forums.bans is 'Staff of the platform reads every ban.';

-- Object: forums/policies/categories.sql
revoke all on forums.categories from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.categories to stoa_anonymous;

drop policy if exists readable on forums.categories;
create policy readable on forums.categories
for select
to stoa_anonymous
using (forum_id = any (array(select forums.my_readable_forum_ids())));

comment on policy readable on forums.categories is 'Whoever may read a forum reads its sections.';

drop policy if exists staff on forums.categories;
create policy staff on forums.categories
for select
to stoa_moderator
using (true);

comment on policy staff on forums.categories is 'Staff of the platform reads all.';

-- Object: forums/policies/comment_votes.sql
revoke all on forums.comment_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.comment_votes to stoa_member;

drop policy if exists own on forums.comment_votes;
create policy own on forums.comment_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.comment_votes is 'Members read their own votes on comments.';

drop policy if exists all_for_admins on forums.comment_votes;
create policy all_for_admins on forums.comment_votes
for select
to stoa_admin
using (true);

comment on policy all_for_admins on forums.comment_votes is 'Administrators read every vote, to look into manipulation.';

-- Object: forums/policies/comments.sql
revoke all on forums.comments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.comments to stoa_anonymous;

drop policy if exists readable on forums.comments;
-- Not exists (…): the planner may make that a hash of all posts, for one page of rows.
create policy readable on forums.comments
for select
to stoa_anonymous
using (
  (
    select true
    from forums.posts as post
    where post.id = comments.post_id
      and post.deleted_at is null
  )
);

comment on policy readable on forums.comments is 'Whoever may read a live post reads its comments, deleted ones as tombstones without text: the policies of forums.posts hold inside.';

drop policy if exists moderated on forums.comments;
create policy moderated on forums.comments
for select
to stoa_member
using (
  (
    select true
    from forums.posts as post
    where post.id = comments.post_id
      and post.forum_id = any (array(select forums.my_moderated_forum_ids()))
  )
);

comment on policy moderated on forums.comments is 'Owners and moderators read every comment of their forums, also under deleted posts.';

drop policy if exists staff on forums.comments;
create policy staff on forums.comments
for select
to stoa_moderator
using (true);

comment on policy staff on forums.comments is 'Staff of the platform reads every comment.';

-- Object: forums/policies/flairs.sql
revoke all on forums.flairs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.flairs to stoa_anonymous;

drop policy if exists readable on forums.flairs;
create policy readable on forums.flairs
for select
to stoa_anonymous
using (forum_id = any (array(select forums.my_readable_forum_ids())));

comment on policy readable on forums.flairs is 'Whoever may read a forum reads its labels.';

drop policy if exists staff on forums.flairs;
create policy staff on forums.flairs
for select
to stoa_moderator
using (true);

comment on policy staff on forums.flairs is 'Staff of the platform reads all.';

-- Object: forums/policies/forums.sql
revoke all on forums.forums from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.forums to stoa_anonymous;

drop policy if exists readable on forums.forums;
-- Not "id = any (the readable ones)": the planner takes such a list for ten forums and reads the table by it,
-- where a directory of thousands wants its own index.
create policy readable on forums.forums
for select
to stoa_anonymous
using (
  deleted_at is null
  and (is_public or id = any (array(select forums.my_member_forum_ids())))
  and (min_read_class_id is null or min_read_class_id = any (array(select forums.my_class_ids())))
  and id <> all (array(select forums.my_banned_forum_ids()))
);

comment on policy readable on forums.forums is 'Everybody reads public forums, and members those that they own, follow or moderate, if their class is high enough and no ban is in force: the rule of forums.my_readable_forum_ids.';

drop policy if exists staff on forums.forums;
create policy staff on forums.forums
for select
to stoa_moderator
using (true);

comment on policy staff on forums.forums is 'Staff of the platform reads every forum, deleted ones too.';

-- Object: forums/policies/imported_posts.sql
revoke all on forums.imported_posts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: forums/policies/moderators.sql
revoke all on forums.moderators from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.moderators to stoa_anonymous;

drop policy if exists readable on forums.moderators;
create policy readable on forums.moderators
for select
to stoa_anonymous
using (forum_id = any (array(select forums.my_readable_forum_ids())));

comment on policy readable on forums.moderators is 'Whoever may read a forum reads its moderators.';

drop policy if exists staff on forums.moderators;
create policy staff on forums.moderators
for select
to stoa_moderator
using (true);

comment on policy staff on forums.moderators is 'Staff of the platform reads all.';

-- Object: forums/policies/poll_options.sql
revoke all on forums.poll_options from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.poll_options to stoa_anonymous;

drop policy if exists readable on forums.poll_options;
-- Not exists (…): the planner may make that a hash of all posts, for one page of rows.
create policy readable on forums.poll_options
for select
to stoa_anonymous
using (
  (
    select true
    from forums.posts as post
    where post.id = poll_options.post_id
  )
);

comment on policy readable on forums.poll_options is 'Whoever may read a post reads its options of polls: the policies of forums.posts hold inside.';

drop policy if exists staff on forums.poll_options;
create policy staff on forums.poll_options
for select
to stoa_moderator
using (true);

comment on policy staff on forums.poll_options is 'Staff of the platform reads all.';

-- Object: forums/policies/poll_votes.sql
revoke all on forums.poll_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.poll_votes to stoa_member;

drop policy if exists own on forums.poll_votes;
create policy own on forums.poll_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.poll_votes is 'Members read their own ballots; nobody reads those of others.';

-- Object: forums/policies/polls.sql
revoke all on forums.polls from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.polls to stoa_anonymous;

drop policy if exists readable on forums.polls;
-- Not exists (…): the planner may make that a hash of all posts, for one page of rows.
create policy readable on forums.polls
for select
to stoa_anonymous
using (
  (
    select true
    from forums.posts as post
    where post.id = polls.post_id
  )
);

comment on policy readable on forums.polls is 'Whoever may read a post reads its polls: the policies of forums.posts hold inside.';

drop policy if exists staff on forums.polls;
create policy staff on forums.polls
for select
to stoa_moderator
using (true);

comment on policy staff on forums.polls is 'Staff of the platform reads all.';

-- Object: forums/policies/post_attachments.sql
revoke all on forums.post_attachments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.post_attachments to stoa_anonymous;

drop policy if exists readable on forums.post_attachments;
-- Not exists (…): the planner may make that a hash of all posts, for one page of rows.
create policy readable on forums.post_attachments
for select
to stoa_anonymous
using (
  (
    select true
    from forums.posts as post
    where post.id = post_attachments.post_id
  )
);

comment on policy readable on forums.post_attachments is 'Whoever may read a post reads its pictures: the policies of forums.posts hold inside.';

drop policy if exists staff on forums.post_attachments;
create policy staff on forums.post_attachments
for select
to stoa_moderator
using (true);

comment on policy staff on forums.post_attachments is 'Staff of the platform reads all.';

-- Object: forums/policies/post_subscriptions.sql
revoke all on forums.post_subscriptions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.post_subscriptions to stoa_member;

drop policy if exists own on forums.post_subscriptions;
create policy own on forums.post_subscriptions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.post_subscriptions is 'Members read which posts they follow.';

drop policy if exists all_for_admins on forums.post_subscriptions;
create policy all_for_admins on forums.post_subscriptions
for select
to stoa_admin
using (true);

comment on policy all_for_admins on forums.post_subscriptions is 'Administrators read every subscription.';

-- Object: forums/policies/post_view_deltas.sql
revoke all on forums.post_view_deltas from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: forums/policies/post_votes.sql
revoke all on forums.post_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.post_votes to stoa_member;

drop policy if exists own on forums.post_votes;
create policy own on forums.post_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.post_votes is 'Members read their own votes on posts.';

drop policy if exists all_for_admins on forums.post_votes;
create policy all_for_admins on forums.post_votes
for select
to stoa_admin
using (true);

comment on policy all_for_admins on forums.post_votes is 'Administrators read every vote, to look into manipulation.';

-- Object: forums/policies/posts.sql
revoke all on forums.posts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.posts to stoa_anonymous;

drop policy if exists readable on forums.posts;
create policy readable on forums.posts
for select
to stoa_anonymous
using (
  deleted_at is null
  and forum_id = any (array(select forums.my_readable_forum_ids()))
);

comment on policy readable on forums.posts is 'Whoever may read a forum reads its live posts.';

drop policy if exists own_deleted on forums.posts;
create policy own_deleted on forums.posts
for select
to stoa_member
using (
  author_id = (select core.current_user_id())
  and deleted_at > now() - interval '30 days'
  and forum_id = any (array(select forums.my_readable_forum_ids()))
);

comment on policy own_deleted on forums.posts is 'Authors read their own deleted posts for the 30 days in which they can be restored.';

drop policy if exists moderated on forums.posts;
create policy moderated on forums.posts
for select
to stoa_member
using (forum_id = any (array(select forums.my_moderated_forum_ids())));

comment on policy moderated on forums.posts is 'Owners and moderators read every post of their forums.';

drop policy if exists staff on forums.posts;
create policy staff on forums.posts
for select
to stoa_moderator
using (true);

comment on policy staff on forums.posts is 'Staff of the platform reads every post.';

-- Object: forums/policies/removed_texts.sql
revoke all on forums.removed_texts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: forums/policies/subscriptions.sql
revoke all on forums.subscriptions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.subscriptions to stoa_member;

drop policy if exists own on forums.subscriptions;
create policy own on forums.subscriptions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.subscriptions is 'Members read which forums they follow.';

drop policy if exists all_for_admins on forums.subscriptions;
create policy all_for_admins on forums.subscriptions
for select
to stoa_admin
using (true);

comment on policy all_for_admins on forums.subscriptions is 'Administrators read every subscription.';

-- End of objects

-- Down Migration

drop policy all_for_admins on forums.subscriptions;
drop policy own on forums.subscriptions;
drop policy staff on forums.posts;
drop policy moderated on forums.posts;
drop policy own_deleted on forums.posts;
drop policy readable on forums.posts;
drop policy all_for_admins on forums.post_votes;
drop policy own on forums.post_votes;
drop policy all_for_admins on forums.post_subscriptions;
drop policy own on forums.post_subscriptions;
drop policy staff on forums.post_attachments;
drop policy readable on forums.post_attachments;
drop policy staff on forums.polls;
drop policy readable on forums.polls;
drop policy own on forums.poll_votes;
drop policy staff on forums.poll_options;
drop policy readable on forums.poll_options;
drop policy staff on forums.moderators;
drop policy readable on forums.moderators;
drop policy staff on forums.forums;
drop policy readable on forums.forums;
drop policy staff on forums.flairs;
drop policy readable on forums.flairs;
drop policy staff on forums.comments;
drop policy moderated on forums.comments;
drop policy readable on forums.comments;
drop policy all_for_admins on forums.comment_votes;
drop policy own on forums.comment_votes;
drop policy staff on forums.categories;
drop policy readable on forums.categories;
drop policy staff on forums.bans;
drop policy moderated on forums.bans;
drop policy own on forums.bans;
drop trigger count_insert on forums.subscriptions;
drop trigger count_delete on forums.subscriptions;
drop trigger queue_search_update on forums.posts;
drop trigger queue_search_insert on forums.posts;
drop trigger count_insert on forums.posts;
drop trigger count_deletion on forums.posts;
drop trigger count_delete on forums.posts;
drop trigger touch_updated_at on forums.post_votes;
drop trigger count_update on forums.post_votes;
drop trigger count_insert on forums.post_votes;
drop trigger count_delete on forums.post_votes;
drop trigger touch_updated_at on forums.post_subscriptions;
drop trigger mark_attached on forums.post_attachments;
drop trigger count_insert on forums.poll_votes;
drop trigger count_delete on forums.poll_votes;
drop trigger touch_updated_at on forums.forums;
drop trigger check_nesting on forums.forums;
drop trigger touch_updated_at on forums.comments;
drop trigger queue_search_update on forums.comments;
drop trigger queue_search_insert on forums.comments;
drop trigger count_insert on forums.comments;
drop trigger count_deletion on forums.comments;
drop trigger count_delete on forums.comments;
drop trigger touch_updated_at on forums.comment_votes;
drop trigger count_update on forums.comment_votes;
drop trigger count_insert on forums.comment_votes;
drop trigger count_delete on forums.comment_votes;
drop trigger touch_updated_at on forums.bans;
drop function forums.writable_forum(uuid);
drop function forums.vote_post(uuid, integer);
drop function forums.vote_poll(uuid, integer[]);
drop function forums.vote_comment(uuid, integer);
drop function forums.update_forum(uuid, jsonb);
drop function forums.update_flair(uuid, text, integer, integer, boolean, integer);
drop function forums.update_category(uuid, text, text, integer, integer);
drop function forums.unsubscribe(uuid);
drop function forums.unpin_post(uuid);
drop function forums.unlock_post(uuid);
drop function forums.unfollow_post(uuid);
drop function forums.unban_from_forum(uuid, uuid, text);
drop function forums.transfer_forum(uuid, uuid);
drop function forums.subscribe(uuid, text);
drop function forums.set_flair(uuid, uuid);
drop function forums.search_comments(text, uuid, uuid, timestamptz, integer);
drop function forums.search(text, uuid, uuid, timestamptz, integer);
drop function forums.restore_post(uuid, text);
drop function forums.restore_comment(uuid, text);
drop function forums.require_permission(uuid, integer);
drop function forums.require_owner(uuid);
drop function forums.repair_counters(uuid[]);
drop function forums.removed_comment_text(uuid);
drop function forums.remove_subscriber(uuid, uuid);
drop function forums.record_view(uuid);
drop function forums.readable_forum(uuid, text);
drop function forums.queue_forum_search();
drop function forums.posts_my_vote(forums.posts);
drop function forums.posts_due_for_repair(timestamptz, integer);
drop function forums.pin_post(uuid);
drop function forums.page_size(integer);
drop function forums.notify_followers(uuid, uuid);
drop function forums.my_readable_forum_ids();
drop function forums.my_permissions(uuid);
drop function forums.my_moderated_forum_ids();
drop function forums.my_member_forum_ids();
drop function forums.my_class_ids();
drop function forums.my_banned_forum_ids();
drop function forums.move_post(uuid, uuid);
drop function forums.moderates_comment(forums.comments);
drop function forums.moderated_post(uuid, integer, boolean);
drop function forums.mark_uploads_attached();
drop function forums.mark_post_read(uuid, uuid);
drop function forums.locked_post(uuid, boolean);
drop function forums.locked_comment(uuid);
drop function forums.lock_post(uuid, text);
drop function forums.live_post(uuid);
drop function forums.is_premium(uuid);
drop function forums.is_banned(uuid, uuid);
drop function forums.home_feed(text, text, integer);
drop function forums.forums_theme(forums.forums);
drop function forums.follow_post(uuid, boolean);
drop function forums.flush_views(integer);
drop function forums.feed(uuid, text, interval, text, integer);
drop function forums.edit_post(uuid, text, text, uuid[], boolean, text);
drop function forums.edit_comment(uuid, text, text);
drop function forums.dismiss_moderator(uuid, uuid);
drop function forums.delete_post(uuid, text);
drop function forums.delete_forum(uuid, text);
drop function forums.delete_flair(uuid);
drop function forums.delete_comment(uuid, text);
drop function forums.delete_category(uuid);
drop function forums.cursor_key(text, text);
drop function forums.cursor_id(text);
drop function forums.create_post(uuid, text, text, text, uuid, uuid, text, uuid[], text[], boolean, timestamptz, text, boolean, text);
drop function forums.create_forum(text, text, text, uuid, text, boolean, boolean);
drop function forums.create_flair(uuid, text, integer, integer, boolean, integer);
drop function forums.create_comment(uuid, text, uuid, text, text);
drop function forums.create_category(uuid, text, text, integer, integer);
drop function forums.count_subscriptions();
drop function forums.count_posts();
drop function forums.count_post_votes();
drop function forums.count_post_deletion();
drop function forums.count_poll_votes();
drop function forums.count_comments();
drop function forums.count_comment_votes();
drop function forums.count_comment_deletion();
drop function forums.comments_my_vote(forums.comments);
drop function forums.comment_tree(uuid, text, uuid, text, integer);
drop function forums.clean_url(text);
drop function forums.clean_format(text);
drop function forums.class_reaches(uuid, smallint);
drop function forums.check_slug(text);
drop function forums.check_post_pace(uuid);
drop function forums.check_owned_limit(uuid);
drop function forums.check_nesting();
drop function forums.check_forum_slug(text);
drop function forums.check_flair(uuid, uuid);
drop function forums.check_css(text, text);
drop function forums.check_class(smallint);
drop function forums.can_moderate(uuid, integer);
drop function forums.ban_from_forum(uuid, uuid, text, timestamptz);
drop function forums.audit_moderation(text, text, uuid, uuid, text, jsonb, jsonb);
drop function forums.attach_uploads(uuid, uuid[]);
drop function forums.appoint_moderator(uuid, uuid, bigint);
drop function forums.all_feed(text, interval, text, integer);
drop function forums.admit_subscriber(uuid, uuid);
revoke all on table forums.bans from stoa_member;
revoke all on table forums.categories from stoa_anonymous;
revoke all on table forums.comment_votes from stoa_member;
revoke all on table forums.comments from stoa_anonymous;
revoke all on table forums.flairs from stoa_anonymous;
revoke all on table forums.forums from stoa_anonymous;
revoke all on table forums.moderators from stoa_anonymous;
revoke all on table forums.poll_options from stoa_anonymous;
revoke all on table forums.poll_votes from stoa_member;
revoke all on table forums.polls from stoa_anonymous;
revoke all on table forums.post_attachments from stoa_anonymous;
revoke all on table forums.post_subscriptions from stoa_member;
revoke all on table forums.post_votes from stoa_member;
revoke all on table forums.posts from stoa_anonymous;
revoke all on table forums.subscriptions from stoa_member;
