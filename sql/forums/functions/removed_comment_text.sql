create or replace function forums.removed_comment_text(p_comment_id uuid)
returns text
language plpgsql
stable
-- No role of the API has a grant on the removed texts.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  comment forums.comments;
begin
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  if not forums.moderates_comment(comment) then
    perform core.fail('forum.not_allowed');
  end if;
  return (select kept.content from forums.removed_texts as kept where kept.comment_id = p_comment_id);
end
$$;

comment on function forums.removed_comment_text(uuid) is
  'What a deleted comment said, for moderators with DELETE in its forum (forum.not_allowed); null when it is not deleted, or gone. Refuses comment.unknown.';

revoke all on function forums.removed_comment_text(uuid) from public;
grant execute on function forums.removed_comment_text(uuid) to stoa_member;
