create or replace function ops.held_ids(p_kind text)
returns setof uuid
language sql
stable
-- Holds have no grants; whoever deletes must know of them.
security definer
set search_path = ''
rows 5
begin atomic
  select distinct hold.subject_id
  from ops.legal_holds as hold
  where hold.kind = p_kind
    and hold.released_at is null;
end;

comment on function ops.held_ids(text) is
  'Everything of a kind that a legal hold keeps. One range of a partial index that is empty on most days.';

revoke all on function ops.held_ids(text) from public;
grant execute on function ops.held_ids(text) to stoa_worker;
