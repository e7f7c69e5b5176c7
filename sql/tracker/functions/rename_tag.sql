create or replace function tracker.rename_tag(p_tag_id uuid, p_name text)
returns tracker.tags
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  before tracker.tags;
  after tracker.tags;
begin
  perform core.require_role('moderator');
  select * into before from tracker.tags as tag where tag.id = p_tag_id for update;
  if not found then
    perform core.fail('tag.unknown');
  end if;
  begin
    update tracker.tags as tag
    set name = tracker.clean_tag(p_name)
    where tag.id = p_tag_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('tag.taken');
  end;
  perform audit.record(
    'rename_tag', 'tracker.tags', p_tag_id, jsonb_build_object('name', before.name), jsonb_build_object('name', after.name)
  );
  return after;
end
$$;

comment on function tracker.rename_tag(uuid, text) is
  'Moderators only: gives a tag another name, on every torrent at once. Refuses tag.unknown, tag.malformed, and a name that another tag has (tag.taken; merge the two). Audited.';

revoke all on function tracker.rename_tag(uuid, text) from public;
grant execute on function tracker.rename_tag(uuid, text) to stoa_moderator;
