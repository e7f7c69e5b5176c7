create or replace function tracker.put_tags(p_torrent_id uuid, p_tags text[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  names constant text[] := array(
    select distinct tracker.clean_tag(sent.name) from unnest(p_tags) as sent (name) order by 1
  );
begin
  if cardinality(names) = 0 then
    return;
  end if;

  -- Names in one order, so that two uploads with the same new tags do not wait for each other in a circle.
  insert into tracker.tags (name)
  select fresh.name from unnest(names) as fresh (name) order by fresh.name
  on conflict (name) do nothing;
  -- The key of each tag is held, in the order of identifiers: nobody merges or deletes it meanwhile.
  perform from tracker.tags as tag where tag.name = any (names) order by tag.id for key share;
  insert into tracker.torrent_tag_assignments (torrent_id, tag_id, assigned_by)
  select p_torrent_id, tag.id, core.current_user_id()
  from tracker.tags as tag
  where tag.name = any (names)
  order by tag.id
  on conflict (torrent_id, tag_id) do nothing;

  if (select count(*) from tracker.torrent_tag_assignments as assignment where assignment.torrent_id = p_torrent_id)
    > core.setting_integer('tracker.tags_per_torrent')
  then
    perform core.fail('tag.too_many');
  end if;
end
$$;

comment on function tracker.put_tags(uuid, text[]) is
  'Internal. Puts tags on a torrent that is locked or new, making those that do not exist. Refuses tag.malformed and tag.too_many.';

revoke all on function tracker.put_tags(uuid, text[]) from public;
