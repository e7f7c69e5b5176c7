create or replace function forums.delete_forum(p_forum_id uuid, p_reason text default null)
returns forums.forums
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  why constant text := core.clean_text(p_reason, 1000, false);
  forum forums.forums;
begin
  forum := forums.require_owner(p_forum_id);
  if exists (
    select from forums.forums as child
    where child.parent_id = p_forum_id and child.deleted_at is null
  ) then
    perform core.fail('forum.has_children');
  end if;

  update forums.forums as target
  set deleted_at = coalesce(target.deleted_at, now())
  where target.id = p_forum_id
  returning * into forum;
  perform audit.record('delete_forum', 'forums.forums', p_forum_id, null, jsonb_build_object('slug', forum.slug), why);
  return forum;
end
$$;

comment on function forums.delete_forum(uuid, text) is
  'Hides a forum with everything in it; after 30 days it is purged. Only its owner or an administrator (forum.not_allowed), and only when no live forum stands under it (forum.has_children). Audited.';

revoke all on function forums.delete_forum(uuid, text) from public;
grant execute on function forums.delete_forum(uuid, text) to stoa_member;
