create or replace function forums.audit_moderation(
  p_action text,
  p_post_or_comment text,
  p_id uuid,
  p_author_id uuid,
  p_reason text default null,
  p_before jsonb default null,
  p_after jsonb default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_author_id is distinct from core.current_user_id() then
    perform audit.record(p_action, p_post_or_comment, p_id, p_before, p_after, p_reason);
  end if;
end
$$;

comment on function forums.audit_moderation(text, text, uuid, uuid, text, jsonb, jsonb) is
  'Internal. Records what somebody did to the post or comment of somebody else; what authors do to their own is not recorded.';

revoke all on function forums.audit_moderation(text, text, uuid, uuid, text, jsonb, jsonb) from public;
