create or replace function media.release_uploads(p_ids uuid[])
returns integer
language sql
volatile
-- The worker may change nothing but the status.
security definer
set search_path = ''
begin atomic
  with released as (
    update media.uploads
    set deleted_at = coalesce(deleted_at, now()),
        purged_at = null
    where id = any (p_ids)
      and (deleted_at is null or purged_at is not null)
    returning 1
  )
  select count(*)::integer from released;
end;

comment on function media.release_uploads(uuid[]) is
  'Worker: marks uploads that nothing points at any more as deleted; their bytes go 30 days later. Answers how many.';

revoke all on function media.release_uploads(uuid[]) from public;
grant execute on function media.release_uploads(uuid[]) to stoa_worker;
