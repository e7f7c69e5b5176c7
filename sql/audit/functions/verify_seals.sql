create or replace function audit.verify_seals(p_after bigint, p_limit integer default 100)
returns table (last_sequence bigint, seals integer, entries bigint, faults jsonb)
language sql
stable
-- The digests are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
  with chain as (
    select seal.*
    from audit.seals as seal
    where seal.sequence > p_after
    order by seal.sequence
    limit p_limit
  ),
  committed as (
    select digests.*
    from audit.digests as digests
    where digests.seal in (select chain.sequence from chain)
  ),
  looked_at as (
    select
      committed.*,
      entry.id as entry_id,
      case
        when entry.id is null then null
        when committed.scrubbed_for is null then
          committed.personal_digest = audit.personal_digest(entry, committed.salt)
        else committed.scrubbed_digest = audit.personal_digest(entry, '')
          -- The scrub itself is an entry of the log, so a scrub that nobody recorded is a change like any other.
          and exists (
            select
            from audit.logs as scrub
            where scrub.resource_type = 'audit.privacy_requests'
              and scrub.resource_id = committed.scrubbed_for
              and scrub.action = 'privacy.scrub_log'
              and scrub.new_values -> 'entries' ->> committed.log_id::text = encode(committed.scrubbed_digest, 'hex')
          )
      end as is_personal_right,
      committed.digest = audit.entry_digest(entry, committed.personal_digest) as is_right
    from committed
    left join audit.logs as entry on entry.id = committed.log_id
  ),
  fault as (
    select seal.sequence, null::uuid as log_id, 'seal' as what
    from chain as seal
    left join lateral (
      select count(*) as amount, string_agg(committed.digest, '' order by committed.log_id) as content
      from committed
      where committed.seal = seal.sequence
    ) as held on true
    left join audit.seals as before on before.sequence = seal.sequence - 1
    where held.amount <> seal.entries
      or seal.previous <> coalesce(before.digest, case when seal.sequence = 1 then decode(repeat('00', 32), 'hex') else ''::bytea end)
      or seal.digest <> audit.seal_digest(
        seal.sequence, seal.first_id, seal.last_id, seal.entries, seal.previous, coalesce(held.content, '')
      )
    union all
    select seen.seal, seen.log_id, case when seen.entry_id is null then 'deleted' else 'changed' end
    from looked_at as seen
    where seen.entry_id is null and not audit.is_retired(seen.log_id)
      or seen.entry_id is not null and not (seen.is_right and seen.is_personal_right)
  )
  select
    (select max(chain.sequence) from chain),
    (select count(*)::integer from chain),
    (select count(*) from committed),
    coalesce(
      (
        select jsonb_agg(
          jsonb_strip_nulls(jsonb_build_object('what', fault.what, 'seal', fault.sequence, 'entry', fault.log_id))
          order by fault.sequence, fault.log_id nulls first
        )
        from fault
      ),
      '[]'
    )
$$;

comment on function audit.verify_seals(bigint, integer) is
  'Worker: compares the next p_limit seals after p_after, their place in the chain and every entry under them with what was written down. Faults are seal, changed or deleted, with the seal and the entry. Entries whose partition was dropped after its time are not asked for.';

revoke all on function audit.verify_seals(bigint, integer) from public;
grant execute on function audit.verify_seals(bigint, integer) to stoa_worker;
