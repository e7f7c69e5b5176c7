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
