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
