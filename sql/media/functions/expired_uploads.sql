create or replace function media.expired_uploads(p_now timestamptz default now(), p_limit integer default 1000)
returns table (id uuid, storage_path text)
language sql
stable
begin atomic
  (
    select upload.id, upload.storage_path
    from media.uploads as upload
    where upload.attached_at is null
      and upload.inserted_at < p_now - interval '24 hours'
      and upload.status <> 'quarantined'
      and upload.deleted_at is null
      and not coalesce(upload.user_id = any (array(select held.id from ops.held_ids('user') as held (id))), false)
    order by upload.inserted_at
    limit p_limit
  )
  union all
  (
    select upload.id, upload.storage_path
    from media.uploads as upload
    where upload.deleted_at < p_now - interval '30 days'
      and upload.purged_at is null
      and not coalesce(upload.user_id = any (array(select held.id from ops.held_ids('user') as held (id))), false)
    order by upload.deleted_at
    limit p_limit
  );
end;

comment on function media.expired_uploads(timestamptz, integer) is
  'Worker: uploads whose bytes and row may go: never attached for 24 hours, or deleted 30 days ago, and of nobody whom a legal hold keeps. Remove the bytes first, then delete the rows: so nothing is left in storage that no row knows. Two ranges of partial indexes.';

revoke all on function media.expired_uploads(timestamptz, integer) from public;
grant execute on function media.expired_uploads(timestamptz, integer) to stoa_worker;
