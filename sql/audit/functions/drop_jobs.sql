create or replace function audit.drop_jobs(p_progress audit.erasures)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
  affected integer := 0;
begin
  if to_regclass('graphile_worker._private_jobs') is not null then
    -- What runs at this moment is left: it ends, and the next pass finds what is left of it.
    execute $query$
      delete from graphile_worker._private_jobs as job
      where job.locked_at is null
        and (
          position($1 in concat_ws(' ', job.payload::text, job.key)) > 0
          or exists (
            select
            from jsonb_array_elements($2) as word (item)
            where not (item ->> 'is_common')::boolean
              and position(item ->> 'value' in lower(concat_ws(' ', job.payload::text, job.key, job.last_error))) > 0
          )
        )
    $query$
    using p_progress.user_id::text, p_progress.identifiers;
    get diagnostics affected = row_count;
  end if;
  return affected;
end
$$;

comment on function audit.drop_jobs(audit.erasures) is
  'Takes jobs out of the queue that name the person of an erasure: there is nobody left to do them for. Reads the queue.';

revoke all on function audit.drop_jobs(audit.erasures) from public;
