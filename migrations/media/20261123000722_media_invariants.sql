-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants". That a file which
-- somebody's row points at is marked as in use is checked by the module of that row.
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'media.uploads.digest',
    'media',
    'Nobody can fetch a file whose bytes were not looked at: what is ready or quarantined has the digest of its bytes.',
    $query$
      select upload.id::text as subject, 'the digest of the bytes' as expected, upload.status || ' without one' as found
      from media.uploads as upload
      where upload.status <> 'pending' and upload.sha256 is null
    $query$
  ),
  (
    'media.uploads.purged',
    'media',
    'Bytes are removed from what is deleted alone, and 30 days after that at the earliest.',
    $query$
      select
        upload.id::text as subject,
        coalesce('not before ' || (upload.deleted_at + interval '30 days'), 'not purged') as expected,
        'purged ' || upload.purged_at as found
      from media.uploads as upload
      where upload.purged_at < coalesce(upload.deleted_at + interval '30 days', 'infinity')
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'media';
