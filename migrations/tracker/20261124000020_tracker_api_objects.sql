-- Why: arguments and results have names and descriptions in the API.
-- Changed: tracker.browse, tracker.buy_freeleech, tracker.comment, tracker.create_request,
--   tracker.gift_bonus, tracker.grant_freeleech, tracker.merge_tags, tracker.open_requests,
--   tracker.save_bonus_rule, tracker.search, tracker.tag_torrent, tracker.vote_tag.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: tracker/functions/browse.sql
create or replace function tracker.browse(
  p_category_id integer default null,
  p_tags text[] default null,
  p_is_freeleech boolean default false,
  p_sort text default 'newest',
  p_after text default null,
  p_first integer default 25
)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- The uploader is not granted to everybody, and the partial indexes want their conditions stated. The rule of the
-- policy is repeated here.
security definer
set search_path = ''
as $$
declare
  listed constant text := $sql$ torrent.moderation_status = 'approved' and torrent.is_active and torrent.deleted_at is null $sql$;
  is_counted constant boolean := p_sort in ('seeders', 'completed');
  after_id uuid;
  after_number integer;
  tag_ids uuid[];
  category_ids integer[];
  filter text := '';
  query text;
  torrent tracker.torrents;
begin
  if p_sort is null or p_sort not in ('newest', 'oldest', 'seeders', 'completed') then
    perform core.fail('torrent.sort_unknown');
  end if;
  after_id := tracker.cursor_id(p_after, case when is_counted then 'integer' end);
  if is_counted and p_after is not null then
    after_number := split_part(p_after, ':', 1)::integer;
  end if;
  if not tracker.catalogue_is_open() then
    return;
  end if;

  if p_category_id is not null then
    category_ids := array(select tracker.category_ids(p_category_id));
  end if;
  if cardinality(p_tags) > 0 then
    if cardinality(p_tags) > 10 then
      perform core.fail('tag.too_many');
    end if;
    tag_ids := array(select tag.id from tracker.tags as tag where tag.name = any (array(select lower(sent.name) from unnest(p_tags) as sent (name))));
    -- A tag that nothing wears: nothing wears all of them.
    if cardinality(tag_ids) < (select count(distinct lower(sent.name)) from unnest(p_tags) as sent (name)) then
      return;
    end if;
    for place in 1 .. cardinality(tag_ids) loop
      filter := filter || format(
        ' and exists (select from tracker.torrent_tag_assignments as worn where worn.torrent_id = torrent.id and worn.tag_id = $2[%s])',
        place
      );
    end loop;
  end if;
  -- The plain flag first, for the partial index; then the end of it, which a job enforces later.
  if p_is_freeleech then
    filter := filter || ' and torrent.is_freeleech and (torrent.freeleech_until is null or torrent.freeleech_until > now())';
  end if;

  -- Put together from what is asked for, and planned for it: each list has its own index.
  if is_counted then
    if category_ids is not null then
      filter := filter || ' and torrent.category_id = any ($1)';
    end if;
    query := format(
      $sql$
        select torrent.*
        from tracker.torrent_statistics as figures
        join tracker.torrents as torrent on torrent.id = figures.torrent_id
        where %s %s %s
        order by figures.%I desc, figures.torrent_id desc
        limit $5
      $sql$,
      listed, filter,
      case when after_id is not null then format('and (figures.%I, figures.torrent_id) < ($4, $3)', case p_sort when 'seeders' then 'seeders' else 'times_completed' end) else '' end,
      case p_sort when 'seeders' then 'seeders' else 'times_completed' end
    );
  else
    if after_id is not null then
      filter := filter || case p_sort when 'newest' then ' and torrent.id < $3' else ' and torrent.id > $3' end;
    end if;
    if category_ids is not null then
      -- Each category has its own run of the index: one page of each, and the best of those.
      query := format(
        $sql$
          select (page.torrent).*
          from unnest($1) as branch (id)
          cross join lateral (
            select torrent
            from tracker.torrents as torrent
            where torrent.category_id = branch.id and %1$s %2$s
            order by torrent.id %3$s
            limit $5
          ) as page
          order by (page.torrent).id %3$s
          limit $5
        $sql$,
        listed, filter, case p_sort when 'newest' then 'desc' else 'asc' end
      );
    else
      query := format(
        'select torrent.* from tracker.torrents as torrent where %s %s order by torrent.id %s limit $5',
        listed, filter, case p_sort when 'newest' then 'desc' else 'asc' end
      );
    end if;
  end if;

  for torrent in
    execute query using category_ids, tag_ids, after_id, after_number, tracker.page_size(p_first)
  loop
    return next tracker.as_shown(torrent);
  end loop;
end
$$;

comment on function tracker.browse(integer, text[], boolean, text, text, integer) is
  E'@name browse_torrents\n@argument sort newest, oldest, seeders or completed.\n@argument tags Names of tags; a torrent has to have all of them.\n@simpleCollections only\nOne page of the catalogue: of a category and what stands under it, with all of these tags (at most ten), only what is free. sort: newest, oldest, seeders or completed. first: 1 to 50. after: the place of the last torrent of the page before, its id (newest, oldest), seeders:id or timesCompleted:id. Visitors see nothing unless the catalogue is public (setting tracker.public_catalogue). Newest and oldest read about one page of index a category, whatever the place; with tags, as many torrents as it takes to find a page. Refuses torrent.sort_unknown, torrent.cursor_malformed, torrent_category.unknown and tag.too_many.';

revoke all on function tracker.browse(integer, text[], boolean, text, text, integer) from public;
grant execute on function tracker.browse(integer, text[], boolean, text, text, integer) to stoa_anonymous;

-- Object: tracker/functions/buy_freeleech.sql
create or replace function tracker.buy_freeleech(p_count integer default 1, p_key text default null)
returns integer
language plpgsql
volatile
-- Points and tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_object('count', p_count);
begin
  perform core.require_unrestricted('tracker');
  if core.recall('tracker.buy_freeleech', p_key, arguments) is null then
    perform tracker.grant_tokens(me, p_count, 'purchase', null);
    perform tracker.post_bonus(
      me, -p_count * core.setting_decimal('tracker.bonus.freeleech_price'), 'freeleech_purchase',
      p_description => format('%s freeleech token(s)', p_count)
    );
    perform core.remember('tracker.buy_freeleech', p_key, arguments, jsonb_build_object('count', p_count));
  end if;
  return (
    select count(*)
    from tracker.freeleech_tokens as token
    where token.user_id = me
      and token.activated_at is null
      and (token.use_before is null or token.use_before > now())
  );
end
$$;

comment on function tracker.buy_freeleech(integer, text) is
  E'@argument count How many tokens.\n@result How many unspent ones the caller has now.\nBuys freeleech tokens with points (setting tracker.bonus.freeleech_price) and returns how many unspent ones the caller has then. Refuses freeleech_token.count_invalid and tracker.insufficient_points. With a key, a retry buys nothing more.';

revoke all on function tracker.buy_freeleech(integer, text) from public;
grant execute on function tracker.buy_freeleech(integer, text) to stoa_member;

-- Object: tracker/functions/comment.sql
create or replace function tracker.comment(
  p_subject_type text,
  p_subject_id uuid,
  p_content text,
  p_key text default null
)
returns tracker.comments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_subject_type, p_subject_id, p_content);
  earlier jsonb;
  told_id uuid;
  title text;
  comment tracker.comments;
