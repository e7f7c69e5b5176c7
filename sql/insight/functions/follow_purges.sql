create or replace function insight.follow_purges()
returns trigger
language plpgsql
-- Fires for whoever purges messages; summaries are nobody's to write.
security definer
set search_path = ''
as $$
declare
  place record;
begin
  for place in
    select was.channel_id, array_agg(was.id order by was.id) as ids
    from removed as was
    group by was.channel_id
    order by was.channel_id
  loop
    perform insight.mark_stale(place.channel_id, place.ids);
  end loop;
  return null;
end
$$;

comment on function insight.follow_purges() is
  'Trigger. Summaries that cover a message which is purged become stale; its analyses go with it by their foreign key.';

revoke all on function insight.follow_purges() from public;
