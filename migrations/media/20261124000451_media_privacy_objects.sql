-- Why: an erasure asks which files of a person go with their bytes.
-- Locks: none. Back: drops the function.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: media/functions/erasable_uploads.sql
create or replace function media.erasable_uploads(p_user_id uuid, p_limit integer default 100)
returns table (id uuid, storage_path text)
language plpgsql
stable
-- It looks into the tables of every module, of which the worker may not read all.
security definer
set search_path = ''
as $$
declare
  -- Every table that points at uploads, of whatever module: the foreign keys themselves are the list.
  referenced text := (
    select string_agg(
      format('exists (select from %s as r where r.%I = u.id)', c.conrelid::regclass, a.attname),
      ' or ' order by c.conrelid::regclass::text, a.attname
    )
    from pg_catalog.pg_constraint as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'f'
      and c.confrelid = 'media.uploads'::regclass
      and c.conparentid = 0
  );
begin
  return query execute format(
    'select u.id, u.storage_path from media.uploads as u where u.user_id = $1 and not (%s) order by u.id limit $2',
    coalesce(referenced, 'false')
  )
  using p_user_id, p_limit;
end
$$;

comment on function media.erasable_uploads(uuid, integer) is
  'Worker: uploads of a person that nothing points at, so that their bytes can go with them.';

revoke all on function media.erasable_uploads(uuid, integer) from public;
grant execute on function media.erasable_uploads(uuid, integer) to stoa_worker;

-- End of objects

-- Down Migration

drop function media.erasable_uploads(uuid, integer);