begin
  perform core.require_unrestricted('tracker');
  perform core.require_unrestricted('posting');
  earlier := core.recall('tracker.comment', p_key, arguments);
  if earlier is not null then
    select * into comment from tracker.comments as made where made.id = (earlier ->> 'id')::uuid;
    return comment;
  end if;

  -- What it is about is held first, as everything in this module locks: its counter follows.
  case p_subject_type
    when 'torrent' then
      perform from tracker.torrents as candidate where candidate.id = p_subject_id for key share;
      select seen.uploader_id, seen.name into told_id, title from tracker.visible_torrent(p_subject_id) as seen;
    when 'request' then
      select seen.requester_id, seen.title into told_id, title from tracker.locked_request(p_subject_id) as seen;
    when 'collection' then
      select seen.owner_id, seen.name into told_id, title from tracker.locked_collection(p_subject_id) as seen;
    else
      perform core.fail('torrent_comment.subject_unknown');
  end case;

  insert into tracker.comments (torrent_id, request_id, collection_id, author_id, content)
  values (
    case when p_subject_type = 'torrent' then p_subject_id end,
    case when p_subject_type = 'request' then p_subject_id end,
    case when p_subject_type = 'collection' then p_subject_id end,
    me,
    core.clean_text(p_content, 10000)
  )
  returning * into comment;
  perform notifications.notify(
    told_id, 'torrent_comment', 'Somebody commented on ' || title, left(comment.content, 200),
    jsonb_build_object('subject_type', p_subject_type, 'subject_id', p_subject_id, 'comment_id', comment.id),
    me, p_subject_type || ':' || p_subject_id || ':comments'
  );
  perform core.remember('tracker.comment', p_key, arguments, jsonb_build_object('id', comment.id));
  return comment;
end
$$;

comment on function tracker.comment(text, uuid, text, text) is
  E'@name create_torrent_comment\n@argument subject_type torrent, request or collection.\n@argument subject_id Identifier of the Torrent, TorrentRequest or Collection.\nComments on a torrent, a request or a collection (subject_type), which the caller may read; whose it is is told. key: send the same again after a lost answer and get the same comment. Refuses torrent_comment.subject_unknown, torrent.unknown, request.unknown, collection.unknown, and who is barred from the tracker or from posting (account.activity_barred). Limit: 10,000 characters.';

revoke all on function tracker.comment(text, uuid, text, text) from public;
grant execute on function tracker.comment(text, uuid, text, text) to stoa_member;

-- Object: tracker/functions/create_request.sql
create or replace function tracker.create_request(
  p_category_id integer,
  p_title text,
  p_bounty numeric,
  p_description text default '',
  p_expires_at timestamptz default null,
  p_key text default null
)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_category_id, p_title, p_bounty, p_description, p_expires_at);
  earlier jsonb;
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.create_request', p_key, arguments);
  if earlier is not null then
    select * into request from tracker.requests as made where made.id = (earlier ->> 'id')::uuid;
    return request;
  end if;

  perform tracker.check_amount(p_bounty, core.setting_integer('tracker.minimum_bounty'));
  if p_expires_at is not null and p_expires_at not between now() + interval '1 hour' and now() + interval '1 year' then
    perform core.fail('request.expiry_invalid');
  end if;
  perform tracker.open_category(p_category_id, false);

  insert into tracker.requests (requester_id, category_id, title, description, expires_at)
  values (
    me, p_category_id, core.clean_text(p_title, 300), coalesce(core.clean_text(p_description, 20000, false), ''), p_expires_at
  )
  returning * into request;
  perform tracker.contribute(request, p_bounty, true);
  select * into request from tracker.requests as made where made.id = request.id;
  perform core.remember('tracker.create_request', p_key, arguments, jsonb_build_object('id', request.id));
  return request;
end
$$;

comment on function tracker.create_request(integer, text, numeric, text, timestamptz, text) is
  E'@name create_torrent_request\n@argument bounty Points of the caller, taken at once and held.\nAsks the community for something, with a bounty of at least tracker.minimum_bounty points that is taken from the caller at once and held. expires_at: between an hour and a year from now, or never; what lapses is given back. key: send the same again after a lost answer and get the same request. Refuses request.amount_invalid, request.expiry_invalid, torrent_category.unknown, torrent_category.closed and more points than the caller has (tracker.insufficient_points).';

revoke all on function tracker.create_request(integer, text, numeric, text, timestamptz, text) from public;
grant execute on function tracker.create_request(integer, text, numeric, text, timestamptz, text) to stoa_member;

-- Object: tracker/functions/gift_bonus.sql
create or replace function tracker.gift_bonus(p_to uuid, p_amount numeric, p_key text default null, p_message text default null)
returns tracker.bonus_transactions
language plpgsql
volatile
-- The ledger is written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  words constant text := core.clean_text(p_message, 300, false);
  arguments constant jsonb := jsonb_build_object('to', p_to, 'amount', trim_scale(p_amount)::text, 'message', words);
  earlier jsonb;
  entry tracker.bonus_transactions;
  entry_id uuid;
  arriving numeric;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.gift_bonus', p_key, arguments);
  if earlier is not null then
    select * into entry
    from tracker.bonus_transactions as movement
    where movement.user_id = me
      and movement.id = (earlier ->> 'id')::uuid;
    return entry;
  end if;

  if p_amount is null or p_amount <= 0 or p_amount <> round(p_amount, 4) or p_amount >= 1e13 then
    perform core.fail('bonus.amount_invalid');
  end if;
  arriving := trunc(p_amount * (1 - core.setting_decimal('tracker.bonus.gift_fee')), 4);
  if arriving <= 0 then
    perform core.fail('bonus.amount_invalid');
  end if;
  if p_to = me then
    perform core.fail('bonus.gift_to_self');
  end if;
  if not exists (
    select
    from core.users as person
    where person.id = p_to
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and not person.is_system
  ) or social.is_blocked(me, p_to) then
    perform core.fail('user.unknown');
  end if;

  -- Two people who give to each other at once: both lock the lower one first.
  perform tracker.ensure_statistics(array[me, p_to]);
  perform
  from tracker.user_statistics as totals
  where totals.user_id in (me, p_to)
  order by totals.user_id
  for no key update;
  entry_id := tracker.post_bonus(me, -p_amount, 'gift_out', p_counterparty_id => p_to, p_description => words);
  perform tracker.post_bonus(p_to, arriving, 'gift_in', p_counterparty_id => me, p_description => words);

  select * into entry from tracker.bonus_transactions as movement where movement.user_id = me and movement.id = entry_id;
  perform core.remember('tracker.gift_bonus', p_key, arguments, jsonb_build_object('id', entry_id));
  perform notifications.notify(
    p_to, 'bonus', 'You were given points', words, jsonb_build_object('user_id', me, 'amount', arriving), me
  );
  return entry;
end
$$;

comment on function tracker.gift_bonus(uuid, numeric, text, text) is
  E'@argument to Identifier of the User who gets them.\n@argument message A word to go with them.\nGives points to somebody; a part is lost on the way (setting tracker.bonus.gift_fee). Returns the movement in the caller''s account. Refuses bonus.amount_invalid, bonus.gift_to_self, user.unknown (also for people who block each other) and tracker.insufficient_points. With a key, a retry returns the first gift.';

revoke all on function tracker.gift_bonus(uuid, numeric, text, text) from public;
grant execute on function tracker.gift_bonus(uuid, numeric, text, text) to stoa_member;

