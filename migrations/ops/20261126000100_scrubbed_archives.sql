-- Why: an archive that was written before an erasure still holds the person. Those are written anew without them, and
-- the catalog says until when that was looked at.
-- Locks: ACCESS EXCLUSIVE on ops.archive_exports for a moment; the column has no default.
-- Back: drops the column; archives stay as they are.

-- Up Migration

alter table ops.archive_exports add column scrubbed_at timestamptz;

comment on column ops.archive_exports.scrubbed_at is
  'Nobody who was erased before this is in the archive; empty: since it was exported, nobody has looked.';

-- Down Migration

alter table ops.archive_exports drop column scrubbed_at;
