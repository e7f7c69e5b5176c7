create or replace function audit.verify_unsealed()
returns table (unsealed bigint, oldest timestamptz, head_sequence bigint, head_digest bytea, faults jsonb)
language sql
stable
-- The digests are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
  with waiting as (
    select committed.log_id, entry.id as entry_id,
      committed.digest = audit.entry_digest(entry, committed.personal_digest)
      and case
        when committed.scrubbed_for is null then committed.personal_digest = audit.personal_digest(entry, committed.salt)
        else committed.scrubbed_digest = audit.personal_digest(entry, '')
      end as is_right
    from audit.digests as committed
    left join audit.logs as entry on entry.id = committed.log_id
    where committed.seal is null
  ),
  fault as (
    select waiting.log_id, case when waiting.entry_id is null then 'deleted' else 'changed' end as what
    from waiting
    where waiting.entry_id is null or not waiting.is_right
    union all
    select entry.id, 'inserted'
    from audit.logs as entry
    where not exists (select from audit.digests as committed where committed.log_id = entry.id)
  )
  select
    (select count(*) from waiting),
    (select min(core.uuidv7_time(waiting.log_id)) from waiting),
    head.sequence,
    head.digest,
    coalesce(
      (select jsonb_agg(jsonb_build_object('what', fault.what, 'entry', fault.log_id) order by fault.log_id) from fault),
      '[]'
    )
  from (values (1)) as one
  left join lateral (
    select seal.sequence, seal.digest from audit.seals as seal order by seal.sequence desc limit 1
  ) as head on true
$$;

comment on function audit.verify_unsealed() is
  'Worker: the entries of the log that no seal covers yet, the head of the chain, and what is wrong: an entry that was not written by Stoa has no digest (inserted), one that is not sealed may be changed or deleted.';

revoke all on function audit.verify_unsealed() from public;
grant execute on function audit.verify_unsealed() to stoa_worker;
