create or replace function audit.scan_large_objects(p_request_ids uuid[])
returns table (objects bigint, named uuid[])
language plpgsql
volatile
-- Large objects belong to whoever made them; only the owner and superusers may read them.
security definer
set search_path = ''
as $$
declare
  object record;
begin
  objects := 0;
  named := '{}';
  for object in select known.oid from pg_catalog.pg_largeobject_metadata as known order by known.oid loop
    objects := objects + 1;
    named := named || coalesce(
      (
        select array_agg(distinct progress.request_id)
        from audit.erasures as progress
        cross join lateral jsonb_array_elements(
          progress.identifiers || jsonb_build_array(jsonb_build_object('value', progress.user_id, 'is_common', false))
        ) as entry (item)
        where progress.request_id = any (p_request_ids)
          and not (item ->> 'is_common')::boolean
          and position(convert_to(item ->> 'value', 'UTF8') in lo_get(object.oid)) > 0
      ),
      '{}'
    );
  end loop;
  return next;
end
$$;

comment on function audit.scan_large_objects(uuid[]) is
  'Worker: how many large objects there are (Stoa makes none) and which people of erasures under way are named in one. Fails when one cannot be read.';

revoke all on function audit.scan_large_objects(uuid[]) from public;
grant execute on function audit.scan_large_objects(uuid[]) to stoa_worker;
