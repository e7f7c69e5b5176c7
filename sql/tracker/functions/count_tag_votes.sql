create or replace function tracker.count_tag_votes()
returns trigger
language plpgsql
-- Fires for whoever votes; the score is nobody's to write.
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform tracker.add_to_tag_scores(array_agg(added.torrent_id), array_agg(added.tag_id), array_agg(added.value::integer))
    from added;
  elsif tg_op = 'DELETE' then
    perform tracker.add_to_tag_scores(array_agg(removed.torrent_id), array_agg(removed.tag_id), array_agg(-removed.value::integer))
    from removed;
  else
    perform tracker.add_to_tag_scores(array_agg(step.torrent_id), array_agg(step.tag_id), array_agg(step.value))
    from (
      select added.torrent_id, added.tag_id, added.value::integer as value from added
      union all
      select removed.torrent_id, removed.tag_id, -removed.value::integer from removed
    ) as step;
  end if;
  return null;
end
$$;

comment on function tracker.count_tag_votes() is
  'Trigger. Keeps the score of tags on torrents.';

revoke all on function tracker.count_tag_votes() from public;