-- Object: tracker/functions/grant_freeleech.sql
create or replace function tracker.grant_freeleech(p_user_id uuid, p_count integer, p_use_before timestamptz default null)
returns boolean
language plpgsql
volatile
-- Tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
begin
  if not exists (
    select from core.users as person
    where person.id = p_user_id and person.deleted_at is null and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  perform tracker.grant_tokens(p_user_id, p_count, 'staff', p_use_before);
  perform audit.record(
    'grant_freeleech', 'core.users', p_user_id, null, jsonb_build_object('count', p_count, 'use_before', p_use_before)
  );
  perform notifications.notify(
    p_user_id, 'bonus', 'You were given freeleech tokens', null, jsonb_build_object('count', p_count), me
  );
  return true;
end
$$;

comment on function tracker.grant_freeleech(uuid, integer, timestamptz) is
  E'@argument count How many tokens: 1 to 100.\nAdministrators only: gives somebody 1 to 100 freeleech tokens, which may lapse. Refuses user.unknown and freeleech_token.count_invalid. Audited; the person is told.';

revoke all on function tracker.grant_freeleech(uuid, integer, timestamptz) from public;
grant execute on function tracker.grant_freeleech(uuid, integer, timestamptz) to stoa_admin;

-- Object: tracker/functions/merge_tags.sql
create or replace function tracker.merge_tags(p_from_id uuid, p_into_id uuid)
returns tracker.tags
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  found_tags integer;
  source tracker.tags;
  merged tracker.tags;
begin
  perform core.require_role('moderator');
  if p_from_id = p_into_id then
    perform core.fail('tag.unknown');
  end if;
  -- Wholly locked, in the order of identifiers: nobody votes on either, or puts either on a torrent, until this is done.
  select count(*) into found_tags
  from (
    select tag.id from tracker.tags as tag where tag.id in (p_from_id, p_into_id) order by tag.id for update
  ) as locked;
  if found_tags <> 2 then
    perform core.fail('tag.unknown');
  end if;
  select * into source from tracker.tags as tag where tag.id = p_from_id;

  insert into tracker.torrent_tag_assignments (torrent_id, tag_id, assigned_by, inserted_at)
  select held.torrent_id, p_into_id, held.assigned_by, held.inserted_at
  from tracker.torrent_tag_assignments as held
  where held.tag_id = p_from_id
  order by held.torrent_id
  on conflict (torrent_id, tag_id) do nothing;
  insert into tracker.torrent_tag_votes (torrent_id, tag_id, user_id, value, inserted_at)
  select vote.torrent_id, p_into_id, vote.user_id, vote.value, vote.inserted_at
  from tracker.torrent_tag_votes as vote
  where vote.tag_id = p_from_id
  on conflict (torrent_id, tag_id, user_id) do nothing;
  delete from tracker.tags as tag where tag.id = p_from_id;
  perform audit.record('merge_tags', 'tracker.tags', p_into_id, to_jsonb(source));
  select * into merged from tracker.tags as tag where tag.id = p_into_id;
  return merged;
end
$$;

comment on function tracker.merge_tags(uuid, uuid) is
  E'@argument from_id Identifier of the Tag that goes.\n@argument into_id Identifier of the Tag that takes its place.\nModerators only: puts the tag into_id wherever the tag from_id is, carries the votes over (who voted on both keeps the vote on into_id), and deletes from_id. Refuses tag.unknown. Audited. Touches every torrent of the tag in one transaction.';

revoke all on function tracker.merge_tags(uuid, uuid) from public;
grant execute on function tracker.merge_tags(uuid, uuid) to stoa_moderator;

-- Object: tracker/functions/open_requests.sql
create or replace function tracker.open_requests(
  p_category_id integer default null,
  p_sort text default 'bounty',
  p_after text default null,
  p_first integer default 25
)
returns setof tracker.requests
language plpgsql
stable
rows 25
-- Uses what is internal; members read every request anyway.
security definer
set search_path = ''
as $$
declare
  after_id uuid;
  after_number numeric;
  category_ids integer[];
begin
  perform core.require_member();
  if p_sort is null or p_sort not in ('bounty', 'votes', 'newest') then
    perform core.fail('request.sort_unknown');
  end if;
  after_id := tracker.cursor_id(p_after, case p_sort when 'bounty' then 'decimal' when 'votes' then 'integer' end);
  if after_id is not null and p_sort <> 'newest' then
    after_number := split_part(p_after, ':', 1)::numeric;
  end if;
  if p_category_id is not null then
    category_ids := array(select tracker.category_ids(p_category_id));
  end if;

  -- Planned for what is asked for: each order has its own index.
  return query execute
    $sql$ select request.* from tracker.requests as request where request.status = 'pending' $sql$
    || case when category_ids is not null then ' and request.category_id = any ($1)' else '' end
    || case
      when after_id is null then ''
      when p_sort = 'bounty' then ' and (request.total_bounty, request.id) < ($3, $2)'
      when p_sort = 'votes' then ' and (request.vote_count, request.id) < ($3::integer, $2)'
      else ' and request.id < $2'
    end
    || case p_sort
      when 'bounty' then ' order by request.total_bounty desc, request.id desc'
      when 'votes' then ' order by request.vote_count desc, request.id desc'
      else ' order by request.id desc'
    end
    || ' limit $4'
    using category_ids, after_id, after_number, tracker.page_size(p_first);
end
$$;

comment on function tracker.open_requests(integer, text, text, integer) is
  E'@argument sort bounty, votes or newest.\n@simpleCollections only\nOne page of the requests that wait to be filled, of a category and what stands under it, or all. sort: bounty (the best paid first), votes (the most wanted) or newest. first: 1 to 50. after: the place of the last request of the page before, totalBounty:id, voteCount:id or its id. Reads about one page of index; with a category, as many requests as it takes to find a page. Refuses request.sort_unknown, torrent.cursor_malformed and torrent_category.unknown.';

revoke all on function tracker.open_requests(integer, text, text, integer) from public;
grant execute on function tracker.open_requests(integer, text, text, integer) to stoa_member;

-- Object: tracker/functions/save_bonus_rule.sql
create or replace function tracker.save_bonus_rule(
  p_name text,
  p_event text,
  p_amount numeric,
  p_period text default 'hour',
  p_conditions jsonb default '{}',
  p_max_per_period numeric default null,
  p_description text default null,
  p_starts_at timestamptz default null,
  p_ends_at timestamptz default null,
  p_is_active boolean default true,
  p_rule_id uuid default null
)
returns tracker.bonus_rules
language plpgsql
volatile
-- Clients have no right to write rules; who may is decided here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  title constant text := core.clean_text(p_name, 100);
  words constant text := core.clean_text(p_description, 2000, false);
  before tracker.bonus_rules;
  rule tracker.bonus_rules;
begin
  if p_event is null
    or p_event not in ('seeding', 'upload_approved', 'request_filled', 'comment', 'forum_post', 'achievement')
    or p_period is null
    or p_period not in ('once', 'hour', 'day')
    or coalesce(round(p_amount, 4) <= 0 or p_amount >= 1e9, true)
    or coalesce(round(p_max_per_period, 4) <= 0 or p_max_per_period >= 1e9, false)
    or coalesce(p_ends_at <= p_starts_at, false)
    or p_is_active is null
    or coalesce(jsonb_typeof(p_conditions) <> 'object', true)
  then
    perform core.fail('bonus.rule_invalid');
  end if;
  if exists (
    select
    from jsonb_each(p_conditions) as condition
    where case p_event
        when 'seeding' then
          condition.key not in ('min_seeders', 'max_seeders', 'min_size_bytes', 'min_age_days', 'min_seed_seconds')
        when 'upload_approved' then condition.key <> 'min_size_bytes'
        else true
      end
       or condition.value::text !~ '^[0-9]{1,15}$'
       or (condition.key in ('min_seeders', 'max_seeders', 'min_age_days') and length(condition.value::text) > 6)
  ) then
    perform core.fail('bonus.rule_invalid');
  end if;

  begin
    if p_rule_id is null then
      insert into tracker.bonus_rules (
        name, description, event, conditions, amount, period, max_per_period, is_active, starts_at, ends_at
      )
      values (
        title, words, p_event, p_conditions, p_amount, p_period, p_max_per_period, p_is_active, p_starts_at, p_ends_at
      )
      returning * into rule;
    else
      select * into before from tracker.bonus_rules as known where known.id = p_rule_id for no key update;
      if not found then
        perform core.fail('bonus.rule_unknown');
      end if;
      update tracker.bonus_rules as known
      set name = title,
          description = words,
          event = p_event,
          conditions = p_conditions,
          amount = p_amount,
          period = p_period,
          max_per_period = p_max_per_period,
          is_active = p_is_active,
          starts_at = p_starts_at,
          ends_at = p_ends_at
      where known.id = p_rule_id
      returning * into rule;
    end if;
  exception
    when unique_violation then
      perform core.fail('bonus.rule_name_taken');
  end;
  perform audit.record(
    'save_bonus_rule', 'tracker.bonus_rules', rule.id,
    case when before.id is not null then to_jsonb(before) end, to_jsonb(rule)
  );
  return rule;
end
$$;

comment on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) is
  E'@argument rule_id Identifier of the BonusRule to write anew; left out: a new one.\nAdministrators only: makes a rule that earns points, or writes one anew. Conditions, whole numbers, of seeding: min_seeders, max_seeders, min_size_bytes, min_age_days, min_seed_seconds; of upload_approved: min_size_bytes. Refuses bonus.rule_invalid, bonus.rule_unknown, bonus.rule_name_taken and an empty name. Audited. A rule that has paid stays: switch it off.';

