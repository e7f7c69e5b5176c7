create or replace function tracker.search_files(p_query text, p_first integer default 25)
returns setof tracker.torrents
language plpgsql
stable
rows 25
-- Matching parts of words is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  wanted constant text := core.clean_text(p_query, 200);
  torrent tracker.torrents;
begin
  perform core.require_member();
  if length(wanted) < 3 then
    perform core.fail('torrent.query_too_short');
  end if;

  for torrent in
    select candidate.*
    from tracker.torrents as candidate
    where candidate.id in (
        select file.torrent_id
        from tracker.torrent_files as file
        where file.path ilike '%' || regexp_replace(wanted, '([\\%_])', '\\\1', 'g') || '%'
      )
      and candidate.moderation_status = 'approved'
      and candidate.is_active
      and candidate.deleted_at is null
    order by candidate.id desc
    limit tracker.page_size(p_first)
  loop
    return next tracker.as_shown(torrent);
  end loop;
end
$$;

comment on function tracker.search_files(text, integer) is
  E'@name search_torrent_files\n@simpleCollections only\nTorrents with a file whose path holds this text anywhere, whatever the case; the newest first. first: 1 to 50. Only what the catalogue lists. Refuses input.empty, input.too_long (200 characters) and torrent.query_too_short (fewer than three). Finds candidates by their letters, so that a very common text is slow.';

revoke all on function tracker.search_files(text, integer) from public;
grant execute on function tracker.search_files(text, integer) to stoa_member;
