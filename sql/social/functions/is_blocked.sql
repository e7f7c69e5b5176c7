create or replace function social.is_blocked(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
-- The blocked side must not see the row, yet rules have to know.
security definer
set search_path = ''
begin atomic
  select exists (
    select
    from social.blocks
    where (blocker_id = p_user_id and blocked_id = p_other_id)
       or (blocker_id = p_other_id and blocked_id = p_user_id)
  );
end;

comment on function social.is_blocked(uuid, uuid) is
  'Whether one of the two blocks the other. For use inside other functions: a client must not learn who blocks it. Two look-ups by primary key.';

revoke all on function social.is_blocked(uuid, uuid) from public;
grant execute on function social.is_blocked(uuid, uuid) to stoa_worker;