revoke all on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) from public;
grant execute on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) to stoa_admin;

-- Object: tracker/functions/search.sql
create or replace function tracker.search(
  p_query text,
  p_category_id integer default null,
  p_tags text[] default null,
  p_is_freeleech boolean default false,
  p_first integer default 25
)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- The match operator is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  words constant tsquery := websearch_to_tsquery('simple'::regconfig, core.clean_text(p_query, 500));
  category_ids integer[];
  torrent tracker.torrents;
begin
  if p_category_id is not null then
    category_ids := array(select tracker.category_ids(p_category_id));
  end if;
  if numnode(words) = 0 or not tracker.catalogue_is_open() then
    return;
  end if;

  for torrent in
    select candidate.*
    from tracker.torrents as candidate
    where candidate.search @@ words
      and candidate.moderation_status = 'approved'
      and candidate.is_active
      and candidate.deleted_at is null
      and (category_ids is null or candidate.category_id = any (category_ids))
      and (
        not coalesce(p_is_freeleech, false)
        or candidate.is_freeleech and (candidate.freeleech_until is null or candidate.freeleech_until > now())
      )
      and (
        coalesce(cardinality(p_tags), 0) = 0
        or not exists (
          select
          from unnest(p_tags) as sent (name)
          where not exists (
            select
            from tracker.tags as tag
            join tracker.torrent_tag_assignments as worn on worn.tag_id = tag.id
            where tag.name = lower(sent.name) and worn.torrent_id = candidate.id
          )
        )
      )
    order by ts_rank_cd(candidate.search, words) desc, candidate.id desc
    limit tracker.page_size(p_first)
  loop
    return next tracker.as_shown(torrent);
  end loop;
end
$$;

comment on function tracker.search(text, integer, text[], boolean, integer) is
  E'@name search_torrents\n@argument tags Names of tags; a torrent has to have all of them.\n@simpleCollections only\nTorrents whose title or description holds these words, the best match first, a word in the title counting more; the query may hold "phrases", or, and -words. Narrowed to a category and what stands under it, to all of these tags, to what is free. first: 1 to 50. Finds only what the catalogue lists, for visitors only if it is public. Refuses an empty query (input.empty), one over 500 characters (input.too_long) and torrent_category.unknown. Ranks every match, so a common word in a large catalogue is slow.';

revoke all on function tracker.search(text, integer, text[], boolean, integer) from public;
grant execute on function tracker.search(text, integer, text[], boolean, integer) to stoa_anonymous;

-- Object: tracker/functions/tag_torrent.sql
create or replace function tracker.tag_torrent(p_torrent_id uuid, p_tag text)
returns tracker.torrent_tag_assignments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  wanted text;
  assignment tracker.torrent_tag_assignments;
begin
  perform core.require_member();
  perform core.require_unrestricted('tracker');
  wanted := tracker.clean_tag(p_tag);
  -- Locked, so that two people at once do not pass the limit of tags together.
  if (tracker.locked_torrent(p_torrent_id)).deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;
  perform tracker.put_tags(p_torrent_id, array[wanted]);
  select held.* into assignment
  from tracker.torrent_tag_assignments as held
  join tracker.tags as tag on tag.id = held.tag_id
  where held.torrent_id = p_torrent_id
    and tag.name = wanted;
  -- It may have been put there by an uploader who asked not to be named.
  if assignment.assigned_by is distinct from core.current_user_id() and core.current_role_rank() < 2 then
    assignment.assigned_by := null;
  end if;
  return assignment;
end
$$;

comment on function tracker.tag_torrent(uuid, text) is
  E'@argument tag The name of the tag.\nPuts a tag on a torrent; one that is there stays as it is. The tag is made when it does not exist: lower-case letters, digits, dots and hyphens, at most 50; spaces become dots. Refuses torrent.unknown, torrent.deleted, tag.malformed, and more tags than tracker.tags_per_torrent (tag.too_many).';

revoke all on function tracker.tag_torrent(uuid, text) from public;
grant execute on function tracker.tag_torrent(uuid, text) to stoa_member;

