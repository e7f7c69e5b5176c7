create or replace function tracker.delete_tag(p_tag_id uuid)
returns tracker.tags
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  gone tracker.tags;
begin
  perform core.require_role('moderator');
  perform from tracker.tags as tag where tag.id = p_tag_id for update;
  delete from tracker.tags as tag where tag.id = p_tag_id returning * into gone;
  if gone.id is null then
    perform core.fail('tag.unknown');
  end if;
  perform audit.record('delete_tag', 'tracker.tags', p_tag_id, to_jsonb(gone));
  return gone;
end
$$;

comment on function tracker.delete_tag(uuid) is
  'Moderators only: deletes a tag, from every torrent. Refuses tag.unknown. Audited.';

revoke all on function tracker.delete_tag(uuid) from public;
grant execute on function tracker.delete_tag(uuid) to stoa_moderator;
