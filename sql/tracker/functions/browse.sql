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