-- Object: tracker/functions/vote_tag.sql
create or replace function tracker.vote_tag(
  p_torrent_id uuid,
  p_tag_id uuid,
  p_value integer,
  out score integer,
  out is_removed boolean
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
begin
  perform core.require_unrestricted('tracker');
  if p_value is null or p_value not in (-1, 0, 1) then
    perform core.fail('tag.vote_invalid');
  end if;
  perform tracker.visible_torrent(p_torrent_id);
  -- The tag before what hangs on it: a merge, which locks it wholly, comes before or after this vote.
  perform from tracker.tags as tag where tag.id = p_tag_id for key share;
  perform
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id
  for no key update;
  if not found then
    perform core.fail('tag.unknown');
  end if;

  if p_value = 0 then
    delete from tracker.torrent_tag_votes as vote
    where vote.torrent_id = p_torrent_id and vote.tag_id = p_tag_id and vote.user_id = me;
  else
    insert into tracker.torrent_tag_votes as existing (torrent_id, tag_id, user_id, value)
    values (p_torrent_id, p_tag_id, me, p_value)
    on conflict (torrent_id, tag_id, user_id) do update
    set value = excluded.value
    where existing.value <> excluded.value;
  end if;

  select held.score into vote_tag.score
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  vote_tag.is_removed := vote_tag.score <= core.setting_integer('tracker.tag_removal_score');
  if vote_tag.is_removed then
    delete from tracker.torrent_tag_assignments as held
    where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  end if;
end
$$;

comment on function tracker.vote_tag(uuid, uuid, integer) is
  E'@returns tag_tally\n@resultFieldName tally\n@column score Votes that it fits less votes that it does not.\n@column is_removed Whether the tag fell off the torrent by this vote.\nSays whether a tag fits a torrent: 1 it does, -1 it does not, 0 takes the vote back; the same again changes nothing. Returns the score, and whether the tag fell off, which it does at tracker.tag_removal_score. Refuses torrent.unknown, tag.unknown (also: not on this torrent) and tag.vote_invalid. Votes on one tag of one torrent queue up.';

revoke all on function tracker.vote_tag(uuid, uuid, integer) from public;
grant execute on function tracker.vote_tag(uuid, uuid, integer) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: tracker/functions/browse.sql
create or replace function tracker.browse(
  p_category_id integer default null,
  p_tags text[] default null,
  p_is_freeleech boolean default false,
  p_sort text default 'newest',
  p_after text default null,
  p_first integer default 25
)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- The uploader is not granted to everybody, and the partial indexes want their conditions stated. The rule of the
-- policy is repeated here.
security definer
set search_path = ''
as $$
declare
  listed constant text := $sql$ torrent.moderation_status = 'approved' and torrent.is_active and torrent.deleted_at is null $sql$;
  is_counted constant boolean := p_sort in ('seeders', 'completed');
  after_id uuid;
  after_number integer;
  tag_ids uuid[];
  category_ids integer[];
  filter text := '';
  query text;
  torrent tracker.torrents;
begin
  if p_sort is null or p_sort not in ('newest', 'oldest', 'seeders', 'completed') then
    perform core.fail('torrent.sort_unknown');
  end if;
  after_id := tracker.cursor_id(p_after, case when is_counted then 'integer' end);
  if is_counted and p_after is not null then
    after_number := split_part(p_after, ':', 1)::integer;
  end if;
  if not tracker.catalogue_is_open() then
    return;
  end if;

  if p_category_id is not null then
    category_ids := array(select tracker.category_ids(p_category_id));
  end if;
  if cardinality(p_tags) > 0 then
    if cardinality(p_tags) > 10 then
      perform core.fail('tag.too_many');
    end if;
    tag_ids := array(select tag.id from tracker.tags as tag where tag.name = any (array(select lower(sent.name) from unnest(p_tags) as sent (name))));
    -- A tag that nothing wears: nothing wears all of them.
    if cardinality(tag_ids) < (select count(distinct lower(sent.name)) from unnest(p_tags) as sent (name)) then
      return;
    end if;
    for place in 1 .. cardinality(tag_ids) loop
      filter := filter || format(
        ' and exists (select from tracker.torrent_tag_assignments as worn where worn.torrent_id = torrent.id and worn.tag_id = $2[%s])',
        place
      );
    end loop;
  end if;
  -- The plain flag first, for the partial index; then the end of it, which a job enforces later.
  if p_is_freeleech then
    filter := filter || ' and torrent.is_freeleech and (torrent.freeleech_until is null or torrent.freeleech_until > now())';
  end if;

  -- Put together from what is asked for, and planned for it: each list has its own index.
  if is_counted then
    if category_ids is not null then
      filter := filter || ' and torrent.category_id = any ($1)';
    end if;
    query := format(
      $sql$
        select torrent.*
        from tracker.torrent_statistics as figures
        join tracker.torrents as torrent on torrent.id = figures.torrent_id
        where %s %s %s
        order by figures.%I desc, figures.torrent_id desc
        limit $5
      $sql$,
      listed, filter,
      case when after_id is not null then format('and (figures.%I, figures.torrent_id) < ($4, $3)', case p_sort when 'seeders' then 'seeders' else 'times_completed' end) else '' end,
      case p_sort when 'seeders' then 'seeders' else 'times_completed' end
    );
  else
    if after_id is not null then
      filter := filter || case p_sort when 'newest' then ' and torrent.id < $3' else ' and torrent.id > $3' end;
    end if;
    if category_ids is not null then
      -- Each category has its own run of the index: one page of each, and the best of those.
      query := format(
        $sql$
          select (page.torrent).*
          from unnest($1) as branch (id)
          cross join lateral (
            select torrent
            from tracker.torrents as torrent
            where torrent.category_id = branch.id and %1$s %2$s
            order by torrent.id %3$s
            limit $5
          ) as page
          order by (page.torrent).id %3$s
          limit $5
        $sql$,
        listed, filter, case p_sort when 'newest' then 'desc' else 'asc' end
      );
    else
      query := format(
        'select torrent.* from tracker.torrents as torrent where %s %s order by torrent.id %s limit $5',
        listed, filter, case p_sort when 'newest' then 'desc' else 'asc' end
      );
    end if;
  end if;

  for torrent in
    execute query using category_ids, tag_ids, after_id, after_number, tracker.page_size(p_first)
  loop
    return next tracker.as_shown(torrent);
  end loop;
end
$$;

comment on function tracker.browse(integer, text[], boolean, text, text, integer) is
  E'@name browse_torrents\n@simpleCollections only\nOne page of the catalogue: of a category and what stands under it, with all of these tags (at most ten), only what is free. sort: newest, oldest, seeders or completed. first: 1 to 50. after: the place of the last torrent of the page before, its id (newest, oldest), seeders:id or timesCompleted:id. Visitors see nothing unless the catalogue is public (setting tracker.public_catalogue). Newest and oldest read about one page of index a category, whatever the place; with tags, as many torrents as it takes to find a page. Refuses torrent.sort_unknown, torrent.cursor_malformed, torrent_category.unknown and tag.too_many.';

revoke all on function tracker.browse(integer, text[], boolean, text, text, integer) from public;
grant execute on function tracker.browse(integer, text[], boolean, text, text, integer) to stoa_anonymous;

-- Object: tracker/functions/buy_freeleech.sql
create or replace function tracker.buy_freeleech(p_count integer default 1, p_key text default null)
returns integer
language plpgsql
volatile
-- Points and tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_object('count', p_count);
begin
  perform core.require_unrestricted('tracker');
  if core.recall('tracker.buy_freeleech', p_key, arguments) is null then
    perform tracker.grant_tokens(me, p_count, 'purchase', null);
    perform tracker.post_bonus(
      me, -p_count * core.setting_decimal('tracker.bonus.freeleech_price'), 'freeleech_purchase',
      p_description => format('%s freeleech token(s)', p_count)
    );
    perform core.remember('tracker.buy_freeleech', p_key, arguments, jsonb_build_object('count', p_count));
  end if;
  return (
    select count(*)
    from tracker.freeleech_tokens as token
    where token.user_id = me
      and token.activated_at is null
      and (token.use_before is null or token.use_before > now())
  );
end
$$;

comment on function tracker.buy_freeleech(integer, text) is
  'Buys freeleech tokens with points (setting tracker.bonus.freeleech_price) and returns how many unspent ones the caller has then. Refuses freeleech_token.count_invalid and tracker.insufficient_points. With a key, a retry buys nothing more.';

revoke all on function tracker.buy_freeleech(integer, text) from public;
grant execute on function tracker.buy_freeleech(integer, text) to stoa_member;

-- Object: tracker/functions/comment.sql
create or replace function tracker.comment(
  p_subject_type text,
  p_subject_id uuid,
  p_content text,
  p_key text default null
)
returns tracker.comments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_subject_type, p_subject_id, p_content);
  earlier jsonb;
  told_id uuid;
  title text;
  comment tracker.comments;
