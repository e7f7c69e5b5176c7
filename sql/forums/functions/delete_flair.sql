create or replace function forums.delete_flair(p_flair_id uuid)
returns forums.flairs
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  flair forums.flairs;
begin
  select * into flair from forums.flairs as candidate where candidate.id = p_flair_id;
  if not found then
    perform core.fail('flair.unknown');
  end if;
  perform forums.readable_forum(flair.forum_id, 'flair.unknown');
  perform forums.require_permission(flair.forum_id, 7);

  -- The foreign key empties flair_id of its posts; they are locked in the order of their keys beforehand.
  perform from forums.forums as forum where forum.id = flair.forum_id for no key update;
  perform
  from forums.posts as post
  where post.forum_id = flair.forum_id
    and post.flair_id = p_flair_id
  order by post.id
  for no key update;
  delete from forums.flairs as target where target.id = p_flair_id;
  return flair;
end
$$;

comment on function forums.delete_flair(uuid) is
  'Removes a label; its posts stay, without it. Needs MANAGE_FLAIRS (forum.not_allowed). Refuses an unknown label (flair.unknown). Rewrites the posts that wear it.';

revoke all on function forums.delete_flair(uuid) from public;
grant execute on function forums.delete_flair(uuid) to stoa_member;
