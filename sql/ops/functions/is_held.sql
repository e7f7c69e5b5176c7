create or replace function ops.is_held(p_kind text, p_id uuid)
returns boolean
language sql
stable
-- Holds have no grants; whoever deletes must know of them.
security definer
set search_path = ''
begin atomic
  select exists (
    select
    from ops.legal_holds as hold
    where hold.kind = p_kind
      and hold.subject_id = p_id
      and hold.released_at is null
  );
end;

comment on function ops.is_held(text, uuid) is
  'Whether a legal hold is on this itself; what lies in a container that is held is not asked. One look-up.';

revoke all on function ops.is_held(text, uuid) from public;
grant execute on function ops.is_held(text, uuid) to stoa_worker;