begin
  perform core.require_unrestricted('tracker');
  perform core.require_unrestricted('posting');
  earlier := core.recall('tracker.comment', p_key, arguments);
  if earlier is not null then
    select * into comment from tracker.comments as made where made.id = (earlier ->> 'id')::uuid;
    return comment;
  end if;

  -- What it is about is held first, as everything in this module locks: its counter follows.
  case p_subject_type
    when 'torrent' then
      perform from tracker.torrents as candidate where candidate.id = p_subject_id for key share;
      select seen.uploader_id, seen.name into told_id, title from tracker.visible_torrent(p_subject_id) as seen;
    when 'request' then
      select seen.requester_id, seen.title into told_id, title from tracker.locked_request(p_subject_id) as seen;
    when 'collection' then
      select seen.owner_id, seen.name into told_id, title from tracker.locked_collection(p_subject_id) as seen;
    else
      perform core.fail('torrent_comment.subject_unknown');
  end case;

  insert into tracker.comments (torrent_id, request_id, collection_id, author_id, content)
  values (
    case when p_subject_type = 'torrent' then p_subject_id end,
    case when p_subject_type = 'request' then p_subject_id end,
    case when p_subject_type = 'collection' then p_subject_id end,
    me,
    core.clean_text(p_content, 10000)
  )
  returning * into comment;
  perform notifications.notify(
    told_id, 'torrent_comment', 'Somebody commented on ' || title, left(comment.content, 200),
    jsonb_build_object('subject_type', p_subject_type, 'subject_id', p_subject_id, 'comment_id', comment.id),
    me, p_subject_type || ':' || p_subject_id || ':comments'
  );
  perform core.remember('tracker.comment', p_key, arguments, jsonb_build_object('id', comment.id));
  return comment;
end
$$;

comment on function tracker.comment(text, uuid, text, text) is
  E'@name create_torrent_comment\nComments on a torrent, a request or a collection (subject_type), which the caller may read; whose it is is told. key: send the same again after a lost answer and get the same comment. Refuses torrent_comment.subject_unknown, torrent.unknown, request.unknown, collection.unknown, and who is barred from the tracker or from posting (account.activity_barred). Limit: 10,000 characters.';

revoke all on function tracker.comment(text, uuid, text, text) from public;
grant execute on function tracker.comment(text, uuid, text, text) to stoa_member;

-- Object: tracker/functions/create_request.sql
create or replace function tracker.create_request(
  p_category_id integer,
  p_title text,
  p_bounty numeric,
  p_description text default '',
  p_expires_at timestamptz default null,
  p_key text default null
)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_category_id, p_title, p_bounty, p_description, p_expires_at);
  earlier jsonb;
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.create_request', p_key, arguments);
  if earlier is not null then
    select * into request from tracker.requests as made where made.id = (earlier ->> 'id')::uuid;
    return request;
  end if;

  perform tracker.check_amount(p_bounty, core.setting_integer('tracker.minimum_bounty'));
  if p_expires_at is not null and p_expires_at not between now() + interval '1 hour' and now() + interval '1 year' then
    perform core.fail('request.expiry_invalid');
  end if;
  perform tracker.open_category(p_category_id, false);

  insert into tracker.requests (requester_id, category_id, title, description, expires_at)
  values (
    me, p_category_id, core.clean_text(p_title, 300), coalesce(core.clean_text(p_description, 20000, false), ''), p_expires_at
  )
  returning * into request;
  perform tracker.contribute(request, p_bounty, true);
  select * into request from tracker.requests as made where made.id = request.id;
  perform core.remember('tracker.create_request', p_key, arguments, jsonb_build_object('id', request.id));
  return request;
end
$$;

comment on function tracker.create_request(integer, text, numeric, text, timestamptz, text) is
  E'@name create_torrent_request\nAsks the community for something, with a bounty of at least tracker.minimum_bounty points that is taken from the caller at once and held. expires_at: between an hour and a year from now, or never; what lapses is given back. key: send the same again after a lost answer and get the same request. Refuses request.amount_invalid, request.expiry_invalid, torrent_category.unknown, torrent_category.closed and more points than the caller has (tracker.insufficient_points).';

revoke all on function tracker.create_request(integer, text, numeric, text, timestamptz, text) from public;
grant execute on function tracker.create_request(integer, text, numeric, text, timestamptz, text) to stoa_member;

-- Object: tracker/functions/gift_bonus.sql
create or replace function tracker.gift_bonus(p_to uuid, p_amount numeric, p_key text default null, p_message text default null)
returns tracker.bonus_transactions
language plpgsql
volatile
-- The ledger is written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  words constant text := core.clean_text(p_message, 300, false);
  arguments constant jsonb := jsonb_build_object('to', p_to, 'amount', trim_scale(p_amount)::text, 'message', words);
  earlier jsonb;
  entry tracker.bonus_transactions;
  entry_id uuid;
  arriving numeric;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.gift_bonus', p_key, arguments);
  if earlier is not null then
    select * into entry
    from tracker.bonus_transactions as movement
    where movement.user_id = me
      and movement.id = (earlier ->> 'id')::uuid;
    return entry;
  end if;

  if p_amount is null or p_amount <= 0 or p_amount <> round(p_amount, 4) or p_amount >= 1e13 then
    perform core.fail('bonus.amount_invalid');
  end if;
  arriving := trunc(p_amount * (1 - core.setting_decimal('tracker.bonus.gift_fee')), 4);
  if arriving <= 0 then
    perform core.fail('bonus.amount_invalid');
  end if;
  if p_to = me then
    perform core.fail('bonus.gift_to_self');
  end if;
  if not exists (
    select
    from core.users as person
    where person.id = p_to
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and not person.is_system
  ) or social.is_blocked(me, p_to) then
    perform core.fail('user.unknown');
  end if;

  -- Two people who give to each other at once: both lock the lower one first.
  perform tracker.ensure_statistics(array[me, p_to]);
  perform
  from tracker.user_statistics as totals
  where totals.user_id in (me, p_to)
  order by totals.user_id
  for no key update;
  entry_id := tracker.post_bonus(me, -p_amount, 'gift_out', p_counterparty_id => p_to, p_description => words);
  perform tracker.post_bonus(p_to, arriving, 'gift_in', p_counterparty_id => me, p_description => words);

  select * into entry from tracker.bonus_transactions as movement where movement.user_id = me and movement.id = entry_id;
  perform core.remember('tracker.gift_bonus', p_key, arguments, jsonb_build_object('id', entry_id));
  perform notifications.notify(
    p_to, 'bonus', 'You were given points', words, jsonb_build_object('user_id', me, 'amount', arriving), me
  );
  return entry;
end
$$;

comment on function tracker.gift_bonus(uuid, numeric, text, text) is
  'Gives points to somebody; a part is lost on the way (setting tracker.bonus.gift_fee). Returns the movement in the caller''s account. Refuses bonus.amount_invalid, bonus.gift_to_self, user.unknown (also for people who block each other) and tracker.insufficient_points. With a key, a retry returns the first gift.';

revoke all on function tracker.gift_bonus(uuid, numeric, text, text) from public;
grant execute on function tracker.gift_bonus(uuid, numeric, text, text) to stoa_member;

