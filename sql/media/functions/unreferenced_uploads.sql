create or replace function media.unreferenced_uploads(p_after uuid default null, p_limit integer default 1000)
returns table (id uuid, is_referenced boolean)
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
    'select u.id, %s from (
       select id from media.uploads
       where id > coalesce($1, %L::uuid) and attached_at < now() - interval ''1 day'' and (deleted_at is null or purged_at is not null)
       order by id limit $2
     ) as u order by u.id',
    coalesce(referenced, 'false'),
    '00000000-0000-0000-0000-000000000000'
  )
  using p_after, p_limit;
end
$$;

comment on function media.unreferenced_uploads(uuid, integer) is
  'Worker: the next p_limit uploads after p_after that were attached once, and whether any row still points at them. Whoever deletes a message in bulk, or drops its partition, tells nobody which files went with it. A range of the primary key, and a look-up by index for each table that points at uploads.';

revoke all on function media.unreferenced_uploads(uuid, integer) from public;
grant execute on function media.unreferenced_uploads(uuid, integer) to stoa_worker;
