create or replace function audit.count_uploads(p_request_id uuid, p_amount integer)
returns void
language sql
volatile
-- Progress belongs to the owner.
security definer
set search_path = ''
begin atomic
  update audit.erasures
  set step = 'uploads',
      counts = jsonb_set(counts, '{uploads}', to_jsonb(coalesce((counts ->> 'uploads')::bigint, 0) + p_amount))
  where request_id = p_request_id
    and finished_at is null;
end;

comment on function audit.count_uploads(uuid, integer) is
  'Worker: writes down how many uploads of an erasure went with their bytes.';

revoke all on function audit.count_uploads(uuid, integer) from public;
grant execute on function audit.count_uploads(uuid, integer) to stoa_worker;