-- Object: tracker/functions/grant_freeleech.sql
create or replace function tracker.grant_freeleech(p_user_id uuid, p_count integer, p_use_before timestamptz default null)
returns boolean
language plpgsql
volatile
-- Tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
begin
  if not exists (
    select from core.users as person
    where person.id = p_user_id and person.deleted_at is null and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  perform tracker.grant_tokens(p_user_id, p_count, 'staff', p_use_before);
  perform audit.record(
    'grant_freeleech', 'core.users', p_user_id, null, jsonb_build_object('count', p_count, 'use_before', p_use_before)
  );
  perform notifications.notify(
    p_user_id, 'bonus', 'You were given freeleech tokens', null, jsonb_build_object('count', p_count), me
  );
  return true;
end
$$;

comment on function tracker.grant_freeleech(uuid, integer, timestamptz) is
  'Administrators only: gives somebody 1 to 100 freeleech tokens, which may lapse. Refuses user.unknown and freeleech_token.count_invalid. Audited; the person is told.';

revoke all on function tracker.grant_freeleech(uuid, integer, timestamptz) from public;
grant execute on function tracker.grant_freeleech(uuid, integer, timestamptz) to stoa_admin;

-- Object: tracker/functions/merge_tags.sql
create or replace function tracker.merge_tags(p_from_id uuid, p_into_id uuid)
returns tracker.tags
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  found_tags integer;
  source tracker.tags;
  merged tracker.tags;
begin
  perform core.require_role('moderator');
  if p_from_id = p_into_id then
    perform core.fail('tag.unknown');
  end if;
  -- Wholly locked, in the order of identifiers: nobody votes on either, or puts either on a torrent, until this is done.
  select count(*) into found_tags
  from (
    select tag.id from tracker.tags as tag where tag.id in (p_from_id, p_into_id) order by tag.id for update
  ) as locked;
  if found_tags <> 2 then
    perform core.fail('tag.unknown');
  end if;
  select * into source from tracker.tags as tag where tag.id = p_from_id;

  insert into tracker.torrent_tag_assignments (torrent_id, tag_id, assigned_by, inserted_at)
  select held.torrent_id, p_into_id, held.assigned_by, held.inserted_at
  from tracker.torrent_tag_assignments as held
  where held.tag_id = p_from_id
  order by held.torrent_id
  on conflict (torrent_id, tag_id) do nothing;
  insert into tracker.torrent_tag_votes (torrent_id, tag_id, user_id, value, inserted_at)
  select vote.torrent_id, p_into_id, vote.user_id, vote.value, vote.inserted_at
  from tracker.torrent_tag_votes as vote
  where vote.tag_id = p_from_id
  on conflict (torrent_id, tag_id, user_id) do nothing;
  delete from tracker.tags as tag where tag.id = p_from_id;
  perform audit.record('merge_tags', 'tracker.tags', p_into_id, to_jsonb(source));
  select * into merged from tracker.tags as tag where tag.id = p_into_id;
  return merged;
end
$$;

comment on function tracker.merge_tags(uuid, uuid) is
  'Moderators only: puts the tag into_id wherever the tag from_id is, carries the votes over (who voted on both keeps the vote on into_id), and deletes from_id. Refuses tag.unknown. Audited. Touches every torrent of the tag in one transaction.';

revoke all on function tracker.merge_tags(uuid, uuid) from public;
grant execute on function tracker.merge_tags(uuid, uuid) to stoa_moderator;

-- Object: tracker/functions/open_requests.sql
create or replace function tracker.open_requests(
  p_category_id integer default null,
  p_sort text default 'bounty',
  p_after text default null,
  p_first integer default 25
)
returns setof tracker.requests
language plpgsql
stable
rows 25
-- Uses what is internal; members read every request anyway.
security definer
set search_path = ''
as $$
declare
  after_id uuid;
  after_number numeric;
  category_ids integer[];
begin
  perform core.require_member();
  if p_sort is null or p_sort not in ('bounty', 'votes', 'newest') then
    perform core.fail('request.sort_unknown');
  end if;
  after_id := tracker.cursor_id(p_after, case p_sort when 'bounty' then 'decimal' when 'votes' then 'integer' end);
  if after_id is not null and p_sort <> 'newest' then
    after_number := split_part(p_after, ':', 1)::numeric;
  end if;
  if p_category_id is not null then
    category_ids := array(select tracker.category_ids(p_category_id));
  end if;

  -- Planned for what is asked for: each order has its own index.
  return query execute
    $sql$ select request.* from tracker.requests as request where request.status = 'pending' $sql$
    || case when category_ids is not null then ' and request.category_id = any ($1)' else '' end
    || case
      when after_id is null then ''
      when p_sort = 'bounty' then ' and (request.total_bounty, request.id) < ($3, $2)'
      when p_sort = 'votes' then ' and (request.vote_count, request.id) < ($3::integer, $2)'
      else ' and request.id < $2'
    end
    || case p_sort
      when 'bounty' then ' order by request.total_bounty desc, request.id desc'
      when 'votes' then ' order by request.vote_count desc, request.id desc'
      else ' order by request.id desc'
    end
    || ' limit $4'
    using category_ids, after_id, after_number, tracker.page_size(p_first);
end
$$;

comment on function tracker.open_requests(integer, text, text, integer) is
  E'@simpleCollections only\nOne page of the requests that wait to be filled, of a category and what stands under it, or all. sort: bounty (the best paid first), votes (the most wanted) or newest. first: 1 to 50. after: the place of the last request of the page before, totalBounty:id, voteCount:id or its id. Reads about one page of index; with a category, as many requests as it takes to find a page. Refuses request.sort_unknown, torrent.cursor_malformed and torrent_category.unknown.';

revoke all on function tracker.open_requests(integer, text, text, integer) from public;
grant execute on function tracker.open_requests(integer, text, text, integer) to stoa_member;

-- Object: tracker/functions/save_bonus_rule.sql
create or replace function tracker.save_bonus_rule(
  p_name text,
  p_event text,
  p_amount numeric,
  p_period text default 'hour',
  p_conditions jsonb default '{}',
  p_max_per_period numeric default null,
  p_description text default null,
  p_starts_at timestamptz default null,
  p_ends_at timestamptz default null,
  p_is_active boolean default true,
  p_rule_id uuid default null
)
returns tracker.bonus_rules
language plpgsql
volatile
-- Clients have no right to write rules; who may is decided here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  title constant text := core.clean_text(p_name, 100);
  words constant text := core.clean_text(p_description, 2000, false);
  before tracker.bonus_rules;
  rule tracker.bonus_rules;
begin
  if p_event is null
    or p_event not in ('seeding', 'upload_approved', 'request_filled', 'comment', 'forum_post', 'achievement')
    or p_period is null
    or p_period not in ('once', 'hour', 'day')
    or coalesce(round(p_amount, 4) <= 0 or p_amount >= 1e9, true)
    or coalesce(round(p_max_per_period, 4) <= 0 or p_max_per_period >= 1e9, false)
    or coalesce(p_ends_at <= p_starts_at, false)
    or p_is_active is null
    or coalesce(jsonb_typeof(p_conditions) <> 'object', true)
  then
    perform core.fail('bonus.rule_invalid');
  end if;
  if exists (
    select
    from jsonb_each(p_conditions) as condition
    where case p_event
        when 'seeding' then
          condition.key not in ('min_seeders', 'max_seeders', 'min_size_bytes', 'min_age_days', 'min_seed_seconds')
        when 'upload_approved' then condition.key <> 'min_size_bytes'
        else true
      end
       or condition.value::text !~ '^[0-9]{1,15}$'
       or (condition.key in ('min_seeders', 'max_seeders', 'min_age_days') and length(condition.value::text) > 6)
  ) then
    perform core.fail('bonus.rule_invalid');
  end if;

  begin
    if p_rule_id is null then
      insert into tracker.bonus_rules (
        name, description, event, conditions, amount, period, max_per_period, is_active, starts_at, ends_at
      )
      values (
        title, words, p_event, p_conditions, p_amount, p_period, p_max_per_period, p_is_active, p_starts_at, p_ends_at
      )
      returning * into rule;
    else
      select * into before from tracker.bonus_rules as known where known.id = p_rule_id for no key update;
      if not found then
        perform core.fail('bonus.rule_unknown');
      end if;
      update tracker.bonus_rules as known
      set name = title,
          description = words,
          event = p_event,
          conditions = p_conditions,
          amount = p_amount,
          period = p_period,
          max_per_period = p_max_per_period,
          is_active = p_is_active,
          starts_at = p_starts_at,
          ends_at = p_ends_at
      where known.id = p_rule_id
      returning * into rule;
    end if;
  exception
    when unique_violation then
      perform core.fail('bonus.rule_name_taken');
  end;
  perform audit.record(
    'save_bonus_rule', 'tracker.bonus_rules', rule.id,
    case when before.id is not null then to_jsonb(before) end, to_jsonb(rule)
  );
  return rule;
end
$$;

comment on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) is
  'Administrators only: makes a rule that earns points, or writes one anew. Conditions, whole numbers, of seeding: min_seeders, max_seeders, min_size_bytes, min_age_days, min_seed_seconds; of upload_approved: min_size_bytes. Refuses bonus.rule_invalid, bonus.rule_unknown, bonus.rule_name_taken and an empty name. Audited. A rule that has paid stays: switch it off.';

