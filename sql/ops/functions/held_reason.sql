create or replace function ops.held_reason(p_kind text, p_id uuid)
returns text
language sql
stable
-- Holds have no grants; whoever deletes must know of them.
security definer
set search_path = ''
begin atomic
  select string_agg(
    format('legal hold since %s: %s', to_char(hold.placed_at at time zone 'UTC', 'YYYY-MM-DD'), hold.reason),
    '; '
    order by hold.id
  )
  from ops.legal_holds as hold
  where hold.kind = p_kind
    and hold.subject_id = p_id
    and hold.released_at is null;
end;

comment on function ops.held_reason(text, uuid) is
  'Why this may not be deleted, in a sentence for operators; null when no legal hold is on it. One look-up.';

revoke all on function ops.held_reason(text, uuid) from public;
grant execute on function ops.held_reason(text, uuid) to stoa_worker;
