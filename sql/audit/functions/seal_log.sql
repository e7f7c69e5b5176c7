create or replace function audit.seal_log(p_limit integer default 10000)
returns integer
language plpgsql
volatile
-- The digests are granted to nobody.
security definer
set search_path = ''
as $$
declare
  before audit.seals;
  ids uuid[];
  content bytea;
begin
  -- One sealer at a time; writers of the log never wait for it.
  perform pg_advisory_xact_lock(hashtextextended('audit.seal_log', 0));
  select * into before from audit.seals order by sequence desc limit 1;

  -- What is not committed is not seen and falls under a later seal: an id may be lower than one that is sealed.
  select array_agg(waiting.log_id order by waiting.log_id), string_agg(waiting.digest, '' order by waiting.log_id)
  into ids, content
  from (
    select entry.log_id, entry.digest from audit.digests as entry where entry.seal is null order by entry.log_id limit p_limit
  ) as waiting;
  if ids is null then
    return 0;
  end if;

  insert into audit.seals (sequence, first_id, last_id, entries, digest, previous)
  select
    next.sequence, ids[1], ids[cardinality(ids)], cardinality(ids),
    audit.seal_digest(next.sequence, ids[1], ids[cardinality(ids)], cardinality(ids), next.previous, content),
    next.previous
  from (
    select coalesce(before.sequence, 0) + 1 as sequence, coalesce(before.digest, decode(repeat('00', 32), 'hex')) as previous
  ) as next;
  update audit.digests
  set seal = coalesce(before.sequence, 0) + 1
  where log_id = any (ids);
  return cardinality(ids);
end
$$;

comment on function audit.seal_log(integer) is
  'Worker: puts the entries of the log that are committed and not sealed under the next seal of the chain, at most p_limit, and returns how many. Takes no lock that a writer of the log waits for.';

revoke all on function audit.seal_log(integer) from public;
grant execute on function audit.seal_log(integer) to stoa_worker;