revoke all on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) from public;
grant execute on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) to stoa_admin;

-- Object: tracker/functions/search.sql
create or replace function tracker.search(
  p_query text,
  p_category_id integer default null,
  p_tags text[] default null,
  p_is_freeleech boolean default false,
  p_first integer default 25
)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- The match operator is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  words constant tsquery := websearch_to_tsquery('simple'::regconfig, core.clean_text(p_query, 500));
  category_ids integer[];
  torrent tracker.torrents;
begin
  if p_category_id is not null then
    category_ids := array(select tracker.category_ids(p_category_id));
  end if;
  if numnode(words) = 0 or not tracker.catalogue_is_open() then
    return;
  end if;

  for torrent in
    select candidate.*
    from tracker.torrents as candidate
    where candidate.search @@ words
      and candidate.moderation_status = 'approved'
      and candidate.is_active
      and candidate.deleted_at is null
      and (category_ids is null or candidate.category_id = any (category_ids))
      and (
        not coalesce(p_is_freeleech, false)
        or candidate.is_freeleech and (candidate.freeleech_until is null or candidate.freeleech_until > now())
      )
      and (
        coalesce(cardinality(p_tags), 0) = 0
        or not exists (
          select
          from unnest(p_tags) as sent (name)
          where not exists (
            select
            from tracker.tags as tag
            join tracker.torrent_tag_assignments as worn on worn.tag_id = tag.id
            where tag.name = lower(sent.name) and worn.torrent_id = candidate.id
          )
        )
      )
    order by ts_rank_cd(candidate.search, words) desc, candidate.id desc
    limit tracker.page_size(p_first)
  loop
    return next tracker.as_shown(torrent);
  end loop;
end
$$;

comment on function tracker.search(text, integer, text[], boolean, integer) is
  E'@name search_torrents\n@simpleCollections only\nTorrents whose title or description holds these words, the best match first, a word in the title counting more; the query may hold "phrases", or, and -words. Narrowed to a category and what stands under it, to all of these tags, to what is free. first: 1 to 50. Finds only what the catalogue lists, for visitors only if it is public. Refuses an empty query (input.empty), one over 500 characters (input.too_long) and torrent_category.unknown. Ranks every match, so a common word in a large catalogue is slow.';

revoke all on function tracker.search(text, integer, text[], boolean, integer) from public;
grant execute on function tracker.search(text, integer, text[], boolean, integer) to stoa_anonymous;

-- Object: tracker/functions/tag_torrent.sql
create or replace function tracker.tag_torrent(p_torrent_id uuid, p_tag text)
returns tracker.torrent_tag_assignments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  wanted text;
  assignment tracker.torrent_tag_assignments;
begin
  perform core.require_member();
  perform core.require_unrestricted('tracker');
  wanted := tracker.clean_tag(p_tag);
  -- Locked, so that two people at once do not pass the limit of tags together.
  if (tracker.locked_torrent(p_torrent_id)).deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;
  perform tracker.put_tags(p_torrent_id, array[wanted]);
  select held.* into assignment
  from tracker.torrent_tag_assignments as held
  join tracker.tags as tag on tag.id = held.tag_id
  where held.torrent_id = p_torrent_id
    and tag.name = wanted;
  -- It may have been put there by an uploader who asked not to be named.
  if assignment.assigned_by is distinct from core.current_user_id() and core.current_role_rank() < 2 then
    assignment.assigned_by := null;
  end if;
  return assignment;
end
$$;

comment on function tracker.tag_torrent(uuid, text) is
  'Puts a tag on a torrent; one that is there stays as it is. The tag is made when it does not exist: lower-case letters, digits, dots and hyphens, at most 50; spaces become dots. Refuses torrent.unknown, torrent.deleted, tag.malformed, and more tags than tracker.tags_per_torrent (tag.too_many).';

revoke all on function tracker.tag_torrent(uuid, text) from public;
grant execute on function tracker.tag_torrent(uuid, text) to stoa_member;

-- Object: tracker/functions/vote_tag.sql
create or replace function tracker.vote_tag(
  p_torrent_id uuid,
  p_tag_id uuid,
  p_value integer,
  out score integer,
  out is_removed boolean
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
begin
  perform core.require_unrestricted('tracker');
  if p_value is null or p_value not in (-1, 0, 1) then
    perform core.fail('tag.vote_invalid');
  end if;
  perform tracker.visible_torrent(p_torrent_id);
  -- The tag before what hangs on it: a merge, which locks it wholly, comes before or after this vote.
  perform from tracker.tags as tag where tag.id = p_tag_id for key share;
  perform
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id
  for no key update;
  if not found then
    perform core.fail('tag.unknown');
  end if;

  if p_value = 0 then
    delete from tracker.torrent_tag_votes as vote
    where vote.torrent_id = p_torrent_id and vote.tag_id = p_tag_id and vote.user_id = me;
  else
    insert into tracker.torrent_tag_votes as existing (torrent_id, tag_id, user_id, value)
    values (p_torrent_id, p_tag_id, me, p_value)
    on conflict (torrent_id, tag_id, user_id) do update
    set value = excluded.value
    where existing.value <> excluded.value;
  end if;

  select held.score into vote_tag.score
  from tracker.torrent_tag_assignments as held
  where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  vote_tag.is_removed := vote_tag.score <= core.setting_integer('tracker.tag_removal_score');
  if vote_tag.is_removed then
    delete from tracker.torrent_tag_assignments as held
    where held.torrent_id = p_torrent_id and held.tag_id = p_tag_id;
  end if;
end
$$;

comment on function tracker.vote_tag(uuid, uuid, integer) is
  'Says whether a tag fits a torrent: 1 it does, -1 it does not, 0 takes the vote back; the same again changes nothing. Returns the score, and whether the tag fell off, which it does at tracker.tag_removal_score. Refuses torrent.unknown, tag.unknown (also: not on this torrent) and tag.vote_invalid. Votes on one tag of one torrent queue up.';

revoke all on function tracker.vote_tag(uuid, uuid, integer) from public;
grant execute on function tracker.vote_tag(uuid, uuid, integer) to stoa_member;

-- End of objects
