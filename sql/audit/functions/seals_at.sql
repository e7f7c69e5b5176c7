create or replace function audit.seals_at(p_sequences bigint[])
returns table (sequence bigint, digest bytea)
language sql
stable
-- The chain is granted to nobody.
security definer
set search_path = ''
begin atomic
  select seal.sequence, seal.digest from audit.seals as seal where seal.sequence = any (p_sequences);
end;

comment on function audit.seals_at(bigint[]) is
  'Worker: digests of seals, to be compared with those that were anchored outside the database.';

revoke all on function audit.seals_at(bigint[]) from public;
grant execute on function audit.seals_at(bigint[]) to stoa_worker;
